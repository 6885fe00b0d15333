"""`fullmakt account`: what guards one's account, over the API (spec 3.7)."""

import json
from pathlib import Path
from typing import Annotated

import typer

from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import (
    AsJson,
    PasswordStdin,
    asked,
    asked_password,
    console,
    messages,
    print_json,
    token_in,
    write_private,
)

app = typer.Typer(
    no_args_is_help=True, help="Forgotten password or username, new password or address, sessions, your data."
)

Email = Annotated[str | None, typer.Option()]
Link = Annotated[str, typer.Argument(help="The link in the e-mail, or its token.")]
TwoPasswords = Annotated[
    bool, typer.Option("--password-stdin", help="Read the present and the new password, a line each.")
]
_ON_ITS_WAY = "If somebody has this address, an e-mail is on its way to it."


@app.command("forgot-password")
def forgot_password(email: Email = None, api: ApiUrl = None) -> None:
    """Get a link by e-mail to choose a new password."""
    Api(api, anonymous=True).post("/password-resets", {"email": asked("E-mail", email)})
    console.print(_ON_ITS_WAY)


@app.command("forgot-username")
def forgot_username(email: Email = None, api: ApiUrl = None) -> None:
    """Get the username by e-mail."""
    Api(api, anonymous=True).post("/username-reminders", {"email": asked("E-mail", email)})
    console.print(_ON_ITS_WAY)


@app.command("reset-password")
def reset_password(link: Link, password_stdin: PasswordStdin = False, api: ApiUrl = None) -> None:
    """Choose a new password, by the link in the e-mail."""
    client, token = Api(api, anonymous=True), token_in(link)
    user = client.post("/password-reset-lookups", {"token": token})
    password = asked_password(stdin=password_stdin, twice=True, label="New password")
    client.post("/password-reset-completions", {"token": token, "password": password})
    console.print(f"The password has been changed. Log in: fullmakt login --username {user['username']}")


@app.command("change-password")
def change_password(password_stdin: TwoPasswords = False, api: ApiUrl = None) -> None:
    """Choose a new password; you are logged out everywhere else."""
    given = {
        "current_password": asked_password(stdin=password_stdin, label="Present password"),
        "password": asked_password(stdin=password_stdin, twice=True, label="New password"),
    }
    Api(api).post("/me/password", given)
    console.print("The password has been changed. You have been logged out everywhere else.")


@app.command("change-email")
def change_email(email: Email = None, password_stdin: PasswordStdin = False, api: ApiUrl = None) -> None:
    """Change your e-mail address: a link is sent to the new one."""
    given = {"email": asked("New e-mail", email), "password": asked_password(stdin=password_stdin)}
    Api(api).post("/me/email-changes", given)
    console.print("An e-mail is on its way to the new address. Confirm: fullmakt account confirm-email LINK")


@app.command("confirm-email")
def confirm_email(link: Link, api: ApiUrl = None, as_json: AsJson = False) -> None:
    """Confirm a new e-mail address, by the link in the e-mail."""
    changed = Api(api, as_json=as_json, anonymous=True).post(
        "/email-change-confirmations", {"token": token_in(link)}
    )
    if as_json:
        print_json(changed)
        return
    console.print(f"The address is {changed['email']} now, the username {changed['username']}.")


@app.command("sessions")
def list_sessions(api: ApiUrl = None, as_json: AsJson = False) -> None:
    """List where you are logged in."""
    found = Api(api, as_json=as_json).get("/me/sessions")
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each["id"],
            each["device"] or "unknown",
            showing.moment(each["created_at"]),
            showing.moment(each["last_seen_at"]),
            "this one" if each["current"] else "",
        )
        for each in found["items"]
    ]
    showing.table(["Id", "Browser", "Logged in", "Last seen", ""], rows, nothing="You are not logged in.")


@app.command("end-session")
def end_session(
    session_id: Annotated[str, typer.Argument(metavar="ID", help="From `account sessions`.")],
    api: ApiUrl = None,
) -> None:
    """Log out one of your sessions."""
    Api(api).delete(f"/me/sessions/{session_id}")
    console.print("The session has been ended.")


@app.command("end-other-sessions")
def end_other_sessions(api: ApiUrl = None) -> None:
    """Log out everywhere but here."""
    Api(api).delete("/me/other-sessions")
    console.print("All your other sessions have been ended.")


@app.command("export")
def export_data(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")], api: ApiUrl = None
) -> None:
    """Write all that the service holds about you to a JSON file."""
    document = Api(api).post("/me/exports")
    write_private(file, json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n")
    console.print("Your data have been written.")


@app.command()
def erase(
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    password_stdin: PasswordStdin = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Have yourself erased in 14 days; until then you can regret it."""
    client = Api(api, as_json=as_json)
    if not yes:
        _say_what_ends(client)
        typer.confirm("Have yourself erased?", abort=True, err=True)
    asked_for = client.post("/me/erasure", {"password": asked_password(stdin=password_stdin)})
    if as_json:
        print_json(asked_for)
        return
    due = showing.moment(asked_for["due"])
    console.print(f"You will be erased {due}. Regret it: fullmakt account keep")


@app.command()
def keep(api: ApiUrl = None) -> None:
    """Regret the erasure: everything stays as it is."""
    Api(api).delete("/me/erasure")
    console.print("You will not be erased.")


def _say_what_ends(client: Api) -> None:
    preview = client.get("/me/erasure")
    lines = [f"Ends: what you hold on {showing.relation_name(each)}" for each in preview["relations"]]
    lines += [
        f"Nobody would manage the users of {showing.relation_name(each)}"
        for each in preview["without_manager"]
    ]
    messages.print("\n".join(lines), soft_wrap=True)
