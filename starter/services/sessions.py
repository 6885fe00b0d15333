"""Logging in and out (spec sections 3.2, 3.8 and 4)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain import usernames
from domain.codes import Code, Refused
from runtime import passwords
from runtime.keys import Keys, new_token, token_hash
from starter.services.context import Services
from starter.services.refusals import TooMany
from store import account_links, audit, limits, sessions, users
from store.audit import Actor, Event
from store.sessions import Session
from store.users import User

# Writing "last seen" at each request would make every read a write.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Started:
    """A new session and its token, which is shown this once."""

    token: str
    session: Session


async def log_in(
    services: Services, *, username: str, password: str, source: str, device: str = ""
) -> Started:
    """Starts a session. `source` is the client's address, `device` its browser in coarse words.

    Raises Refused(`session.bad_credentials`), the same for an unknown username and a wrong password, after
    the same work; TooMany(`session.too_many_attempts`).
    """
    async with services.database.reading() as session:
        user = await users.by_username(session, username)
    guard = _LoginGuard(services, username, source, user)
    await guard.count_attempt()
    # An unknown username costs the same hash as a known one.
    known_hash = user.password_hash if user else passwords.dummy_hash()
    right = await passwords.verify(password, known_hash)
    if user is None or not right:
        await guard.record_failure()
        raise Refused(Code.SESSION_BAD_CREDENTIALS)
    async with services.database.transaction() as session:
        started = await _begin(services, session, user.id, source, device)
        if started.session.user.password_hash != known_hash:
            # Another one was chosen at this very moment, and ended all sessions: this one never was.
            raise Refused(Code.SESSION_BAD_CREDENTIALS)
        await guard.forgive(session)
        return started


class _LoginGuard:
    """Slows down guessing without letting anybody lock out somebody else.

    Wrong passwords count for a username from one source, for a source, and for a username from all sources
    that it never logged in from. So a stranger who guesses wears out his own source and other strangers',
    but never the sources that the owner uses.
    """

    def __init__(self, services: Services, username: str, source: str, user: User | None) -> None:
        self._services = services
        self._rules = services.settings.sessions
        self._user = user
        name = usernames.normalised(username)
        keys = services.keys
        self._source_hash = keys.source_hash(source)
        self._own = _own_key(keys, name, source)
        self._limits = {
            self._own: self._rules.failures_per_source,
            keys.counter_key("login-source", source): self._rules.failures_of_source,
        }
        self._strangers = _strangers_key(keys, name)

    async def count_attempt(self) -> None:
        """Counts before the password is looked at, so that many at once are no way around."""
        now = self._services.clock()
        for key, limit in (await self._checked()).items():
            async with self._services.database.transaction() as session:
                value, ends_at = await limits.count(session, key, now, self._rules.failure_window)
            if value > limit:
                raise TooMany(Code.SESSION_TOO_MANY_ATTEMPTS, ends_at - now)

    async def record_failure(self) -> None:
        """Leaves the attempt counted, and an event for whoever investigates."""
        async with self._services.database.transaction() as session:
            audit.record(
                session,
                Event.SESSION_REFUSED,
                at=self._services.clock(),
                actor=Actor.USER,
                subject_id=self._user.id if self._user else None,
            )

    async def forgive(self, session: AsyncSession) -> None:
        """The password was right: the attempt was none, and earlier typing errors are forgotten."""
        for key in await self._checked():
            await limits.uncount(session, key)
        await limits.clear(session, self._own)

    async def _checked(self) -> dict[str, int]:
        if await self._source_is_known():
            return self._limits
        return {**self._limits, self._strangers: self._rules.failures_of_strangers}

    async def _source_is_known(self) -> bool:
        if self._user is None:
            return False
        since = self._services.clock() - self._rules.source_known_for
        async with self._services.database.reading() as session:
            return await sessions.knows_source(
                session, self._user.id, self._source_hash, since
            ) or await account_links.knows_source(session, self._user.id, self._source_hash, since)


async def forgive_failures(services: Services, session: AsyncSession, user: User, source: str) -> None:
    """Forgets the wrong passwords that were tried for a user: here, and by all strangers together."""
    name = user.username_normalised
    for key in (_own_key(services.keys, name, source), _strangers_key(services.keys, name)):
        await limits.clear(session, key)


def _own_key(keys: Keys, name: str, source: str) -> str:
    return keys.counter_key("login", name, source)


def _strangers_key(keys: Keys, name: str) -> str:
    return keys.counter_key("login-strangers", name)


async def start_for(services: Services, user_id: UUID, source: str, device: str = "") -> Started:
    """Starts a session of somebody who chose his password a moment ago: he need not type it again.

    `source` is the client's address, `device` its browser in coarse words. Raises
    Refused(`session.bad_credentials`) for a user who is gone.
    """
    async with services.database.transaction() as session:
        return await _begin(services, session, user_id, source, device)


async def _begin(
    services: Services, session: AsyncSession, user_id: UUID, source: str, device: str
) -> Started:
    """The session's row, with a token that nobody had before, and its audit event."""
    now, token = services.clock(), new_token()
    user = await users.locked(session, user_id)
    if user is None:
        raise Refused(Code.SESSION_BAD_CREDENTIALS)
    started = Session(
        token_hash=token_hash(token),
        user=user,
        source_hash=services.keys.source_hash(source),
        device=device,
        created_at=now,
        last_seen_at=now,
        expires_at=now + services.settings.sessions.lifetime,
    )
    session.add(started)
    await session.flush()
    sessions.record(session, Event.SESSION_STARTED, started, now)
    return Started(token, started)


async def current(services: Services, token: str, *, by_person: bool = True) -> Session:
    """The session of a token, with its user. What no person did (a page's own refresh) leaves it idle.

    Raises Refused: `session.required` for an unknown token, `session.expired` for one that was.
    """
    now = services.clock()
    async with services.database.reading() as session:
        found = await sessions.by_token_hash(session, token_hash(token))
    if found is None:
        raise Refused(Code.SESSION_REQUIRED)
    idle = found.last_seen_at + services.settings.sessions.idle
    if found.ended_at is not None or now >= min(found.expires_at, idle):
        raise Refused(Code.SESSION_EXPIRED)
    if by_person and now - found.last_seen_at >= _SEEN_EVERY:
        async with services.database.transaction() as session:
            seen = await session.get_one(Session, found.id)
            seen.last_seen_at = now
    return found


async def log_out(services: Services, session_id: UUID) -> None:
    """Ends a session; ending an ended one changes nothing."""
    now = services.clock()
    async with services.database.transaction() as session:
        found = await session.get_one(Session, session_id, with_for_update={"of": Session})
        if found.ended_at is None:
            sessions.end(session, found, now)
