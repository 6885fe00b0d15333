"""`fullmakt processes`: what happened, who is waited for, until when (spec section 3)."""

from typing import Annotated
from uuid import UUID

import typer

from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, console, print_json

app = typer.Typer(help="Processes: their timelines.", no_args_is_help=True)


@app.callback()
def processes() -> None:
    """Processes: their timelines."""


@app.command()
def show(
    process: Annotated[UUID, typer.Argument(metavar="ID", help="An invitation's id is its process's.")],
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a process's timeline."""
    found = Api(api, as_json=as_json).get(f"/processes/{process}")
    if as_json:
        print_json(found)
        return
    rows = [(showing.moment(each["at"]), each["by"], each["text"]) for each in found["steps"]]
    showing.table(("When", "By", "What"), rows, nothing="Nothing has happened yet.")
    if found["waiting_for"]:
        console.print(f"Waits for the {found['waiting_for']} until {showing.moment(found['until'])}.")
    else:
        console.print(f"Ended: {found['state']}.")
