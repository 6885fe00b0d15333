"""`fullmakt openapi`: the API's description, checked in as docs/openapi.json."""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client

from runtime.clock import system_clock
from runtime.outbox import Outbox
from runtime.settings import Settings
from runtime.texts import project_root
from starter.api.app import create_api
from starter.cli.common import console, fail
from starter.services import Services
from store.database import Database

app = typer.Typer()


@app.command()
def openapi(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when it differs.")] = False,
) -> None:
    """Write the API's description, or check that it is up to date."""
    path = project_root() / "docs" / "openapi.json"
    text = asyncio.run(description())
    if check:
        if not path.is_file() or path.read_text("utf-8") != text:
            fail(f"{path} is not what the code says. Run `fullmakt openapi`, and look at the difference.")
        console.print("The API's description is up to date.")
        return
    _write(path, text)
    console.print(str(path), soft_wrap=True)


async def description() -> str:
    """The OpenAPI document of this code, the same whatever the environment says."""
    settings = Settings.model_construct()
    database = Database(f"sqlite:///{os.devnull}")
    client = await Client.connect("127.0.0.1:7233", lazy=True)
    services = Services(
        settings=settings,
        database=database,
        clock=system_clock,
        client=client,
        outbox=Outbox(client=client, database=database, task_queue=settings.task_queue, clock=system_clock),
    )
    document = create_api(services).openapi()
    await database.close()
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
