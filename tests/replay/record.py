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

from temporalio.testing import WorkflowEnvironment

from runtime.failures import DATA_CONVERTER
from runtime.temporal import register_search_attributes
from store import migrate
from store.database import Database
from tests.clock import SettableClock
from tests.dev_server import installed
from tests.harness import Harness, running
from tests.replay.scenarios import SCENARIOS, Scenario
from tests.smtp_server import ScriptedSmtpServer

HISTORIES = Path(__file__).parent / "histories"
# Which machine and process recorded: nobody's business, and different each time.
_RECORDER = re.compile(rf"\d+@{re.escape(socket.gethostname())}")


async def record(name: str, scenario: Scenario, directory: Path) -> None:
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
    async with running(harness):
        invited = await scenario(harness)
        await invited.handle.result()
        history = await invited.handle.fetch_history()
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
    arguments.add_argument("--again", action="append", default=[], choices=sorted(SCENARIOS))
    again: list[str] = arguments.parse_args().again
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        for name, scenario in SCENARIOS.items():
            if name in again or not (HISTORIES / f"{name}.json").exists():
                await record(name, scenario, Path(directory))


if __name__ == "__main__":
    asyncio.run(main())
