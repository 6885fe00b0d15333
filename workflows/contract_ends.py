"""Run by a schedule each night: contracts that ended yesterday, and what ends with them (spec section 2)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.registry import RegistryActivities
    from domain.registry import ContractEndsStart, ContractsEnded, EndContracts

from workflows import policies


@workflow.defn(name="ContractEnds")
class ContractEndsProcess:
    """One pass over everything whose day has come."""

    @workflow.run
    async def run(self, _: ContractEndsStart) -> ContractsEnded:
        """One activity, tried for as long as it takes: rights must not outlive their contracts."""
        return await workflow.execute_activity_method(
            RegistryActivities.end_contracts,
            EndContracts(now=workflow.now()),
            start_to_close_timeout=policies.BY_SCHEDULE,
            retry_policy=policies.RECORD.retry,
        )
