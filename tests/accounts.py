"""Forgotten passwords, usernames and new addresses in tests, as pages and the API let people ask for them.

    anna = await accounts.user()
    link = await accounts.forget_password(anna.email)   # the row of the request
    token = await accounts.token(anna.email)            # from the e-mail
    await accounts.reset(token, "Ett-nytt-2-lösenord")

The fixtures are in `tests/fixtures/accounts.py`.
"""

import re
from collections.abc import Awaitable, Sequence
from email import message_from_bytes, policy
from typing import Any, TypeVar

from sqlalchemy import select
from temporalio.client import WorkflowHandle

from domain import ids
from domain.account_links import AccountLinkProgress, AccountLinkResult
from domain.vocabulary import AccountLinkPurpose, AccountLinkState, Message, ProcessKind
from runtime import passwords
from starter.services import account_links, accounts
from store import audit
from store.account_links import AccountLink
from store.base import Base
from store.sessions import Session
from store.users import User
from tests import factories
from tests.factories import PASSWORD
from tests.frontend import make_services, new_source
from tests.harness import Harness
from tests.registering import log_in
from tests.smtp_server import ScriptedSmtpServer
from workflows.account_link import AccountLinkProcess

NEW_PASSWORD = "Sydvind-31-ampere"
RESET, CHANGE = AccountLinkPurpose.PASSWORD_RESET, AccountLinkPurpose.EMAIL_CHANGE
Row = TypeVar("Row", bound=Base)
_LINK = re.compile(r"/(?:password-resets|email-changes)/open/([A-Za-z0-9_-]{43})")


class Accounts:
    """Everything around the processes of accounts."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.services = make_services(harness.settings, harness.database, harness.client, harness.clock)

    # Who is there

    async def user(self, **details: Any) -> User:
        """Somebody who logs in with `PASSWORD`."""
        return await factories.make_user(self.harness.database, **details)

    async def log_in(self, user: User) -> Session:
        """A session, as a request finds it: with its user."""
        await self.harness.now()
        started, _ = await log_in(self.services, user)
        async with self.harness.database.reading() as session:
            return await session.get_one(Session, started.id)

    # What people do

    async def forget_password(self, address: str) -> AccountLink:
        """Asks for a link."""
        return await self._asked(account_links.ask_password_reset(self.services, address, new_source()))

    async def forget_username(self, address: str) -> AccountLink:
        """Asks for the username."""
        return await self._asked(account_links.ask_username(self.services, address, new_source()))

    async def move(self, user: User, address: str) -> AccountLink:
        """Asks to change the address."""
        session = await self.log_in(user)
        return await self._asked(account_links.ask_email_change(self.services, session, address, PASSWORD))

    async def change_password(self, session: Session, new: str = NEW_PASSWORD) -> AccountLink:
        """Changes the password of somebody who is logged in."""
        return await self._asked(accounts.change_password(self.services, session, PASSWORD, new))

    async def _asked(self, asking: Awaitable[None]) -> AccountLink:
        """Its row."""
        await self.harness.now()
        before = {each.id for each in await self.all_of(AccountLink)}
        await asking
        [made] = [each for each in await self.all_of(AccountLink) if each.id not in before]
        return made

    async def reset(self, token: str, new: str = NEW_PASSWORD, source: str = "192.0.2.44") -> User:
        """Chooses a new password behind the link."""
        await self.harness.now()
        return await account_links.reset_password(self.services, token, new, source)

    async def confirm(self, token: str) -> User:
        """Confirms the new address."""
        await self.harness.now()
        return await account_links.confirm_email_change(self.services, token, new_source())

    # What there is to see

    async def token(self, address: str, *, mails: int = 1) -> str:
        """What the link in the latest of so many e-mails to an address holds."""
        return await token_in(self.harness.smtp, address, mails)

    async def opens(self, token: str, purpose: AccountLinkPurpose = RESET) -> AccountLink:
        """What a link leads to."""
        await self.harness.now()
        return await account_links.openable(self.services, token, new_source(), purpose)

    async def row(self, link: AccountLink) -> AccountLink:
        """The request as the database has it."""
        async with self.harness.database.reading() as session:
            return await session.get_one(AccountLink, link.id)

    async def now(self, user: User) -> User:
        """The user as the database has him."""
        async with self.harness.database.reading() as session:
            return await session.get_one(User, user.id)

    async def opened_by(self, user: User, password: str) -> bool:
        """Whether it is the user's password."""
        return await passwords.verify(password, (await self.now(user)).password_hash)

    async def all_of(self, table: type[Row]) -> Sequence[Row]:
        """Every row of a table."""
        async with self.harness.database.reading() as session:
            return (await session.scalars(select(table))).all()

    async def events(self, link: AccountLink) -> list[str]:
        """A process's audit events, in order."""
        async with self.harness.database.reading() as session:
            return [each.event.value for each in await audit.of_process(session, link.id)]

    def received(self, link: AccountLink, address: str) -> list[Message]:
        """A process's e-mails that somebody has got, in order, known by their Message-IDs."""
        known = {
            str(ids.message_id(link.id, message, sequence)): message
            for message in Message
            for sequence in (1, 2)
        }
        mails = [message_from_bytes(each.raw) for each in self.harness.smtp.messages if each.to == address]
        found = [known.get(mail["Message-ID"].strip("<>").partition("@")[0]) for mail in mails]
        return [each for each in found if each is not None]

    def process(self, link: AccountLink) -> WorkflowHandle[Any, AccountLinkResult]:
        """The request's process."""
        return self.harness.client.get_workflow_handle(
            ids.workflow_id(ProcessKind.ACCOUNT_LINK, link.id), result_type=AccountLinkResult
        )

    async def ended(self, link: AccountLink) -> AccountLinkState:
        """How the process ends."""
        return (await self.process(link).result()).state

    async def progress(self, link: AccountLink) -> AccountLinkProgress:
        """What the process says of itself."""
        return await self.process(link).query(AccountLinkProcess.progress)


async def token_in(smtp: ScriptedSmtpServer, address: str, mails: int = 1) -> str:
    """What the link in the latest of so many e-mails to an address holds."""
    taken = await smtp.taken(to=address, count=mails)
    body = message_from_bytes(taken[mails - 1].raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found is not None, body.get_content()
    return found[1]
