"""`fullmakt login`, `logout`, `me`, `tasks`: being a user, over the API."""

from typing import Annotated

import typer

from starter.cli import session_store, showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, PasswordStdin, asked, asked_password, console, print_json

app = typer.Typer()


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
            *showing.identification(details["strong_identification"]),
        ]
    )


@app.command()
def tasks(api: ApiUrl = None, as_json: AsJson = False) -> None:
    """List what waits for your answer: invitations, requests for rights."""
    waiting = Api(api, as_json=as_json).get("/me/tasks")
    if as_json:
        print_json(waiting)
        return
    asked = waiting["rights_requests"]
    if waiting["items"] or not asked:
        showing.invitations(waiting["items"], nothing="Nothing waits for your answer.")
    if waiting["items"]:
        console.print("Answer: fullmakt invitations accept ID, or decline ID")
    for each in asked:
        name = f"{each['user']['first_name']} {each['user']['last_name']}"
        console.print(f"Asks for more rights: {name}, {each['id']}", markup=False)
    if asked:
        console.print("Look and answer: fullmakt rights show ID, approve ID, or decline ID")
