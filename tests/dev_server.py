"""Temporal's real development server as a child process, which tests may kill and start again."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.runtime import Runtime

from runtime.failures import DATA_CONVERTER
from runtime.temporal import SEARCH_ATTRIBUTES
from starter import tether

_UP_WITHIN_SECONDS = 30
_NAMES = {"KEYWORD": "Keyword", "KEYWORD_LIST": "KeywordList", "DATETIME": "Datetime"}


def installed(program: str) -> str:
    """The path of Temporal's program: on PATH, or from the wheel in this environment's scripts folder."""
    found = shutil.which(program) or shutil.which(program, path=sysconfig.get_path("scripts"))
    if found is None:
        raise RuntimeError(f"Tests need `{program}`: install the dependency group `stack` (make setup does)")
    return found


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DevServer:
    """`temporal server start-dev` with our search attributes. Its state in `folder` outlives a kill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it listens; the same after a restart."""
        return f"127.0.0.1:{self._port}"

    async def start(self, runtime: Runtime | None = None) -> Client:
        """Starts it, waits until it answers, and gives a client."""
        self._launch()
        async with asyncio.timeout(_UP_WITHIN_SECONDS):
            return await self._connected(runtime)

    def _launch(self) -> None:
        attributes = [
            f"--search-attribute={key.name}={_name(key.indexed_value_type)}" for key in SEARCH_ATTRIBUTES
        ]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    # Tethered: it ends with the tests, even when they are killed.
                    *(sys.executable, tether.__file__, str(os.getpid())),
                    *(installed("temporal"), "server", "start-dev", "--headless", "--ip", "127.0.0.1"),
                    *("--port", str(self._port), "--db-filename", str(self._folder / "temporal.db")),
                    *("--log-level", "warn", *attributes),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
            )

    async def _connected(self, runtime: Runtime | None) -> Client:
        while True:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"Temporal ended; see {self._folder}/server.log")
            try:
                return await Client.connect(self.address, data_converter=DATA_CONVERTER, runtime=runtime)
            except RuntimeError:
                await asyncio.sleep(0.1)  # another process comes up: there is nothing to wait on

    def kill(self) -> None:
        """SIGKILL: no time to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it in order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


@dataclass(frozen=True)
class RunningDevServer:
    """The development server and a client of it."""

    server: DevServer
    client: Client

    @property
    def address(self) -> str:
        """For `TEMPORAL_ADDRESS`."""
        return self.server.address


def _name(indexed_value_type: int) -> str:
    from temporalio.api.enums.v1 import IndexedValueType

    return _NAMES[
        IndexedValueType.Name(IndexedValueType.ValueType(indexed_value_type)).removeprefix(
            "INDEXED_VALUE_TYPE_"
        )
    ]
