"""Registrations whose links have been e-mailed: one under way, and a completed one to object to."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.vocabulary import CustomerKind, Language, RegistrationState, Role
from runtime.clock import Clock
from runtime.keys import token_hash
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.identifications import StrongIdentity
from store.registrations import Registration
from tests import factories
from tests.factories import KEYS

EMAILS, DISPUTES = "/email-confirmations", "/disputes"
DETAILS = {"first_name": "Åsa", "last_name": "Lindroos", "email": "asa@example.com"}
COMPANY = {**DETAILS, "company_name": "Björkbacka <b>Bageri</b> Ab"}


async def registering(database: Database, clock: Clock, **changes: Any) -> Registration:
    """A registration that waits for its e-mail to be confirmed."""
    registration_id = changes.setdefault("id", uuid4())
    made = Registration(
        **{
            "kind": CustomerKind.COMPANY,
            "state": RegistrationState.REVIEW,
            "secret_hash": token_hash(secret_of(registration_id)),
            "language": Language.SWEDISH,
            "makes_user": True,
            "created_at": clock(),
            "deadline": clock() + timedelta(days=1),
            "details": COMPANY,
            "email_generation": 1,
            "email_token_hash": token_hash(KEYS.registration_token("confirm", registration_id)),
            **changes,
        }
    )
    async with database.transaction() as session:
        session.add(made)
    return made


async def completed(database: Database, clock: Clock) -> tuple[Registration, CustomerRelation, Authorization]:
    """Åsa has registered for a company; her user calls herself otherwise. With her authorization."""
    relation = await factories.make_relation(database)
    asa = await factories.make_user(database, first_name="Nobody", last_name="Special")
    registration_id = uuid4()
    held = await factories.make_authorization(database, asa, relation, role=Role.ADMINISTRATOR)
    made = await registering(
        database,
        clock,
        id=registration_id,
        state=RegistrationState.COMPLETED,
        details={},
        email_token_hash=None,
        ended_at=clock(),
        user_id=asa.id,
        customer_id=relation.customer_id,
        role=Role.ADMINISTRATOR,
        dispute_token_hash=token_hash(KEYS.registration_token("dispute", registration_id)),
    )
    async with database.transaction() as session:
        (await session.get_one(Authorization, held.id)).process_id = registration_id
        session.add(
            StrongIdentity(
                user_id=asa.id,
                identity_index=uuid4().hex,
                identity_sealed="sealed",
                first_name="Åsa",
                last_name="Lindroos",
                created_at=clock(),
                identified_at=clock(),
            )
        )
    return made, relation, held


def secret_of(registration_id: UUID) -> str:
    """What the browser keeps in which it goes on."""
    return f"secret-of-{registration_id}"


def link(purpose: str, registration_id: UUID, generation: int = 1) -> str:
    """The path of an e-mail's link."""
    prefix = {"confirm": EMAILS, "dispute": DISPUTES}[purpose]
    return f"{prefix}/open/{KEYS.registration_token(purpose, registration_id, generation)}"
