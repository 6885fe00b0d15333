"""`fullmakt identity-keys`: the keys that seal personal identity codes, and their rotation (spec 2)."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from runtime.clock import system_clock
from runtime.identity_vault import new_identity_key
from runtime.settings import Settings
from starter import identity_rotation
from starter.cli import showing
from starter.cli.common import (
    AsJson,
    console,
    fail,
    load_settings,
    messages,
    operator_database,
    print_json,
)
from starter.identity_rotation import KeyUse, Rotated

app = typer.Typer(help="The keys that seal personal identity codes: make, rotate.", no_args_is_help=True)


@app.command()
def new(
    key_id: Annotated[str, typer.Argument(help="Its id, for example the month: 2026-11.")],
) -> None:
    """Print a new key for the setting `FULLMAKT_IDENTITY_KEYS`; it is kept nowhere else."""
    try:
        typer.echo(new_identity_key(key_id))
    except ValueError as error:
        fail(f"{error}.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how many codes each key seals; one that seals none can be removed from the setting."""
    _show(asyncio.run(_status(load_settings())), as_json=as_json)


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """Seal everything with the newest key; safe to repeat and to interrupt. Exits 1 if some is unreadable."""
    done, left = asyncio.run(_rotate(load_settings()))
    if as_json:
        print_json({**asdict(done), "keys": [asdict(each) for each in left]})
    else:
        console.print(
            f"Sealed with the newest key: {done.strong_identities} of users,"
            f" {done.registrations} of open registrations."
        )
        _show(left, as_json=False)
    if done.unreadable:
        fail(f"{done.unreadable} could not be read: their key is not in FULLMAKT_IDENTITY_KEYS.")


def _show(uses: Sequence[KeyUse], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in uses])
        return
    rows = [
        (
            each.key_id,
            "newest" if each.is_newest else "older" if each.is_known else "not in the setting",
            str(each.strong_identities),
            str(each.registrations),
        )
        for each in uses
    ]
    showing.table(["Key", "", "Of users", "Of open registrations"], rows, nothing="")


async def _status(settings: Settings) -> Sequence[KeyUse]:
    async with operator_database(settings) as database:
        return await identity_rotation.status(database, settings.identity_keys)


async def _rotate(settings: Settings) -> tuple[Rotated, Sequence[KeyUse]]:
    def progress(count: int) -> None:
        if messages.is_terminal:
            messages.print(f"{count} ...", end="\r")

    async with operator_database(settings) as database:
        done = await identity_rotation.rotate(
            database, settings.identity_keys, now=system_clock(), progress=progress
        )
        return done, await identity_rotation.status(database, settings.identity_keys)
