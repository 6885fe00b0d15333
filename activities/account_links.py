"""What the process of an account's link does to the database (spec 3.7). Each may run any number of times."""

from temporalio import activity

from domain.account_links import (
    AccountLinkStands,
    CloseAccountLink,
    ExpireAccountLink,
    LookAtAccountLink,
)
from domain.codes import Code, Refused
from domain.vocabulary import AccountLinkState
from store import account_links
from store.account_links import AccountLink
from store.database import Database


class AccountLinkActivities:
    """The transactions behind a link's end. Using it is the API's: the row first, then the process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="LookAtAccountLink")
    async def look(self, look: LookAtAccountLink) -> AccountLinkStands:
        """How the link stands in the database."""
        async with self._database.reading() as session:
            return AccountLinkStands(
                state=existing(await session.get(AccountLink, look.account_link_id)).state
            )

    @activity.defn(name="ExpireAccountLink")
    async def expire(self, order: ExpireAccountLink) -> AccountLinkStands:
        """Ends the link and erases its addresses, unless it was used at the last moment."""
        async with self._database.transaction() as session:
            link = existing(await account_links.locked(session, order.account_link_id))
            if link.state is AccountLinkState.OPEN and order.now >= link.deadline:
                account_links.expire(session, link, order.now)
            return AccountLinkStands(state=link.state)

    @activity.defn(name="CloseAccountLink")
    async def close(self, order: CloseAccountLink) -> None:
        """Erases the addresses: everybody has been told who can be."""
        async with self._database.transaction() as session:
            account_links.erase(existing(await account_links.locked(session, order.account_link_id)))


def existing(found: AccountLink | None) -> AccountLink:
    """The row; it is written before the process starts, so without it the process has no sense."""
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found
