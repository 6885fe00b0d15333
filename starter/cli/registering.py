"""`fullmakt register`: as a private customer, for a company, or through an invitation; over the API."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from domain.vocabulary import Language
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import (
    AsJson,
    PasswordStdin,
    asked,
    asked_password,
    console,
    fail,
    print_json,
    token_in,
)
from starter.cli.identifying import Browser, MeansId
from starter.cli.registration import Given, Registration

app = typer.Typer(help="Register: a private customer, a company, an invited person.", no_args_is_help=True)

Link = Annotated[str, typer.Argument(metavar="LINK|TOKEN", help="The link in the e-mail, or its last part.")]
Text = Annotated[str | None, typer.Option()]
Username = Annotated[str | None, typer.Option(help="Your e-mail address, or a word of your own.")]
OfLanguage = Annotated[Language, typer.Option(help="Of pages and e-mails.")]
AcceptTerms = Annotated[bool, typer.Option("--accept-terms", help="Accept the terms of use in force.")]
DeclareAccurate = Annotated[
    bool, typer.Option("--declare-accurate", help="Declare that the details are correct and current.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Confirm the review without being asked.")]


@app.command()
def private(
    means: MeansId = None,
    first_name: Text = None,
    last_name: Text = None,
    email: Text = None,
    username: Username = None,
    language: OfLanguage = Language.SWEDISH,
    accept_terms: AcceptTerms = False,
    declare_accurate: DeclareAccurate = False,
    password_stdin: PasswordStdin = False,
    browser: Browser = True,
    yes: Yes = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Become a user as a private customer, by strong identification; your contracts are linked."""
    given = Given(
        {"first_name": first_name, "last_name": last_name, "email": email, "username": username},
        accept_terms=accept_terms,
        declare_accurate=declare_accurate,
        password_stdin=password_stdin,
    )
    client = Api(api, as_json=as_json, anonymous=True)
    done = Registration(client, given, as_json=as_json).play("private", language, means, browser, yes=yes)
    _tell(done, as_json=as_json)


@app.command()
def company(
    means: MeansId = None,
    company_name: Text = None,
    business_id: Text = None,
    customer_number: Annotated[str | None, typer.Option(help="It is on the electricity bill.")] = None,
    first_name: Text = None,
    last_name: Text = None,
    email: Text = None,
    username: Username = None,
    language: OfLanguage = Language.SWEDISH,
    accept_terms: AcceptTerms = False,
    declare_accurate: DeclareAccurate = False,
    declare_right_to_see: Annotated[
        bool, typer.Option("--declare-right-to-see", help="Declare your right to see the company's data.")
    ] = False,
    password_stdin: PasswordStdin = False,
    browser: Browser = True,
    yes: Yes = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Register a company, by strong identification: for who is logged in, else for a new user."""
    given = Given(
        {
            "company_name": company_name,
            "business_id": business_id,
            "customer_number": customer_number,
            "first_name": first_name,
            "last_name": last_name,
            "email": email,
            "username": username,
        },
        accept_terms=accept_terms,
        declare_accurate=declare_accurate,
        declare_right_to_see=declare_right_to_see,
        password_stdin=password_stdin,
    )
    client = Api(api, as_json=as_json)
    done = Registration(client, given, as_json=as_json).play("company", language, means, browser, yes=yes)
    _tell(done, as_json=as_json)


def _tell(done: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    held = "" if done["role"] is None else f" You are {done['role']} of the company."
    console.print(f"The registration is completed.{held} Next:", soft_wrap=True)
    console.print("  fullmakt login\n  fullmakt relations")


@app.command()
def invitation(
    link: Link,
    first_name: Text = None,
    last_name: Text = None,
    username: Username = None,
    language: OfLanguage = Language.SWEDISH,
    accept_terms: AcceptTerms = False,
    declare_accurate: DeclareAccurate = False,
    password_stdin: PasswordStdin = False,
    api: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Become a user, with the link of an invitation. Then log in and accept it."""
    client, token = Api(api, as_json=as_json, anonymous=True), token_in(link)
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
        "/invitation-registrations",
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


def _refuse_when_useless(found: Mapping[str, Any]) -> None:
    """Said before anything is typed."""
    if found["state"] not in {"pending", "registering"}:
        fail(f"This invitation is {found['state']}. Ask {found['inviter_name']} for a new one.")
    if found["recipient_is_registered"]:
        fail("There is a user with this address already. Log in: fullmakt login")
