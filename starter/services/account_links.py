"""Links and e-mails about one's account: forgotten password, forgotten username, new address (spec 3.7).

Whether somebody has an address is told to nobody: known and unknown get the same reply for the same work
(case A23). What differs is done by the process, which sends an e-mail or none. Opening a link changes
nothing, since mail scanners open links too; what is posted then does, once.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address, passwords, usernames
from domain.codes import Code, Refused
from domain.vocabulary import AccountLinkPurpose, AccountLinkState
from runtime.keys import token_hash
from runtime.passwords import hash_password
from starter.services import own_password, throttle
from starter.services.context import Services
from starter.services.processes import deliver_owed
from starter.services.refusals import FieldChecks
from starter.services.sessions import forgive_failures
from store import account_links, sessions, users
from store.account_links import AccountLink
from store.audit import Actor, Event
from store.sessions import Session
from store.users import User

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


async def ask_password_reset(services: Services, address: str, source: str) -> None:
    """Sends a link to choose a new password, if somebody has this address. `source`: the client's address.

    Raises FieldsRefused for what is no address; TooMany.
    """
    await _ask(services, AccountLinkPurpose.PASSWORD_RESET, address, source)


async def ask_username(services: Services, address: str, source: str) -> None:
    """Sends the username, if somebody has this address. Raises as `ask_password_reset` does."""
    await _ask(services, AccountLinkPurpose.USERNAME_REMINDER, address, source)


async def _ask(services: Services, purpose: AccountLinkPurpose, address: str, source: str) -> None:
    checks = FieldChecks()
    kept = checks.value("/email", email_address.checked, address)
    checks.done()
    await throttle.hit(
        services,
        "account-link-source",
        source,
        limit=services.settings.account_limits.per_source_and_hour,
        window=_HOUR,
        code=Code.REQUEST_TOO_MANY,
    )
    await _count_for_address(services, purpose, kept)
    async with services.database.transaction() as session:
        link = begin(services, session, purpose, await users.by_email(session, kept))
        # Anybody can ask for anybody.
        account_links.record(session, link, Event.ACCOUNT_LINK_ASKED, at=link.created_at, actor=Actor.USER)
    await deliver_owed(services, link.id)


async def _count_for_address(services: Services, purpose: AccountLinkPurpose, address: str) -> None:
    """Nobody fills somebody else's mailbox. With the last e-mail that goes out its link stays good."""
    await throttle.hit(
        services,
        "account-link-address",
        purpose,
        email_address.normalised(address),
        limit=services.settings.account_limits.per_address_and_hour,
        window=_HOUR,
        code=Code.REQUEST_TOO_MANY,
    )


def begin(
    services: Services,
    session: AsyncSession,
    purpose: AccountLinkPurpose,
    user: User | None,
    *,
    new_email: str = "",
) -> AccountLink:
    """Writes a request, with the process that it owes. The e-mail's token follows from its id."""
    link_id = uuid4()
    return account_links.begin(
        session,
        link_id,
        purpose,
        user,
        token_hash=token_hash(services.keys.account_link_token(purpose, link_id)),
        waits=services.settings.account_link,
        now=services.clock(),
        new_email=new_email,
    )


async def openable(services: Services, token: str, source: str, purpose: AccountLinkPurpose) -> AccountLink:
    """The request whose link has this token. Changes nothing.

    Raises Refused: `not_found` for an unknown or replaced one, `link.used` for one that was used or is too
    old; TooMany.
    """
    await throttle.look_up(services, source)
    async with services.database.reading() as session:
        link = await account_links.by_token_hash(session, token_hash(token))
    if link is None or link.user is None or link.purpose is not purpose:
        raise Refused(Code.NOT_FOUND)
    _refuse_unless_open(link, services.clock())
    return link


def _refuse_unless_open(link: AccountLink, now: datetime) -> None:
    state = link.state_at(now)
    if state is AccountLinkState.REPLACED:
        raise Refused(Code.NOT_FOUND)
    if state is not AccountLinkState.OPEN:
        raise Refused(Code.LINK_USED)


async def reset_password(services: Services, token: str, new_password: str, source: str) -> User:
    """Sets a new password, once, and ends all the user's sessions and other links.

    Wrong passwords that were tried before do not count any more: he can log in. Raises FieldsRefused
    (`/password`), and what `openable` raises.
    """
    found = await openable(services, token, source, AccountLinkPurpose.PASSWORD_RESET)
    checks = FieldChecks()
    checks.refuse("/password", passwords.refusal(new_password, about=own_words(found.user)))
    checks.done()
    password_hash, now = await hash_password(new_password), services.clock()
    async with services.database.transaction() as session:
        user, link = await _claim(services, session, found, source, now)
        user.password_hash = password_hash
        await sessions.end_all(session, user.id, now, services.settings.sessions.idle)
        await forgive_failures(services, session, user, source)
        account_links.record(session, link, Event.USER_PASSWORD_RESET, at=now, actor=Actor.USER, by=user.id)
    await deliver_owed(services, found.id)
    return user


async def _claim(
    services: Services, session: AsyncSession, found: AccountLink, source: str, now: datetime
) -> tuple[User, AccountLink]:
    """The link's user, locked, and the link, which is used from now on; his other links end."""
    user = None if found.user_id is None else await users.locked(session, found.user_id)
    link = await account_links.locked(session, found.id)
    if user is None or link is None:
        raise Refused(Code.NOT_FOUND)
    _refuse_unless_open(link, now)
    account_links.use(session, link, services.keys.source_hash(source), now)
    await session.flush()
    account_links.replace(session, await account_links.open_of(session, user.id), now)
    return user, link


def own_words(user: User | None) -> tuple[str, ...]:
    """What a password may not be, because it is the person's own."""
    return () if user is None else (user.username, user.first_name, user.last_name, user.email)


async def ask_email_change(services: Services, session: Session, new_email: str, password: str) -> None:
    """Sends a link to the new address, and word of it to the present one.

    That the new one is another user's is told to that user alone, by e-mail. Raises FieldsRefused (`/email`,
    `/password`), Refused(`session.expired`), TooMany.
    """
    checks = FieldChecks()
    kept = checks.value("/email", email_address.checked, new_email)
    if email_address.normalised(kept) == session.user.email_normalised:
        checks.refuse("/email", Code.EMAIL_UNCHANGED)
    if not await own_password.is_right(services, session, password):
        checks.refuse("/password", Code.PASSWORD_WRONG)
    checks.done()
    await throttle.hit(
        services,
        "email-change",
        str(session.user_id),
        limit=services.settings.account_limits.email_changes_per_user_and_day,
        window=_DAY,
        code=Code.REQUEST_TOO_MANY,
    )
    await _count_for_address(services, AccountLinkPurpose.EMAIL_CHANGE, kept)
    async with services.database.transaction() as writing:
        user = await own_password.locked_user(writing, session, "/password")
        link = begin(services, writing, AccountLinkPurpose.EMAIL_CHANGE, user, new_email=kept)
        account_links.record(
            writing,
            link,
            Event.ACCOUNT_LINK_ASKED,
            at=link.created_at,
            actor=Actor.USER,
            by=user.id,
        )
    await deliver_owed(services, link.id)


async def confirm_email_change(services: Services, token: str, source: str) -> User:
    """Makes the new address the user's, once. A username that was the old address becomes the new one.

    Links that were sent to the old address end. Raises Refused: `email.in_use` when the address has become
    another user's; what `openable` raises.
    """
    found = await openable(services, token, source, AccountLinkPurpose.EMAIL_CHANGE)
    try:
        user = await _change_email(services, found, source)
    except IntegrityError:
        # Somebody took the address at this very moment.
        raise Refused(Code.EMAIL_IN_USE) from None
    await deliver_owed(services, found.id)
    return user


async def _change_email(services: Services, found: AccountLink, source: str) -> User:
    now = services.clock()
    async with services.database.transaction() as session:
        user, link = await _claim(services, session, found, source, now)
        new = link.new_email
        await _refuse_taken(session, user, new)
        if "@" in user.username:
            # It was the old address (spec 2); any address will do to log in with, whatever usernames allow.
            user.username, user.username_normalised = new, usernames.normalised(new)
        user.email, user.email_normalised = new, email_address.normalised(new)
        account_links.record(session, link, Event.USER_EMAIL_CHANGED, at=now, actor=Actor.USER, by=user.id)
        await session.flush()
    return user


async def _refuse_taken(session: AsyncSession, user: User, address: str) -> None:
    owner = await users.by_email(session, address)
    if owner is None and "@" in user.username:
        owner = await users.by_username(session, address)
    if owner is not None and owner.id != user.id:
        raise Refused(Code.EMAIL_IN_USE)
