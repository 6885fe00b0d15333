"""`fullmakt identification-keys`: our keys towards the broker."""

from pathlib import Path
from typing import Annotated

import typer

from starter.cli.common import console, fail, load_settings, print_json
from starter.identification.keys import ClientKeyFile, KeyFileError, prepared, rotated, without_old
from starter.identification.opening import key_file

app = typer.Typer(help="Our keys towards the identification broker.", no_args_is_help=True)

KeyFile = Annotated[
    Path | None,
    typer.Option("--file", dir_okay=False, help="The file; by default the one that the settings name."),
]


@app.command()
def show(file: KeyFile = None) -> None:
    """Print the public halves, to be sent to the broker."""
    try:
        print_json(_key_file(file).read().public())
    except KeyFileError as error:
        fail(str(error))


@app.command()
def prepare(file: KeyFile = None) -> None:
    """Add the next keys: published, and able to decrypt, but not signing yet.

    Where the broker has our keys in its register, send it `show` after this and wait for its word; then
    `rotate`.
    """
    keys = _key_file(file)
    try:
        keys.write(prepared(keys.ensure()))
    except KeyFileError as error:
        fail(str(error))
    console.print(f"The next keys are in {keys.path}; send the broker {keys.public_path}.", soft_wrap=True)


@app.command()
def rotate(
    file: KeyFile = None,
    remove_old: Annotated[
        bool, typer.Option("--remove-old", help="Only drop the old keys, after the broker forgot them.")
    ] = False,
) -> None:
    """Make the prepared keys the current ones, or new keys when none were prepared; the old ones stay.

    Makes the file when there is none. A running API sees the change by itself.
    """
    keys = _key_file(file)
    try:
        if not keys.path.exists():
            keys.ensure()
        else:
            keys.write(without_old(keys.read()) if remove_old else rotated(keys.read()))
        current = keys.read().current_ids
    except KeyFileError as error:
        fail(str(error))
    console.print(f"Current keys: {current[0]} signs, {current[1]} decrypts.", soft_wrap=True)


def _key_file(given: Path | None) -> ClientKeyFile:
    return key_file(load_settings()) if given is None else ClientKeyFile(given)
