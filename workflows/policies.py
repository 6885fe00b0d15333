"""Every time-out and retry of the processes, named once. How long people are waited for: their `...Waits`.

Changing a number here changes nothing for running processes but what they do next, and needs no `patched()`.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy


@dataclass(frozen=True)
class Effort:
    """How hard an activity is tried: first in the workflow's own worker, then by the server's queue."""

    local_attempt: timedelta
    local_attempts: int
    attempt: timedelta
    give_up_after: timedelta | None
    retry: RetryPolicy

    @property
    def local_retry(self) -> RetryPolicy:
        """Short pauses: a local attempt holds up the process's other work."""
        return RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=self.local_attempts)


# A short transaction. It must happen, so it is tried until the database is back.
RECORD = Effort(
    local_attempt=timedelta(seconds=5),
    local_attempts=2,
    attempt=timedelta(seconds=30),
    give_up_after=None,
    retry=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)


def mail(delivery: timedelta) -> Effort:
    """An e-mail: one quick try, then `delivery` of them (mail servers ask to come back after minutes)."""
    return Effort(
        local_attempt=timedelta(seconds=3),
        local_attempts=1,
        # More than the mail client's own 30 s, so that it is the client that says what happened.
        attempt=timedelta(seconds=45),
        give_up_after=delivery,
        retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10)),
    )


def registry(give_up_after: timedelta) -> Effort:
    """The customer registry: one quick try, then for as long as it makes sense to wait for it."""
    # More than the registry client's own time-outs, so that it is the client that says what happened.
    attempt = timedelta(seconds=60)
    return Effort(
        local_attempt=timedelta(seconds=4),
        local_attempts=1,
        attempt=attempt,
        # Who comes late, because no worker was there, tries once: Temporal takes no time that is over.
        give_up_after=max(give_up_after, attempt),
        retry=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=2)),
    )


# Outbox and housekeeping: the next run of their schedule is the retry.
BY_SCHEDULE = timedelta(minutes=5)
ONCE = RetryPolicy(maximum_attempts=1)
