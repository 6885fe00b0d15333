"""Records the histories that every change of a process is held against: `make histories`.

Each scenario runs on the time-skipping server with the real worker. What is there already is left alone: a
history is the memory of how the code once ran, so a change of the code adds new ones and keeps the old.
Give `--again NAME` to replace one.
"""

import argparse
import asyncio
import json
import re
import socket
import tempfile
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from runtime.failures import DATA_CONVERTER
from runtime.temporal import register_search_attributes
from store import migrate
from store.database import Database
from tests.bank import Bank
from tests.clock import SettableClock
from tests.dev_server import installed
from tests.fixtures.registrations import registering_with
from tests.harness import Harness, running
from tests.registering import Registering
from tests.replay import accounts, changes, registrations, requests
from tests.replay.scenarios import SCENARIOS
from tests.smtp_server import ScriptedSmtpServer

HISTORIES = Path(__file__).parent / "histories"
_OF_A_HARNESS = {**accounts.SCENARIOS, **changes.SCENARIOS, **requests.SCENARIOS}
NAMES = (*SCENARIOS, *registrations.SCENARIOS, *_OF_A_HARNESS)
# Which machine and process recorded: nobody's business, and different each time.
_RECORDER = re.compile(rf"\d+@{re.escape(socket.gethostname())}")


async def play(name: str, registering: Registering) -> WorkflowHandle[Any, Any]:
    """Runs one scenario, whatever it is of."""
    if name in registrations.SCENARIOS:
        return await registrations.SCENARIOS[name](registering)
    if name in _OF_A_HARNESS:
        return await _OF_A_HARNESS[name](registering.harness)
    return (await SCENARIOS[name](registering.harness)).handle


async def record(name: str, directory: Path) -> None:
    """Runs one scenario and writes its history."""
    url = f"sqlite:///{directory / name}.db"
    await asyncio.to_thread(migrate.upgrade, url)
    database, smtp = Database(url), ScriptedSmtpServer()
    await smtp.start()
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=DATA_CONVERTER, test_server_existing_path=installed("temporal-test-server")
    )
    await register_search_attributes(environment.client)
    harness = Harness(environment, environment.client, database, smtp, SettableClock(), task_queue="recorded")
    await harness.now()
    async with registering_with(harness, Bank()) as registering, running(harness):
        handle = await play(name, registering)
        await handle.result()
        history = await handle.fetch_history()
    write(name, history.to_json())
    await environment.shutdown()
    await smtp.stop()
    await database.close()


def write(name: str, history: str) -> None:
    """Keeps a history, without the recorder's name."""
    plain: Any = json.loads(_RECORDER.sub("recorder", history))
    (HISTORIES / f"{name}.json").write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n")


async def main() -> None:
    """Records what is missing."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--again", action="append", default=[], choices=sorted(NAMES))
    again: list[str] = arguments.parse_args().again
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        for name in NAMES:
            if name in again or not (HISTORIES / f"{name}.json").exists():
                await record(name, Path(directory))


if __name__ == "__main__":
    asyncio.run(main())
