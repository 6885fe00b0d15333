"""Registrations in every state in which their pages look different, for who looks at every page."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from domain.codes import Code
from domain.vocabulary import CustomerKind, Language, RegistrationState, Role
from runtime.keys import new_token, token_hash
from starter.services import Services
from store.database import Database
from store.registrations import Registration
from store.users import User
from tests import factories
from tests.bank import new_person

_DETAILS = {
    "company_name": "Björkbacka bageri",
    "business_id": "0737546-2",
    "customer_number": "700001",
    "first_name": "Wolfgang-Amadeus",
    "last_name": "von und zu Lichtenstein",
    "email": "wolfgang.amadeus.von.und.zu.lichtenstein@langeradressname.example.com",
    "username": "wolfgang.amadeus.von.und.zu.lichtenstein@langeradressname.example.com",
}
_EARLY = "/registrations/review?why=registration.email_not_confirmed"
_TAKEN = "/registrations/review?why=user.username_taken"


async def registration_pages(
    services: Services, database: Database, user: User, as_user: Mapping[str, str]
) -> list[tuple[Mapping[str, str], list[str]]]:
    """By the cookies of a visitor: the pages to look at. `user` is who is logged in with `as_user`."""
    relation = await factories.make_relation(database)
    known = {"customer_id": relation.customer_id}
    own = {"makes_user": False, "user_id": user.id}

    async def cookies(state: RegistrationState, **changes: Any) -> Mapping[str, str]:
        return {"registration": await _written(services, database, state, **changes)}

    states = RegistrationState
    mismatch = {"refusal": Code.REGISTRATION_DETAILS_DO_NOT_MATCH}
    private = {"kind": CustomerKind.PRIVATE, "revision": 0, "details": {}, "password_hash": None}
    done = {**known, "user_id": user.id, "identity_sealed": None, "role": Role.VIEWER}
    return [
        ({}, ["/registrations", "/registrations?lost=1", "/registrations/help", "/registrations/help/sent"]),
        (await cookies(states.IDENTIFYING), ["/registrations/identification", "/registrations"]),
        (await cookies(states.DETAILS, **private), ["/registrations/details"]),
        (await cookies(states.DETAILS, **mismatch), ["/registrations/details", "/registrations/cancel"]),
        (await cookies(states.CHECKING), ["/registrations/checking"]),
        (await cookies(states.REVIEW, **known), ["/registrations/review", _EARLY, _TAKEN]),
        ({**await cookies(states.REVIEW, **known, **own), **as_user}, ["/registrations/review"]),
        ({**await cookies(states.DETAILS, **own), **as_user}, ["/registrations/details", "/registrations"]),
        ({**await cookies(states.COMPLETED, **done), **as_user}, ["/registrations/completed"]),
        *[
            (await cookies(state, identity_sealed=None), ["/registrations/ended"])
            for state in (states.ALREADY_USER, states.HANDED_OVER, states.ABANDONED)
        ],
        (as_user, ["/registrations/help/sent"]),
    ]


async def _written(services: Services, database: Database, state: RegistrationState, **changes: Any) -> str:
    """Writes a registration in this state, behind which nothing runs; its secret."""
    secret, now, made = new_token(), services.clock(), uuid4()
    values: dict[str, Any] = {
        "kind": CustomerKind.COMPANY,
        "makes_user": True,
        "identity_sealed": services.vault.seal(new_person().code, made),
        "verified_first_name": "Wolfgang",
        "verified_last_name": "von und zu Lichtenstein",
        "details": _DETAILS,
        "password_hash": factories.PASSWORD_HASH,
        "terms_version": "2026-11",
        "revision": 1,
        "email_generation": 1,
        **changes,
    }
    row = Registration(
        id=made,
        state=state,
        secret_hash=token_hash(secret),
        language=Language.FINNISH,
        created_at=now,
        deadline=now + timedelta(hours=23),
        ended_at=None if state.is_open else now,
        **values,
    )
    async with database.transaction() as session:
        session.add(row)
    return secret
