"""The race of an event against a moment, decided in one place (architecture, rule 4)."""

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow


class Deadline:
    """A moment by which something must have happened. It may be moved while it is waited for.

    Whether it has passed is told by comparing times, never by whether a timer has run: timers may lag.
    """

    def __init__(self, name: str, at: datetime) -> None:
        """`name` is what operators read on the timer."""
        self._name = name
        self.at = at

    @property
    def passed(self) -> bool:
        """Whether it is over now, in the process's time. The moment itself is over."""
        return workflow.now() >= self.at

    async def passes_before(self, happened: Callable[[], bool]) -> bool:
        """Waits for whichever is first. True: the moment passed; False: it happened.

        What happened by the time the timer runs counts as first.
        """
        while not happened():
            if self.passed:
                return True
            await self._sleep(happened)
        return False

    async def _sleep(self, happened: Callable[[], bool]) -> None:
        awaited = self.at
        try:
            await workflow.wait_condition(
                lambda: happened() or self.at != awaited,
                timeout=awaited - workflow.now(),
                timeout_summary=self._name,
            )
        except TimeoutError:
            # Expected: the moment came. The caller compares times again.
            return
