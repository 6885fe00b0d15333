"""`fullmakt service-requests`: what waits for customer service (spec 3.6)."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from runtime.settings import Settings
from starter.cli import showing
from starter.cli.common import AsJson, load_settings, operator_database, print_json
from starter.service_request_lookup import ServiceRequestShown, list_service_requests

app = typer.Typer(help="What waits for customer service.", no_args_is_help=True)


@app.callback()
def service_requests() -> None:
    """What waits for customer service."""


@app.command("list")
def list_command(
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50, as_json: AsJson = False
) -> None:
    """List the open requests, the oldest first."""
    found = asyncio.run(_list(load_settings(), limit))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    showing.table(
        ["Id", "Kind", "Since", "Customer", "Contact"],
        [
            (
                str(each.id),
                showing.words(each.kind),
                f"{each.created_at.astimezone():%Y-%m-%d %H:%M}",
                " ".join(filter(None, (each.customer_number, each.customer_name))),
                "\n".join(f"{showing.words(name)}: {value}" for name, value in each.contact.items()),
            )
            for each in found
        ],
        nothing="Nothing waits.",
    )


async def _list(settings: Settings, limit: int) -> Sequence[ServiceRequestShown]:
    async with operator_database(settings) as database:
        return await list_service_requests(database, limit=limit)
