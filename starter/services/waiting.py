"""Waiting a little for what a process does: the row shows it as soon as it is done."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

_PATIENCE = timedelta(seconds=5)
_GLANCE = timedelta(milliseconds=100)
# Seldomer: fifty people may wait for the same decision.
_GLANCE_AT_END = timedelta(milliseconds=300)

Row = TypeVar("Row")
Reply = TypeVar("Reply")


async def until_settled(look: Callable[[], Awaitable[Row]], still_waits: Callable[[Row], bool]) -> Row:
    """The row once it waits no more; as it is after 5 s, when that takes longer."""
    for _ in range(int(_PATIENCE / _GLANCE)):
        row = await look()
        if not still_waits(row):
            break
        await asyncio.sleep(_GLANCE.total_seconds())
    return row


async def unless_over(
    asking: Coroutine[Any, Any, Reply], is_over: Callable[[], Awaitable[bool]]
) -> Reply | None:
    """The process's reply to an update; None when the row shows an end before it comes.

    Temporal takes ten updates at once and makes the rest wait for seconds. An end is final, so whoever comes
    too late need not wait to be told by the process. Raises what `asking` raises.
    """
    task = asyncio.create_task(asking)
    try:
        while not (await asyncio.wait({task}, timeout=_GLANCE_AT_END.total_seconds()))[0]:
            if await is_over():
                return None
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
