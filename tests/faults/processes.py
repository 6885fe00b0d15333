"""Worker processes that tests kill."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runtime.settings import Settings
from runtime.texts import project_root


@asynccontextmanager
async def python(*arguments: str, settings: Settings, temporal: str, log: Path) -> AsyncIterator[Process]:
    """Runs `python arguments` with these settings in its environment; killed at the end if it still runs."""
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=project_root(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=stderr,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(project_root()),
                "TEMPORAL_ADDRESS": temporal,
                "FULLMAKT_DATABASE_URL": settings.database_url,
                "FULLMAKT_TASK_QUEUE": settings.task_queue,
                "FULLMAKT_SMTP__PORT": str(settings.smtp.port),
                "FULLMAKT_WORKER_METRICS__PORT": "0",
                "FULLMAKT_WORKER_HEALTH__PORT": "0",
            },
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def says(process: Process, line: str, seconds: float = 40) -> None:
    """Waits until it says this line."""
    assert process.stdout is not None
    async with asyncio.timeout(seconds):
        while (said := await process.stdout.readline()).strip() != line.encode():
            assert said, "the process ended"
