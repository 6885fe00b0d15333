"""`fullmakt register`, `login`, `logout`, `me`, `tasks`: being a user, over the API."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from domain.vocabulary import Language
from starter.cli import session_store, showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, PasswordStdin, asked, asked_password, console, fail, print_json

app = typer.Typer()

Link = Annotated[str, typer.Argument(metavar="LINK|TOKEN", help="The link in the e-mail, or its last part.")]


@app.command()
def register(
    link: Link,
    first_name: Annotated[str | None, typer.Option()] = None,
    last_name: Annotated[str | None, typer.Option()] = None,
    username: Annotated[str | None, typer.Option(help="Your e-mail address, or a word of your own.")] = None,
    language: Annotated[Language, typer.Option(help="Of pages and e-mails.")] = Language.SWEDISH,
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="Accept the terms of use in force.")
    ] = False,
    declare_accurate: Annotated[
        bool, typer.Option("--declare-accurate", help="Declare that the details are correct and current.")
    ] = False,
    password_stdin: PasswordStdin = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Become a user, with the link of an invitation. Then log in and accept it."""
    client, token = Api(api, as_json=as_json), token_in(link)
    found = client.post("/invitation-lookups", {"token": token})
    _refuse_when_useless(found)
    typed = {
        "first_name": asked("First name", first_name, default=found["first_name"]),
        "last_name": asked("Last name", last_name, default=found["last_name"]),
        "username": asked("Username", username),
        "password": asked_password(stdin=password_stdin, twice=True),
    }
    version = client.get("/terms")["version"]
    if not accept_terms:
        typer.confirm(f"Do you accept the terms of use, version {version}?", abort=True, err=True)
    if not declare_accurate:
        typer.confirm("Are the details that you gave correct and current?", abort=True, err=True)
    made = client.post(
        "/registrations",
        {
            "invitation_token": token,
            **typed,
            "language": language.value,
            "terms_version": version,
            "declared_accurate": True,
        },
    )
    if as_json:
        print_json(made)
        return
    console.print(f"User {made['username']} is made. Next:", soft_wrap=True)
    console.print(
        f"  fullmakt login --username {made['username']}\n  fullmakt invitations accept {found['id']}"
    )


@app.command()
def login(
    username: Annotated[str | None, typer.Option()] = None,
    password_stdin: PasswordStdin = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Log in; the session is kept for later commands."""
    client = Api(api, as_json=as_json)
    credentials = {
        "username": asked("Username", username),
        "password": asked_password(stdin=password_stdin),
    }
    started = client.post("/sessions", credentials)
    session_store.save(client.url, started["token"])
    if as_json:
        print_json({"expires_at": started["expires_at"], "user": started["user"]})
    else:
        until = showing.moment(started["expires_at"])
        console.print(f"Logged in as {started['user']['username']}, until {until}.", soft_wrap=True)


@app.command()
def logout(api: ApiUrl = None) -> None:
    """Log out."""
    client = Api(api)
    if session_store.load(client.url) is not None:
        client.delete("/sessions/current")
        session_store.forget(client.url)
    console.print("Logged out.")


@app.command()
def me(api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Show your own details."""
    details = Api(api, as_json=as_json).get("/me")
    if as_json:
        print_json(details)
        return
    showing.details(
        [
            ("Username", details["username"]),
            ("Name", showing.person(details)),
            ("E-mail", details["email"]),
            ("Language", details["language"]),
            ("Name may be suggested to everybody", "yes" if details["name_suggestion_allowed"] else "no"),
        ]
    )


@app.command()
def tasks(api: ApiUrl = None, as_json: AsJson = False) -> None:
    """List the invitations that wait for your answer."""
    waiting = Api(api, as_json=as_json).get("/me/tasks")
    if as_json:
        print_json(waiting)
        return
    showing.invitations(waiting["items"], nothing="Nothing waits for your answer.")
    if waiting["items"]:
        console.print("Answer: fullmakt invitations accept ID, or decline ID")


def token_in(link: str) -> str:
    """The token of an invitation's link, or the token itself."""
    return re.split(r"[?#]", link.strip(), maxsplit=1)[0].rstrip("/").rpartition("/")[2]


def _refuse_when_useless(found: Mapping[str, Any]) -> None:
    """Said before anything is typed."""
    if found["state"] not in {"pending", "registering"}:
        fail(f"This invitation is {found['state']}. Ask {found['inviter_name']} for a new one.")
    if found["recipient_is_registered"]:
        fail("There is a user with this address already. Log in: fullmakt login")
