"""The process that fetches a person's contracts into the service (spec 3.3).

Changing what running processes do needs `workflow.patched()` and a history in `tests/replay/histories`.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.contract_links import ContractLinkActivities
    from domain.contract_links import (
        ContractLinkResult,
        ContractLinkStart,
        GiveUpLink,
        LinkContracts,
        LinkStands,
        TellOfLink,
    )
    from domain.processes import WORKFLOW_TYPE
    from domain.vocabulary import ProcessKind

from workflows import operators, policies
from workflows.steps import patiently, quickly


@workflow.defn(name=WORKFLOW_TYPE[ProcessKind.CONTRACT_LINK])
class ContractLinkProcess:
    """Asks the registry, for a day if it must, brings authorizations up to its answer, and tells."""

    @workflow.run
    async def run(self, start: ContractLinkStart) -> ContractLinkResult:
        """From the request to the e-mail with its result."""
        stands = await self._link(start)
        operators.show_state(stands.state)
        await self._tell(start)
        operators.say(f"Ended: {stands.state}.")
        return ContractLinkResult(state=stands.state)

    async def _link(self, start: ContractLinkStart) -> LinkStands:
        operators.say(f"Waits for the customer registry until {operators.moment(start.deadline)}.")
        order = LinkContracts(contract_link_id=start.contract_link_id, now=workflow.now())
        try:
            return await quickly(
                ContractLinkActivities.link, order, policies.registry(start.deadline - workflow.now())
            )
        except ActivityError:
            given_up = GiveUpLink(contract_link_id=start.contract_link_id, now=workflow.now())
            return await quickly(ContractLinkActivities.give_up, given_up, policies.RECORD)

    async def _tell(self, start: ContractLinkStart) -> None:
        news = TellOfLink(contract_link_id=start.contract_link_id, now=workflow.now())
        try:
            await patiently(ContractLinkActivities.tell, news, policies.mail(start.waits.delivery))
        except ActivityError:
            workflow.logger.warning("contract_link.not_told")
