"""Run by a schedule when the customer registry is a server: its changes get into our tables (spec 6)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.registry import RegistryActivities
    from domain.registry import PullRegistry, RegistryPulled, RegistryPullStart

from workflows import policies

# What is left after that many rounds, the schedule's next run takes: histories stay short.
_ROUNDS = 100


@workflow.defn(name="RegistryPull")
class RegistryPullProcess:
    """Page after page, until there are no more."""

    @workflow.run
    async def run(self, _: RegistryPullStart) -> RegistryPulled:
        """Rounds of pages. Where one fails, the next run of the schedule goes on."""
        pulled = RegistryPulled(more=True)
        for _round in range(_ROUNDS):
            last = await workflow.execute_activity_method(
                RegistryActivities.pull,
                PullRegistry(now=workflow.now()),
                start_to_close_timeout=policies.BY_SCHEDULE,
                retry_policy=policies.ONCE,
            )
            pulled = RegistryPulled(
                pages=pulled.pages + last.pages,
                customers=pulled.customers + last.customers,
                left_out=pulled.left_out + last.left_out,
                more=last.more,
            )
            if not last.more:
                break
        return pulled
