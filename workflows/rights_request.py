"""The process behind *May I have more rights?*: tells who can answer, reminds, expires.

The answer is a transaction on the row, which `row_changed` tells of. Changing what running processes do needs
`workflow.patched()` and a history in `tests/replay/histories`.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.rights_requests import RightsRequestActivities
    from domain.processes import WORKFLOW_TYPE
    from domain.rights_requests import (
        ExpireRightsRequest,
        LookAtRightsRequest,
        RequestRowChanged,
        RightsRequestResult,
        RightsRequestStands,
        RightsRequestStart,
        TellOfRightsRequest,
        TellOfRightsRequestEnd,
    )
    from domain.vocabulary import ProcessKind, RightsRequestState

from workflows import operators, policies
from workflows.deadline import Deadline
from workflows.steps import quickly


@workflow.defn(name=WORKFLOW_TYPE[ProcessKind.RIGHTS_REQUEST])
class RightsRequestProcess:
    """Asks everybody who manages the users, reminds them once, tells of an end that is not an approval."""

    @workflow.init
    def __init__(self, start: RightsRequestStart) -> None:
        self._id = start.rights_request_id
        self._waits = start.waits
        self._state = RightsRequestState.OPEN
        self._deadline = Deadline("Deadline", start.deadline)
        self._reminder = Deadline(
            "Reminder", start.deadline - start.waits.answer + start.waits.reminder_after
        )
        self._news = False

    @workflow.run
    async def run(self, start: RightsRequestStart) -> RightsRequestResult:
        """From the request to its end."""
        await self._ask(1)
        if await self._passes(self._reminder):
            await self._ask(2)
        if await self._passes(self._deadline):
            await self._expire()
        await self._tell_of_end()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return RightsRequestResult(state=self._state)

    @workflow.signal
    def row_changed(self, news: RequestRowChanged) -> None:
        """Somebody answered or withdrew it, or it fell: the row says which."""
        if isinstance(news, RequestRowChanged):
            self._news = True

    async def _ask(self, sequence: int) -> None:
        until = operators.moment(self._deadline.at)
        operators.say(f"Waits until {until} for somebody who manages the users.")
        order = TellOfRightsRequest(rights_request_id=self._id, sequence=sequence, now=workflow.now())
        try:
            await quickly(RightsRequestActivities.ask, order, policies.mail(self._waits.delivery))
        except ActivityError:
            # It waits in *To handle* all the same.
            workflow.logger.warning("rights_request.not_told")

    async def _passes(self, moment: Deadline) -> bool:
        """Whether the moment comes while the request is open."""
        while self._state is RightsRequestState.OPEN:
            if await moment.passes_before(lambda: self._news):
                return True
            self._news = False
            look = LookAtRightsRequest(rights_request_id=self._id)
            self._take(await quickly(RightsRequestActivities.look, look, policies.RECORD))
        return False

    async def _expire(self) -> None:
        order = ExpireRightsRequest(rights_request_id=self._id, now=workflow.now())
        self._take(await quickly(RightsRequestActivities.expire, order, policies.RECORD))

    async def _tell_of_end(self) -> None:
        news = TellOfRightsRequestEnd(rights_request_id=self._id, now=workflow.now())
        try:
            await quickly(RightsRequestActivities.tell_of_end, news, policies.mail(self._waits.delivery))
        except ActivityError:
            workflow.logger.warning("rights_request.end_not_told")
        operators.say(f"Ended: {self._state}.")

    def _take(self, stands: RightsRequestStands) -> None:
        """Takes over what the database says."""
        if stands.state is not self._state:
            self._state = stands.state
            operators.show_state(self._state)
