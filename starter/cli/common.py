"""What the commands share: settings, the database, and how they say no."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import OperationalError

from domain.vocabulary import Level, Subpage
from runtime.settings import Settings
from starter.running import HostError, until_asked_to_stop
from store import migrate
from store.database import Database

# What people typed or imported is printed as it is, so neither markup nor highlighting.
console = Console(markup=False, highlight=False)
messages = Console(stderr=True, markup=False, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def fail(message: str) -> NoReturn:
    """Says what is wrong on standard error and exits with 1."""
    messages.print(message, style="red", soft_wrap=True)
    raise typer.Exit(1)


def print_json(value: Any) -> None:
    """Prints plain data, with times, dates and ids as text."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_json_error(value: Any) -> None:
    """Prints plain data on standard error."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str), err=True)


def load_settings() -> Settings:
    """The settings; fails with the names of the wrong ones."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in error.errors()]
        fail("The settings are wrong.\n" + "\n".join(wrong))


def run_host(work: Coroutine[Any, Any, None]) -> None:
    """Runs it until it is done, or until SIGINT or SIGTERM; why it cannot run here ends the command."""
    try:
        asyncio.run(until_asked_to_stop(work))
    except HostError as error:
        fail(str(error))


def asked(question: str, given: str | None, *, default: str | None = None) -> str:
    """What was given as an option, else what is typed; questions are no results, so on standard error."""
    if given is not None:
        return given
    return str(typer.prompt(question, default=default, err=True))


def choice(question: str, options: Sequence[str], *, default: int | None = None) -> int:
    """Which one of a list is chosen by its number, counted from 0; asks again for a number not in it."""
    for number, option in enumerate(options, start=1):
        messages.print(f"{number}  {option}", soft_wrap=True)
    while True:
        proposed = None if default is None else default + 1
        number = int(typer.prompt(question, type=int, default=proposed, err=True))
        if 1 <= number <= len(options):
            return number - 1


def asked_password(*, stdin: bool, twice: bool = False, label: str = "Password") -> str:
    """A password, never from the command line: typed without being shown, or a line of standard input."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(label, hide_input=True, confirmation_prompt=twice, err=True))


def subpage_level(text: str, option: str) -> tuple[str, str]:
    """The subpage and the level of SUBPAGE=LEVEL, given by an option of this name."""
    subpage, _, level = text.partition("=")
    if subpage not in set(Subpage) or level not in set(Level):
        raise typer.BadParameter(
            f"{text} is not SUBPAGE=LEVEL; subpages: {', '.join(Subpage)}; levels: {', '.join(Level)}",
            param_hint=option,
        )
    return subpage, level


def write_private(file: Path, content: bytes) -> None:
    """Writes a new file that nobody else may read. One that is there ends the command."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")


def token_in(link: str) -> str:
    """The token of an e-mail's link, or the token itself."""
    return re.split(r"[?#]", link.strip(), maxsplit=1)[0].rstrip("/").rpartition("/")[2]


@asynccontextmanager
async def operator_database(settings: Settings) -> AsyncIterator[Database]:
    """The migrated database; fails with what to do when it is missing, old, locked or out of reach."""
    database = Database(settings.database_url)
    try:
        if _is_missing(database):
            fail(f"There is no database at {database.url.database}. Run `fullmakt migrate` first.")
        if not await migrate.is_current(database):
            fail("The database is not of this version. Run `fullmakt migrate` first.")
        yield database
    except OperationalError:
        fail("The database did not answer, or another command holds it. Try again; nothing was changed.")
    finally:
        await database.close()


def _is_missing(database: Database) -> bool:
    """Whether connecting would make an empty SQLite file."""
    return database.is_sqlite and not Path(database.url.database or "").is_file()
