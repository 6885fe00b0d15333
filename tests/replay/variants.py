"""Changes of processes, as somebody might make them: one wrong, one right."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.invitations import InvitationResult, InvitationStart
    from domain.processes import WORKFLOW_TYPE
    from domain.registrations import RegistrationResult, RegistrationStart
    from domain.vocabulary import InvitationState, ProcessKind

from workflows.invitation import InvitationProcess
from workflows.registration import RegistrationProcess

_NAME = WORKFLOW_TYPE[ProcessKind.INVITATION]


@workflow.defn(name=_NAME)
class Reordered(InvitationProcess):
    """Wrong: takes its steps in another order, so what runs already cannot go on."""

    @workflow.init
    def __init__(self, start: InvitationStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: InvitationStart) -> InvitationResult:
        """Waits before it sends."""
        await workflow.sleep(timedelta(minutes=1))
        await self._send()
        await self._end(InvitationState.EXPIRED)
        return InvitationResult(state=self._state)


@workflow.defn(name=_NAME)
class Patched(InvitationProcess):
    """Right: a new step behind `patched()`, which only processes take that begin with it."""

    @workflow.init
    def __init__(self, start: InvitationStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: InvitationStart) -> InvitationResult:
        """Waits before it sends, unless it began without."""
        if workflow.patched("wait-before-sending"):
            await workflow.sleep(timedelta(minutes=1))
        return await InvitationProcess.run(self, start)


_REGISTRATION = WORKFLOW_TYPE[ProcessKind.REGISTRATION]


@workflow.defn(name=_REGISTRATION)
class ReorderedRegistration(RegistrationProcess):
    """Wrong: takes a step before all others, so what runs already cannot go on."""

    @workflow.init
    def __init__(self, start: RegistrationStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: RegistrationStart) -> RegistrationResult:
        """Looks before it waits."""
        await self._look()
        return await RegistrationProcess.run(self, start)


@workflow.defn(name=_REGISTRATION)
class PatchedRegistration(RegistrationProcess):
    """Right: the same behind `patched()`, which only processes take that begin with it."""

    @workflow.init
    def __init__(self, start: RegistrationStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: RegistrationStart) -> RegistrationResult:
        """Looks before it waits, unless it began without."""
        if workflow.patched("look-before-waiting"):
            await self._look()
        return await RegistrationProcess.run(self, start)
