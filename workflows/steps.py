"""How processes call activities: one way, whatever the activity."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from domain.messages import ProcessMessage
from workflows.policies import Effort

Host = TypeVar("Host")
Input = TypeVar("Input", bound=ProcessMessage)
Output = TypeVar("Output")


async def quickly(
    activity: Callable[[Any, Input], Awaitable[Output]], message: Input, effort: Effort
) -> Output:
    """Runs an activity in this worker at once; when that fails, as a regular activity with its retries.

    Cheap and fast for short effects (docs/adr/0004). Raises ActivityError when all efforts failed, and
    FailureError when it was cancelled.
    """
    try:
        return await workflow.execute_local_activity_method(
            activity,
            message,
            start_to_close_timeout=effort.local_attempt,
            retry_policy=effort.local_retry,
        )
    except FailureError as error:
        # Not ActivityError: a local activity's failure comes without that wrapping.
        if is_cancelled_exception(error):
            raise
    return await patiently(activity, message, effort)


async def patiently(
    activity: Callable[[Any, Input], Awaitable[Output]], message: Input, effort: Effort
) -> Output:
    """Runs an activity by the server's queue, with retries. Raises ActivityError when they are used up."""
    return await workflow.execute_activity_method(
        activity,
        message,
        start_to_close_timeout=effort.attempt,
        schedule_to_close_timeout=effort.give_up_after,
        retry_policy=effort.retry,
    )
