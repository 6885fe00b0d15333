"""What the process behind a removed or levelled authorization does (spec 3.4, 3.5). Safe to run twice."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities import authorization_letters as letters
from activities.notifications import Letter, Notifier, attempt_time
from domain.authorization_changes import CloseAuthorizationChange, TellOfAuthorizationChange
from domain.codes import Code, Refused
from domain.vocabulary import AuthorizationChangeState
from store import audit, authorization_changes
from store.audit import Event
from store.authorization_changes import AuthorizationChange
from store.database import Database
from store.users import User


class AuthorizationChangeActivities:
    """Tells everybody concerned, and closes the row."""

    def __init__(self, *, database: Database, notifier: Notifier, origin: str) -> None:
        self._database = database
        self._notifier = notifier
        self._origin = origin

    @activity.defn(name="TellOfAuthorizationChange")
    async def tell(self, news: TellOfAuthorizationChange) -> None:
        """Tells the user, and who else must know. Nobody is told twice."""
        async with self._database.reading() as session:
            change = _existing(await authorization_changes.change(session, news.change_id))
            managers = await _managers(session, change)
        await self._notifier.send_all(change.id, self._letters(change, managers), now=attempt_time(news.now))

    def _letters(self, change: AuthorizationChange, managers: Sequence[User]) -> Sequence[Letter]:
        return [letters.to_user(change, self._origin), *letters.to_managers(change, managers, self._origin)]

    @activity.defn(name="CloseAuthorizationChange")
    async def close(self, order: CloseAuthorizationChange) -> None:
        """Records that telling is over."""
        async with self._database.transaction() as session:
            change = _existing(await authorization_changes.locked(session, order.change_id))
            if change.state is AuthorizationChangeState.TOLD:
                return
            change.state, change.ended_at = AuthorizationChangeState.TOLD, order.now
            audit.record(
                session,
                Event.AUTHORIZATION_CHANGE_TOLD,
                at=order.now,
                subject_id=change.user_id,
                relation_id=change.relation_id,
                process_id=change.id,
            )


def _existing(found: AuthorizationChange | None) -> AuthorizationChange:
    """The row; it is written before the process starts, so without it the process has no sense."""
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found


async def _managers(session: AsyncSession, change: AuthorizationChange) -> Sequence[User]:
    return [await session.get_one(User, UUID(each)) for each in change.told_managers]
