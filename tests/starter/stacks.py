"""The one-machine stack in tests: in this process with free ports, or `fullmakt up` as a process."""

import asyncio
import os
import re
import signal
import sys
import sysconfig
from pathlib import Path
from typing import Any

from runtime.settings import Address, Settings, Smtp

FULLMAKT = Path(sysconfig.get_path("scripts")) / "fullmakt"
_PORTS = {
    "FULLMAKT_API__PORT": "0",
    "FULLMAKT_API_METRICS__PORT": "0",
    "FULLMAKT_SMTP__PORT": "0",
    "FULLMAKT_STACK_TEMPORAL_PORT": "0",
    "FULLMAKT_STACK_TEMPORAL_UI_PORT": "0",
    "FULLMAKT_STACK_MAIL_PORT": "0",
    "FULLMAKT_STACK_BROKER_PORT": "0",
}


def free_settings(directory: Path, **changes: Any) -> Settings:
    """Settings of a stack with free ports and its data in `directory`."""
    values: dict[str, Any] = {
        "data_directory": directory,
        "api": Address(port=0),
        "api_metrics": Address(port=0),
        "smtp": Smtp(port=0),
        "stack_temporal_port": 0,
        "stack_temporal_ui_port": 0,
        "stack_mail_port": 0,
        "stack_broker_port": 0,
    }
    return Settings(_env_file=None, **(values | changes))


def own_environment(directory: Path, **changes: str) -> dict[str, str]:
    """The environment of a `fullmakt up` with free ports, without anything of the developer's."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("FULLMAKT_", "TEMPORAL_"))
    }
    return {**kept, **_PORTS, "FULLMAKT_DATA_DIRECTORY": str(directory), **changes}


class Up:
    """`fullmakt up` as a process of its own."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self._directory = directory
        self._environment = own_environment(directory, **environment)
        self._process: asyncio.subprocess.Process | None = None
        self.out, self.err = "", ""

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The process, once started."""
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        """Starts it, from a folder without a `.env`."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(FULLMAKT), "up"),
            cwd=self._directory.parent,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def answers(self) -> None:
        """Waits until it has said all that it says at the start."""
        assert self.process.stdout is not None
        while "Ctrl-C stops all of it" not in self.out:
            line = (await self.process.stdout.readline()).decode()
            if not line:
                raise AssertionError(f"It ended:\n{self.out}\n{await self.ended()}\n{self.err}")
            self.out += line

    def port(self, pattern: str) -> int:
        """A port it has named: `pattern` with a group for the number."""
        found = re.search(pattern, self.out)
        assert found, self.out
        return int(found[1])

    def interrupt(self) -> None:
        """One Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    async def ended(self, seconds: float = 30) -> int:
        """Waits for its end; its exit code."""
        out, err = await asyncio.wait_for(self.process.communicate(), seconds)
        self.out += out.decode()
        self.err += err.decode()
        assert self.process.returncode is not None
        return self.process.returncode


async def listens(port: int) -> bool:
    """Whether anybody does, on this machine."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def falls_silent(port: int, seconds: float = 15) -> None:
    """Waits until nobody listens there any more. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while await listens(port):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
