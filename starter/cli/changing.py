"""`fullmakt authorizations held, show, remove, give-up, levels`: for users, over the API (spec 3.4, 3.5)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.vocabulary import Subpage
from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, console, fail, messages, print_json, subpage_level
from starter.cli.relations import manages, short_name

app = typer.Typer()
PANEL = "For users, over the API"

Id = Annotated[UUID, typer.Argument(metavar="ID", help="As `fullmakt authorizations held` lists it.")]
Also = Annotated[
    list[UUID] | None, typer.Option(help="Another of the same person's on the same relation. Repeatable.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


@app.command(rich_help_panel=PANEL)
def held(
    relation: Annotated[
        str | None, typer.Option(help="As `fullmakt relations` lists it; by default all.")
    ] = None,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List your own authorizations, and others' on relations whose users you manage, with their ids."""
    client = Api(api, as_json=as_json)
    found = client.get("/customer-relations")["items"]
    chosen = [each for each in found if relation is None or relation in {short_name(each), each["id"]}]
    if relation is not None and not chosen:
        fail(f"You hold nothing on a customer relation {relation}. See `fullmakt relations`.")
    listed = [row for each in chosen for row in _held_on(client, each)]
    if as_json:
        print_json({"items": listed})
        return
    rows = [
        (each["id"], each["person"], showing.words(each["role"]), each["relation"], _levels(each["levels"]))
        for each in listed
    ]
    headings = ("Id", "Person", "Role", "Relation", "Levels")
    showing.table(headings, rows, nothing="You hold nothing on any customer relation.")


@app.command(rich_help_panel=PANEL)
def show(authorization: Id, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Show an authorization, which levels you may set, and whether you can remove it."""
    _print(Api(api, as_json=as_json).get(f"/authorizations/{authorization}"), as_json=as_json)


@app.command(rich_help_panel=PANEL)
def remove(
    authorization: Id,
    also: Also = None,
    yes: Yes = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Remove another person's authorization, at once."""
    client = Api(api, as_json=as_json)
    _end(client, authorization, also, own=False, yes=yes, as_json=as_json)


@app.command(rich_help_panel=PANEL)
def give_up(
    authorization: Id,
    also: Also = None,
    yes: Yes = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Give up an authorization of your own, at once."""
    client = Api(api, as_json=as_json)
    _end(client, authorization, also, own=True, yes=yes, as_json=as_json)


@app.command("levels", rich_help_panel=PANEL)
def set_levels(
    authorization: Id,
    changed: Annotated[
        list[str] | None, typer.Option("--set", help="SUBPAGE=LEVEL: invoices=read. Repeatable.")
    ] = None,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Set what a person may do on each subpage, at once; what is not named stays."""
    client = Api(api, as_json=as_json)
    new = dict(subpage_level(each, "--set") for each in changed or [])
    seen, etag = client.get_with_etag(f"/authorizations/{authorization}")
    if new:
        body = {"levels": {**seen["levels"], **new}}
        seen = client.put(f"/authorizations/{authorization}/levels", body, if_match=etag)
    _print(seen, as_json=as_json)


def _end(
    client: Api,
    authorization: UUID,
    also: Sequence[UUID] | None,
    *,
    own: bool,
    yes: bool,
    as_json: bool,
) -> None:
    path, others = f"/authorizations/{authorization}/removal", [str(each) for each in also or []]
    preview = client.get(path, also=others)
    if preview["own"] is not own:
        whose, command = ("your own", "give-up") if preview["own"] else ("another person's", "remove")
        fail(f"This authorization is {whose}; nothing was changed. Use: fullmakt authorizations {command}")
    if not yes:
        _review(preview)
        typer.confirm("Give it up?" if own else "Remove it?", abort=True, err=True)
    change = client.post(path, {"also": others})
    if as_json:
        print_json(change)
        return
    console.print("It is given up." if own else "It is removed.")
    console.print(f"What remains: {_levels(change['levels_after'])}.", soft_wrap=True)
    if change["fallen_invitations"]:
        console.print(f"Invitations that fell: {', '.join(change['fallen_invitations'])}", soft_wrap=True)


def _review(preview: Mapping[str, Any]) -> None:
    roles = ", ".join(map(showing.words, preview["roles"]))
    lines = [
        f"\n{showing.person(preview['user'])}, {roles} of {showing.relation_name(preview['relation'])}",
        f"Now: {_levels(preview['levels_before'])}",
        f"Then: {_levels(preview['levels_after'])}",
    ]
    lines += [f"Closes: {each['name']}" for each in preview["closing_services"]]
    lines += [f"Falls: the invitation of {each['invitee_name']}" for each in preview["falling_invitations"]]
    messages.print("\n".join(lines) + "\n", soft_wrap=True)


def _held_on(client: Api, relation: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What one may act on there: everybody's, or one's own."""
    if manages(relation):
        users = client.get(f"/customer-relations/{relation['id']}/users")["items"]
        found = [{**each, "id": each["authorization_id"], "person": showing.person(each)} for each in users]
    else:
        own = [client.get(f"/authorizations/{each['id']}") for each in relation["my_authorizations"]]
        found = [{**each, "person": showing.person(each["user"])} for each in own]
    names = ("id", "person", "role", "levels", "granted_through")
    return [{**{name: each[name] for name in names}, "relation": short_name(relation)} for each in found]


def _print(authorization: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(authorization)
        return
    refused = authorization["removal_refused"]
    showing.details(
        [
            ("Id", authorization["id"]),
            ("Person", showing.person(authorization["user"])),
            ("Relation", showing.relation_name(authorization["relation"])),
            ("Role", showing.words(authorization["role"])),
            ("Since", showing.moment(authorization["valid_from"])),
            ("Granted through", showing.words(authorization["granted_through"])),
            ("Can be removed", "yes" if refused is None else f"no: {refused}"),
        ]
    )
    rows = [
        (
            showing.words(subpage),
            authorization["levels"][subpage],
            ", ".join(authorization["settable"][subpage]),
        )
        for subpage in Subpage
    ]
    showing.table(("Subpage", "Level", "You may set"), rows, nothing="")


def _levels(levels: Mapping[str, str]) -> str:
    held = [f"{showing.words(subpage)} {levels[subpage]}" for subpage in Subpage if levels[subpage] != "none"]
    return ", ".join(held) or "nothing"
