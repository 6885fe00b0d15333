"""The erasure of a user (spec 3.7): time for regret, then everything personal goes.

Changing what running processes do needs `workflow.patched()` and a history in `tests/replay/histories`.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.erasures import ErasureActivities
    from domain.erasures import (
        BeginErasing,
        EraseUser,
        ErasureResult,
        ErasureRowChanged,
        ErasureStands,
        ErasureStart,
        LookAtErasure,
        TellOfErasure,
    )
    from domain.processes import WORKFLOW_TYPE
    from domain.vocabulary import ErasureState, ProcessKind

from workflows import operators, policies
from workflows.deadline import Deadline
from workflows.steps import quickly


@workflow.defn(name=WORKFLOW_TYPE[ProcessKind.ERASURE])
class ErasureProcess:
    """Tells, waits, and when it is due: ends all access, says good-bye, erases."""

    @workflow.init
    def __init__(self, start: ErasureStart) -> None:
        self._id = start.erasure_id
        self._waits = start.waits
        self._state = ErasureState.SCHEDULED
        self._due = Deadline("Due", start.due)
        self._news = False

    @workflow.run
    async def run(self, start: ErasureStart) -> ErasureResult:
        """From the wish to its end."""
        await self._tell()
        operators.say(f"Waits until {operators.moment(start.due)}; the person may regret it.")
        while self._state is ErasureState.SCHEDULED:
            if await self._due.passes_before(lambda: self._news):
                order = BeginErasing(erasure_id=self._id, now=workflow.now())
                self._take(await quickly(ErasureActivities.begin, order, policies.RECORD))
            else:
                await self._look()
        await self._tell()
        if self._state is ErasureState.ERASING:
            await workflow.sleep(self._waits.telling, summary="Others are told")
            erase = EraseUser(erasure_id=self._id, now=workflow.now())
            self._take(await quickly(ErasureActivities.erase, erase, policies.RECORD))
        operators.say(f"Ended: {self._state}.")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ErasureResult(state=self._state)

    @workflow.signal
    def row_changed(self, news: ErasureRowChanged) -> None:
        """The person regretted it: the row says so."""
        if isinstance(news, ErasureRowChanged):
            self._news = True

    async def _tell(self) -> None:
        news = TellOfErasure(erasure_id=self._id, state=self._state, now=workflow.now())
        try:
            await quickly(ErasureActivities.tell, news, policies.mail(self._waits.delivery))
        except ActivityError:
            # Whoever asked for it is not kept in the service because his mail server is away.
            workflow.logger.warning("erasure.not_told")

    async def _look(self) -> None:
        self._news = False
        look = LookAtErasure(erasure_id=self._id)
        self._take(await quickly(ErasureActivities.look, look, policies.RECORD))

    def _take(self, stands: ErasureStands) -> None:
        """Takes over what the database says."""
        if stands.state is not self._state:
            self._state = stands.state
            operators.show_state(self._state)
