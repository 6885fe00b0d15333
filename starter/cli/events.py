"""`fullmakt events`: what happened, over the API (spec 3.7)."""

from pathlib import Path
from typing import Annotated

import typer

from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, console, print_json, write_private

app = typer.Typer()


@app.command("events")
def list_events(
    relation: Annotated[
        str | None, typer.Option(metavar="ID", help="A relation whose users you manage; by default your own.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all of them to a CSV file.")] = None,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List what you did and what concerns you, or what happened on a relation. The newest first."""
    client = Api(api, as_json=as_json)
    if csv is not None:
        write_private(csv, client.get_bytes("/audit-events/export", relation_id=relation))
        console.print("The events have been written.")
        return
    found = client.get("/audit-events", relation_id=relation)
    if as_json:
        print_json(found)
        return
    rows = [
        (showing.moment(each["at"]), each["text"], each["actor_name"] or "", each["whose"] or "")
        for each in found["items"]
    ]
    showing.table(["When", "What", "By", "Whose"], rows, nothing="Nothing has happened yet.")
