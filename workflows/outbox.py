"""Run by a schedule each minute: what a crash or an outage left in the outbox gets to Temporal after all."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.maintenance import Maintenance
    from domain.processes import Drained, DrainOutbox

from workflows import policies


@workflow.defn(name="DrainOutbox")
class DrainOutboxProcess:
    """One pass over the outbox."""

    @workflow.run
    async def run(self, order: DrainOutbox) -> Drained:
        """One activity; the next run of the schedule is its retry."""
        return await workflow.execute_activity_method(
            Maintenance.drain_outbox,
            order,
            start_to_close_timeout=policies.BY_SCHEDULE,
            retry_policy=policies.ONCE,
        )
