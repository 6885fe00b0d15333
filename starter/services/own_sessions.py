"""A user's own sessions: seen, and ended (spec 3.7)."""

from collections.abc import Sequence
from uuid import UUID

from domain.codes import Code, Refused
from starter.services.context import Services
from store import sessions
from store.sessions import Session
from store.users import User


async def living(services: Services, user: User) -> Sequence[Session]:
    """The sessions that still open something, the newest first."""
    async with services.database.reading() as session:
        return await sessions.living(session, user.id, services.clock(), services.settings.sessions.idle)


async def end_one(services: Services, user: User, session_id: UUID) -> None:
    """Ends one of the user's sessions; ending an ended one changes nothing. Raises Refused(`not_found`)."""
    now = services.clock()
    async with services.database.transaction() as session:
        found = await sessions.of_user(session, session_id, user.id)
        if found is None:
            raise Refused(Code.NOT_FOUND)
        if found.ended_at is None:
            sessions.end(session, found, now)


async def end_others(services: Services, session: Session) -> int:
    """Ends all the user's sessions but this one. Returns how many there were."""
    now = services.clock()
    async with services.database.transaction() as writing:
        return await sessions.end_all(
            writing, session.user_id, now, services.settings.sessions.idle, but=session.id
        )
