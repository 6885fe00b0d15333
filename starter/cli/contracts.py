"""`fullmakt contracts link`: fetching one's contracts into the service, over the API (spec 3.3)."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import typer

from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, fail, messages, print_json

app = typer.Typer(help="Contracts: link one's own.", no_args_is_help=True)

_GLANCE = timedelta(seconds=1)


@app.callback()
def contracts() -> None:
    """Contracts: link one's own."""


@app.command()
def link(api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Link the contracts under your personal identity code. Repeating it changes nothing."""
    client = Api(api, as_json=as_json)
    found = _ended(client, client.post("/contract-links"))
    if as_json:
        print_json(found)
        return
    if found["state"] == "failed":
        fail("The customer registry did not answer for a day. Try again.")
    _show("Linked", found["linked"], nothing="There are no contracts under your personal identity code.")
    if found["closed"]:
        _show("Ended", found["closed"], nothing="")


def _ended(client: Api, found: Mapping[str, Any]) -> Mapping[str, Any]:
    if found["state"] == "linking":
        messages.print("The customer registry takes longer than usual. Ctrl-C: you are told by e-mail.")
    while found["state"] == "linking":
        time.sleep(_GLANCE.total_seconds())
        found = client.get(f"/contract-links/{found['id']}")
    return found


def _show(heading: str, relations: Sequence[Mapping[str, Any]], *, nothing: str) -> None:
    rows = [(each["customer_number"], showing.relation_name(each), each["id"]) for each in relations]
    showing.table([heading, "Relation", "Id"], rows, nothing=nothing)
