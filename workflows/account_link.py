"""The process behind a forgotten password or username, a changed password or address (spec 3.7).

The link's use is in the row first, with a signal owed to this process. Where nobody has the address that was
given it waits as all others do, and sends nothing. Changing what running processes do needs
`workflow.patched()` and a history in `tests/replay/histories`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.account_links import AccountLinkActivities
    from activities.account_messages import AccountMessages
    from domain.account_links import (
        FIRST_EMAILS,
        LAST_EMAILS,
        AccountEmail,
        AccountLinkChanged,
        AccountLinkProgress,
        AccountLinkResult,
        AccountLinkStands,
        AccountLinkStart,
        CloseAccountLink,
        ExpireAccountLink,
        LookAtAccountLink,
        SendAccountEmail,
        state_at_first,
    )
    from domain.processes import WORKFLOW_TYPE
    from domain.vocabulary import AccountLinkState, ProcessKind

from workflows import operators, policies
from workflows.deadline import Deadline
from workflows.steps import quickly


@workflow.defn(name=WORKFLOW_TYPE[ProcessKind.ACCOUNT_LINK])
class AccountLinkProcess:
    """Sends the link, waits until it is used or too old, tells what was done, erases the addresses."""

    @workflow.init
    def __init__(self, start: AccountLinkStart) -> None:
        self._id = start.account_link_id
        self._purpose = start.purpose
        self._waits = start.waits
        self._state = state_at_first(start.purpose)
        self._deadline = Deadline("Deadline", start.deadline)
        self._news = False

    @workflow.run
    async def run(self, start: AccountLinkStart) -> AccountLinkResult:
        """From the request to the last e-mail about it."""
        if self._state is AccountLinkState.OPEN:
            await self._while_open()
        if self._state is AccountLinkState.DONE:
            operators.say("Tells what was done.")
            await self._send_all(LAST_EMAILS[self._purpose], workflow.now() + self._waits.delivery)
            close = CloseAccountLink(account_link_id=self._id, now=workflow.now())
            await quickly(AccountLinkActivities.close, close, policies.RECORD)
        operators.say(f"Ended: {self._state}.")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return AccountLinkResult(state=self._state)

    @workflow.signal
    def row_changed(self, news: AccountLinkChanged) -> None:
        """The link was used or replaced: the row says which."""
        if isinstance(news, AccountLinkChanged):
            self._news = True

    @workflow.query
    def progress(self) -> AccountLinkProgress:
        """Where it stands, for operators and tests."""
        return AccountLinkProgress(state=self._state, deadline=self._deadline.at)

    async def _while_open(self) -> None:
        """Sends, and meanwhile waits: who has the link uses it, wherever another e-mail is stuck."""
        operators.say(f"Waits for the link to be used until {operators.moment(self._deadline.at)}.")
        sending = asyncio.create_task(self._send_all(FIRST_EMAILS[self._purpose], self._deadline.at))
        while self._state is AccountLinkState.OPEN:
            if await self._deadline.passes_before(lambda: self._news):
                await self._expire()
            else:
                await self._look()
        # An e-mail that has not been taken by now has no sense any more.
        sending.cancel()
        with suppress(asyncio.CancelledError, FailureError):
            await sending

    async def _send_all(self, emails: Sequence[AccountEmail], until: datetime) -> None:
        """Each by itself: a mail server that is down holds up no other's e-mail."""
        if workflow.now() < until:
            await asyncio.gather(*(self._send(each, until) for each in emails))

    async def _send(self, email: AccountEmail, until: datetime) -> None:
        order = SendAccountEmail(account_link_id=self._id, email=email, now=workflow.now())
        try:
            await quickly(AccountMessages.send, order, policies.mail(until - workflow.now()))
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("account_link.not_sent")

    async def _look(self) -> None:
        self._news = False
        look = LookAtAccountLink(account_link_id=self._id)
        self._take(await quickly(AccountLinkActivities.look, look, policies.RECORD))

    async def _expire(self) -> None:
        order = ExpireAccountLink(account_link_id=self._id, now=workflow.now())
        self._take(await quickly(AccountLinkActivities.expire, order, policies.RECORD))

    def _take(self, stands: AccountLinkStands) -> None:
        """Takes over what the database says."""
        if stands.state is not self._state:
            self._state = stands.state
            operators.show_state(self._state)
