"""`fullmakt users`: an operator makes a user (spec section 2)."""

import asyncio
from typing import Annotated

import typer

from domain.vocabulary import Language
from runtime.clock import system_clock
from runtime.settings import Settings
from starter import operators
from starter.cli.common import (
    AsJson,
    PasswordStdin,
    asked_password,
    console,
    fail,
    load_settings,
    operator_database,
    print_json,
)
from store.users import User

app = typer.Typer(help="Users.", no_args_is_help=True)


@app.command()
def create(
    email: Annotated[str, typer.Option(help="The e-mail address; it counts as confirmed.")],
    username: Annotated[str, typer.Option(help="3 to 254 letters, digits or signs (. _ + - @).")],
    first_name: Annotated[str, typer.Option()],
    last_name: Annotated[str, typer.Option()],
    language: Annotated[Language, typer.Option()] = Language.SWEDISH,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Make a user whose e-mail is confirmed. The password is asked for, twice."""
    settings = load_settings()
    password = asked_password(stdin=password_stdin, twice=True)
    try:
        user = asyncio.run(
            _create(
                settings,
                email=email,
                username=username,
                first_name=first_name,
                last_name=last_name,
                language=language,
                password=password,
            )
        )
    except operators.OperatorError as error:
        fail(str(error))
    if as_json:
        print_json({"id": user.id, "username": user.username})
    else:
        console.print(f"User {user.username} is made.", soft_wrap=True)


async def _create(
    settings: Settings,
    *,
    email: str,
    username: str,
    first_name: str,
    last_name: str,
    language: Language,
    password: str,
) -> User:
    async with operator_database(settings) as database:
        return await operators.create_user(
            database,
            email=email,
            username=username,
            first_name=first_name,
            last_name=last_name,
            language=language,
            password=password,
            now=system_clock(),
        )
