"""The e-mails about accounts, each once (spec 3.7). Where nobody has the address, none."""

from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities.account_letters import AccountLetters
from activities.account_links import existing
from activities.notifications import Letter, Notifier, attempt_time
from domain.account_links import AccountEmail, SendAccountEmail
from domain.vocabulary import AccountLinkPurpose, AccountLinkState
from store import account_links, users
from store.account_links import AccountLink
from store.database import Database


class AccountMessages:
    """Sends them, as far as they still make sense."""

    def __init__(self, database: Database, notifier: Notifier, letters: AccountLetters) -> None:
        self._database = database
        self._notifier = notifier
        self._letters = letters

    @activity.defn(name="SendAccountEmail")
    async def send(self, order: SendAccountEmail) -> None:
        """Sends one. Before a link is sent, the same user's older ones of its purpose end."""
        now = attempt_time(order.now)
        if order.email is AccountEmail.LINK:
            await self._replace_older(order.account_link_id, now)
        letter = await self._letter(order)
        if letter is not None:
            await self._notifier.send(order.account_link_id, letter, now=now)

    async def _replace_older(self, link_id: UUID, now: datetime) -> None:
        """Here and not when it is asked for: there, an address that somebody has would cost more work."""
        async with self._database.transaction() as session:
            link = existing(await session.get(AccountLink, link_id))
            if link.user_id is None:
                return
            await users.locked(session, link.user_id)
            [*found] = await account_links.open_of(session, link.user_id, link.purpose)
            account_links.replace(session, found[1:], now)

    async def _letter(self, order: SendAccountEmail) -> Letter | None:
        async with self._database.reading() as session:
            link = existing(await session.get(AccountLink, order.account_link_id))
            user = link.user
            first = order.email in {AccountEmail.LINK, AccountEmail.WARNING}
            wanted = AccountLinkState.OPEN if first else AccountLinkState.DONE
            if user is None or link.state is not wanted:
                return None
            match order.email:
                case AccountEmail.LINK:
                    if link.purpose is AccountLinkPurpose.EMAIL_CHANGE:
                        owner = await users.by_email(session, link.new_email)
                        if owner is not None and owner.id != user.id:
                            return self._letters.in_use(owner)
                    return self._letters.link(link, user)
                case AccountEmail.WARNING:
                    return self._letters.warning(link, user)
                case AccountEmail.OUTCOME:
                    return self._letters.outcome(link, user)
                case AccountEmail.OUTCOME_TO_OLD_ADDRESS:
                    return self._letters.outcome_to_old_address(link, user)
