"""A clock that tests set."""

from datetime import UTC, datetime, timedelta

from temporalio.testing import WorkflowEnvironment


class SettableClock:
    """A `runtime.clock.Clock`. It stands still until it is moved."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        """Moves on."""
        self.now += by

    async def follow(self, environment: WorkflowEnvironment) -> datetime:
        """Takes over the time of Temporal's time-skipping server (or, elsewhere, the real time)."""
        self.now = (await environment.get_current_time()).astimezone(UTC)
        return self.now
