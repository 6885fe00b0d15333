"""`fullmakt rights`: *May I have more rights?*, asked and answered over the API."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.vocabulary import Subpage
from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, print_json, subpage_level

app = typer.Typer(no_args_is_help=True, help="Requests for more rights: ask, show, answer, withdraw.")

Authorization = Annotated[
    UUID, typer.Argument(metavar="AUTHORIZATION", help="As `fullmakt authorizations held` lists it.")
]
Id = Annotated[UUID, typer.Argument(metavar="ID", help="The request's.")]
Levels = Annotated[list[str] | None, typer.Option("--set", help="SUBPAGE=LEVEL: invoices=read. Repeatable.")]


@app.command()
def ask(
    authorization: Authorization,
    wanted: Levels = None,
    message: Annotated[str, typer.Option(help="A few words to those who decide.")] = "",
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask those who manage the users for higher levels; what is not named stays."""
    client = Api(api, as_json=as_json)
    new = dict(subpage_level(each, "--set") for each in wanted or [])
    held = client.get(f"/authorizations/{authorization}")["levels"]
    body = {"levels": {**held, **new}, "message": message}
    _print(client.post(f"/authorizations/{authorization}/rights-requests", body), as_json=as_json)


@app.command()
def show(request: Id, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Show a request of your own, or one that you can answer."""
    _print(Api(api, as_json=as_json).get(f"/rights-requests/{request}"), as_json=as_json)


@app.command()
def approve(request: Id, given: Levels = None, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Give what is asked for, at once; with --set that part of it alone."""
    client, new = Api(api, as_json=as_json), dict(subpage_level(each, "--set") for each in given or [])
    body = {}
    if new:
        body["levels"] = {**client.get(f"/rights-requests/{request}")["held"], **new}
    _print(client.post(f"/rights-requests/{request}/approve", body), as_json=as_json)


@app.command()
def decline(request: Id, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Say no; the user keeps what he has."""
    _print(Api(api, as_json=as_json).post(f"/rights-requests/{request}/decline"), as_json=as_json)


@app.command()
def withdraw(request: Id, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Take your own request back."""
    _print(Api(api, as_json=as_json).post(f"/rights-requests/{request}/withdraw"), as_json=as_json)


def _print(request: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(request)
        return
    showing.details(
        [
            ("Id", request["id"]),
            ("Asked by", showing.person(request["user"])),
            ("Relation", showing.relation_name(request["relation"])),
            ("Role", showing.words(request["role"])),
            ("State", showing.words(request["state"])),
            ("Until", showing.moment(request["deadline"])),
            ("Message", request["message"] or "none"),
        ]
    )
    rows = [(showing.words(each), request["held"][each], request["asked"][each]) for each in Subpage]
    showing.table(("Subpage", "Now", "Asked for"), rows, nothing="")
