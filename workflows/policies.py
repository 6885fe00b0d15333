"""Every time-out and retry of the processes, named once. How long people are waited for: `InvitationWaits`.

Changing a number here changes nothing for running processes but what they do next, and needs no `patched()`.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy

from domain.invitations import InvitationWaits


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


def mail(waits: InvitationWaits) -> Effort:
    """An e-mail: one quick try, then a day of them (mail servers ask to come back after minutes)."""
    return Effort(
        local_attempt=timedelta(seconds=3),
        local_attempts=1,
        # More than the mail client's own 30 s, so that it is the client that says what happened.
        attempt=timedelta(seconds=45),
        give_up_after=waits.delivery,
        retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10)),
    )


# Outbox and housekeeping: the next run of their schedule is the retry.
BY_SCHEDULE = timedelta(minutes=5)
ONCE = RetryPolicy(maximum_attempts=1)
