"""The process behind an authorization that was removed, given up or levelled (spec 3.4, 3.5).

The change holds before it begins; what it does is telling. Changing what running processes do needs
`workflow.patched()` and a history in `tests/replay/histories`.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.authorization_changes import AuthorizationChangeActivities
    from domain.authorization_changes import (
        AuthorizationChangeResult,
        AuthorizationChangeStart,
        CloseAuthorizationChange,
        TellOfAuthorizationChange,
    )
    from domain.processes import WORKFLOW_TYPE
    from domain.vocabulary import AuthorizationChangeState, ProcessKind

from workflows import operators, policies
from workflows.steps import quickly


@workflow.defn(name=WORKFLOW_TYPE[ProcessKind.AUTHORIZATION_CHANGE])
class AuthorizationChangeProcess:
    """Tells everybody concerned, for a day if it must, and closes."""

    @workflow.run
    async def run(self, start: AuthorizationChangeStart) -> AuthorizationChangeResult:
        """From the change to its last e-mail."""
        operators.say("Telling everybody concerned.")
        await self._tell(start)
        close = CloseAuthorizationChange(change_id=start.change_id, now=workflow.now())
        await quickly(AuthorizationChangeActivities.close, close, policies.RECORD)
        operators.show_state(AuthorizationChangeState.TOLD)
        operators.say("Ended: everybody has been told who can be.")
        return AuthorizationChangeResult(state=AuthorizationChangeState.TOLD)

    async def _tell(self, start: AuthorizationChangeStart) -> None:
        news = TellOfAuthorizationChange(change_id=start.change_id, now=workflow.now())
        try:
            await quickly(AuthorizationChangeActivities.tell, news, policies.mail(start.waits.delivery))
        except ActivityError:
            # The change stands, told or not.
            workflow.logger.warning("authorization_change.not_told")
