"""Links about an account, from their e-mails or without."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from sqlalchemy import select

from domain.vocabulary import AccountLinkPurpose
from store.account_links import AccountLink
from store.database import Database
from tests.factories import KEYS
from tests.harness import Harness

RESET, CHANGE = "/password-resets", "/email-changes"
_PATHS = {AccountLinkPurpose.PASSWORD_RESET: RESET, AccountLinkPurpose.EMAIL_CHANGE: CHANGE}


def path_of(link: AccountLink) -> str:
    """The path of the e-mail's link."""
    return f"{_PATHS[link.purpose]}/open/{KEYS.account_link_token(link.purpose, link.id)}"


async def links(database: Database) -> list[AccountLink]:
    """All that were asked for, the oldest first."""
    async with database.reading() as session:
        return list((await session.scalars(select(AccountLink).order_by(AccountLink.created_at))).all())


async def newest_path(database: Database) -> str:
    """The path of the link that was asked for last."""
    return path_of((await links(database))[-1])


async def mailed(harness: Harness, address: str, count: int = 1) -> str:
    """The text of the newest e-mail to an address, read from the mailbox."""
    taken = await harness.smtp.taken(to=address, count=count)
    message = message_from_bytes(taken[-1].raw, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
