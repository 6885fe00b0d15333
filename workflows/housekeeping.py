"""Run by a schedule each night: what need not be kept any longer is erased (spec 3.1, step 5)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.maintenance import Maintenance
    from domain.processes import HousekeepingDone, HousekeepingStart, KeepHouse

from workflows import policies


@workflow.defn(name="Housekeeping")
class HousekeepingProcess:
    """One pass over everything that is due for erasure."""

    @workflow.run
    async def run(self, _: HousekeepingStart) -> HousekeepingDone:
        """One activity; the next run of the schedule is its retry."""
        return await workflow.execute_activity_method(
            Maintenance.keep_house,
            KeepHouse(now=workflow.now()),
            start_to_close_timeout=policies.BY_SCHEDULE,
            retry_policy=policies.ONCE,
        )
