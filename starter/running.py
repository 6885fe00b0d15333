"""Running a host until somebody asks it to stop."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Coroutine
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class HostError(Exception):
    """A host cannot run here; the message is a sentence for people, with what to do."""


async def until_asked_to_stop(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` to its end, or until SIGINT or SIGTERM; then it is cancelled and may tidy up.

    A second signal does not wait for that.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    asked = False

    def stop() -> None:
        nonlocal asked
        asked = True
        task.cancel()
        for each in _SIGNALS:
            loop.remove_signal_handler(each)

    for each in _SIGNALS:
        loop.add_signal_handler(each, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise


def own_command() -> str:
    """How this command is called again from the same folder: it need not be on PATH."""
    return "fullmakt" if shutil.which("fullmakt") else sys.argv[0]
