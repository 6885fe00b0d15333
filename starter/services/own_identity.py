"""What a user sees of the own strong identity, and what others may know of it (spec 2 and 3.7)."""

from dataclasses import dataclass
from datetime import datetime

from domain import identity as identity_codes
from starter.services.context import Services
from store import identifications
from store.sessions import Session
from store.users import User


@dataclass(frozen=True)
class OwnIdentity:
    """The date part of the code, when it was last confirmed, and until when this session may use it."""

    masked_code: str
    identified_at: datetime
    # None: what asks for a fresh identification asks for one now.
    fresh_until: datetime | None


async def own(services: Services, session: Session) -> OwnIdentity | None:
    """The strong identity of the session's user; None for somebody who has none."""
    async with services.database.reading() as reading:
        known = await identifications.identity_of(reading, session.user_id)
    if known is None:
        return None
    return OwnIdentity(
        masked_code=identity_codes.masked(services.vault.open(known.identity_sealed, session.user_id)),
        identified_at=known.identified_at,
        fresh_until=_fresh_until(services, session),
    )


def _fresh_until(services: Services, session: Session) -> datetime | None:
    if session.identified_at is None:
        return None
    until = session.identified_at + services.settings.sessions.identification_fresh
    return until if services.clock() < until else None


async def verified_name(services: Services, user: User) -> str:
    """The name that the bank gave; of somebody without a strong identity the typed one."""
    async with services.database.reading() as reading:
        return await identifications.verified_name(reading, user)
