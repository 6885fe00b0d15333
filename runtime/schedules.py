"""The schedules that run by themselves, and making Temporal know them."""

from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from domain.processes import DrainOutbox, HousekeepingStart
from domain.registry import ContractEndsStart, RegistryPullStart

_NIGHT_HOUR = 3
# Contracts end with their last day.
_NEW_DAY = ScheduleCalendarSpec(hour=[ScheduleRange(0)], minute=[ScheduleRange(5)])


def _schedule(
    workflow_type: str, argument: Any, schedule_id: str, task_queue: str, spec: ScheduleSpec
) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(workflow_type, argument, id=schedule_id, task_queue=task_queue),
        spec=spec,
        # A run that is still going is enough; what it leaves, the next one takes.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )


def all_schedules(
    task_queue: str, time_zone: str, pull_registry_every: timedelta | None = None
) -> dict[str, Schedule]:
    """By id: the outbox each minute, housekeeping and contracts' ends each night, the registry's changes.

    `pull_registry_every`: None when there is nothing to pull.
    """
    each_minute = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(minutes=1))])
    each_night = ScheduleSpec(
        calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(_NIGHT_HOUR)])], time_zone_name=time_zone
    )
    each_day = ScheduleSpec(calendars=[_NEW_DAY], time_zone_name=time_zone)
    schedules = {
        "drain-outbox": _schedule("DrainOutbox", DrainOutbox(), "drain-outbox", task_queue, each_minute),
        "housekeeping": _schedule(
            "Housekeeping", HousekeepingStart(), "housekeeping", task_queue, each_night
        ),
        "contract-ends": _schedule(
            "ContractEnds", ContractEndsStart(), "contract-ends", task_queue, each_day
        ),
    }
    if pull_registry_every is not None:
        often = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=pull_registry_every)])
        schedules["registry-pull"] = _schedule(
            "RegistryPull", RegistryPullStart(), "registry-pull", task_queue, often
        )
    return schedules


async def register_schedules(
    client: Client, task_queue: str, time_zone: str, pull_registry_every: timedelta | None = None
) -> None:
    """Creates what is missing and brings the rest to what this code says. Safe to repeat."""
    for schedule_id, schedule in all_schedules(task_queue, time_zone, pull_registry_every).items():
        try:
            await client.create_schedule(schedule_id, schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(schedule_id).update(_to(schedule))


def _to(schedule: Schedule) -> Any:
    def update(given: ScheduleUpdateInput) -> ScheduleUpdate:
        # Paused by an operator stays paused.
        schedule.state = given.description.schedule.state
        return ScheduleUpdate(schedule)

    return update
