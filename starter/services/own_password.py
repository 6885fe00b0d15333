"""The password of somebody who is logged in, asked for again before what only he may do (spec 3.7)."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.codes import Code, Refused
from runtime import passwords
from starter.services import throttle
from starter.services.context import Services
from starter.services.refusals import FieldError, FieldsRefused
from store import audit, users
from store.audit import Actor, Event
from store.sessions import Session
from store.users import User

_HOUR = timedelta(hours=1)


async def is_right(services: Services, session: Session, given: str) -> bool:
    """Whether it is the user's password. Who has a foreign session must not find it out by trying.

    Raises TooMany.
    """
    await throttle.hit(
        services,
        "own-password",
        str(session.user_id),
        limit=services.settings.account_limits.passwords_per_user_and_hour,
        window=_HOUR,
        code=Code.REQUEST_TOO_MANY,
    )
    if await passwords.verify(given, session.user.password_hash):
        return True
    async with services.database.transaction() as writing:
        audit.record(
            writing,
            Event.USER_PASSWORD_REFUSED,
            at=services.clock(),
            actor=Actor.USER,
            actor_id=session.user_id,
            subject_id=session.user_id,
        )
    return False


async def locked_user(writing: AsyncSession, session: Session, pointer: str) -> User:
    """The session's user, locked, whose password and session are still those that were checked.

    Raises Refused(`session.expired`) for a session that was ended meanwhile, FieldsRefused at `pointer` for
    a password that was changed meanwhile.
    """
    user = await users.locked(writing, session.user_id)
    own = await writing.get(Session, session.id, populate_existing=True)
    if user is None or own is None or own.ended_at is not None:
        raise Refused(Code.SESSION_EXPIRED)
    if user.password_hash != session.user.password_hash:
        raise FieldsRefused([FieldError(pointer, Code.PASSWORD_WRONG)])
    return user
