"""`fullmakt invitations`: send, list, show, accept, decline, cancel, over the API (spec 3.1)."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.vocabulary import Language, Role
from starter.cli import composing, showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, console, print_json, subpage_level, token_in
from starter.cli.relations import chosen

app = typer.Typer(help="Invitations: send, list, show, answer, cancel.", no_args_is_help=True)

RelationName = Annotated[
    str | None, typer.Option("--relation", help="As `fullmakt relations` lists it: 100001/electricity.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `fullmakt invitations list` shows it.")]
IdOrLink = Annotated[str, typer.Argument(metavar="ID|LINK", help="An invitation's id, or its e-mail's link.")]


@app.command()
def send(
    relation: RelationName = None,
    email: Annotated[str | None, typer.Option()] = None,
    first_name: Annotated[str | None, typer.Option()] = None,
    last_name: Annotated[str | None, typer.Option()] = None,
    message: Annotated[str | None, typer.Option(help="The cover message.")] = None,
    message_file: Annotated[
        Path | None, typer.Option(help="A file with the cover message.", exists=True, dir_okay=False)
    ] = None,
    role: Annotated[Role | None, typer.Option()] = None,
    level: Annotated[
        list[str] | None, typer.Option(help="Another level than the role's: SUBPAGE=LEVEL. Repeatable.")
    ] = None,
    language: Annotated[Language | None, typer.Option(help="Of the e-mail; by default yours.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Send without asking.")] = False,
    idempotency_key: Annotated[str | None, typer.Option(help="A repeat with it sends nothing new.")] = None,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Invite somebody. What is not given is asked for, in four phases."""
    client = Api(api, as_json=as_json)
    draft = composing.compose(
        client,
        chosen(client, relation),
        email=email,
        first_name=first_name,
        last_name=last_name,
        message=message if message_file is None else message_file.read_text("utf-8"),
        role=role,
        levels=dict(subpage_level(each, "--level") for each in level or []),
        language=language,
        confirmed=yes,
    )
    made = client.post(
        f"/customer-relations/{draft.relation_id}/invitations", draft.body, key=idempotency_key
    )
    if as_json:
        print_json(made)
        return
    console.print("The invitation to hold an authorization has been sent.")
    showing.invitation(made)


@app.command("list")
def list_command(
    relation: RelationName = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List a customer relation's invitations, the newest first."""
    client = Api(api, as_json=as_json)
    relation_id = chosen(client, relation)["id"]
    page = client.get(f"/customer-relations/{relation_id}/invitations", limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    showing.invitations(page["items"], nothing="There are no invitations.")
    if page["next_cursor"]:
        console.print(f"There are more: --cursor {page['next_cursor']}", soft_wrap=True)


@app.command()
def show(invitation: Id, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Show an invitation."""
    client = Api(api, as_json=as_json)
    _print(client.get(f"/invitations/{_checked(invitation)}"), as_json=as_json)


@app.command()
def accept(invitation: IdOrLink, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Accept an invitation that was sent to you."""
    _answer("accept", invitation, api, as_json=as_json)


@app.command()
def decline(invitation: IdOrLink, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Decline an invitation that was sent to you."""
    _answer("decline", invitation, api, as_json=as_json)


@app.command()
def cancel(invitation: Id, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Take back an invitation of a relation whose users you manage."""
    client = Api(api, as_json=as_json)
    _print(client.post(f"/invitations/{_checked(invitation)}/cancel"), as_json=as_json)


def _answer(act: str, invitation: str, api: str | None, *, as_json: bool) -> None:
    client = Api(api, as_json=as_json)
    if _is_id(invitation):
        answered = client.post(f"/invitations/{invitation}/{act}")
    else:
        token = token_in(invitation)
        found = client.post("/invitation-lookups", {"token": token})
        answered = client.post(f"/invitations/{found['id']}/{act}", {"token": token})
    _print(answered, as_json=as_json)


def _print(invitation: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(invitation)
    else:
        showing.invitation(invitation)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _checked(invitation: str) -> str:
    if not _is_id(invitation):
        raise typer.BadParameter(f"{invitation} is no invitation's id", param_hint="ID")
    return invitation
