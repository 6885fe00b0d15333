"""What a completed registration makes of a person: a user with a strong identity."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address, usernames
from runtime.identity_vault import IdentityVault
from store import audit, identifications
from store.audit import Actor, Event
from store.identifications import StrongIdentity
from store.registrations import Registration
from store.users import User


async def make_user(
    session: AsyncSession, registration: Registration, vault: IdentityVault, now: datetime
) -> User | None:
    """The user that a reviewed registration describes; None when the identity is a user's by now."""
    index, sealed = registration.identity_index, registration.identity_sealed
    if index is None or sealed is None or registration.password_hash is None:
        raise ValueError("A reviewed registration has an identity and a password")
    if await identifications.by_identity_index(session, index) is not None:
        return None
    typed = registration.details
    user = User(
        id=uuid4(),
        username=typed["username"],
        username_normalised=usernames.normalised(typed["username"]),
        password_hash=registration.password_hash,
        first_name=typed["first_name"],
        last_name=typed["last_name"],
        email=typed["email"],
        email_normalised=email_address.normalised(typed["email"]),
        language=registration.language,
        terms_version=registration.terms_version,
        terms_accepted_at=registration.terms_accepted_at,
        created_at=now,
    )
    session.add(user)
    await session.flush()
    session.add(
        StrongIdentity(
            user_id=user.id,
            identity_index=index,
            identity_sealed=vault.seal(vault.open(sealed, registration.id), user.id),
            first_name=registration.verified_first_name,
            last_name=registration.verified_last_name,
            created_at=now,
            identified_at=registration.identified_at or now,
        )
    )
    audit.record(
        session,
        Event.USER_REGISTERED,
        at=now,
        actor=Actor.USER,
        actor_id=user.id,
        subject_id=user.id,
        process_id=registration.id,
        terms_version=registration.terms_version or "",
    )
    await session.flush()
    return user
