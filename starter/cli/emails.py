"""`fullmakt emails preview`: every e-mail in every language, for eyes."""

from pathlib import Path
from typing import Annotated

import typer

from emails.preview import write_previews
from starter.cli.common import console, fail

app = typer.Typer(help="E-mails: look at all of them.", no_args_is_help=True)


@app.callback()
def emails() -> None:
    """E-mails: look at all of them."""


@app.command()
def preview(
    directory: Annotated[Path, typer.Option(help="Where the pages are written.", file_okay=False)] = Path(
        ".data/previews"
    ),
) -> None:
    """Write every e-mail in every language as a page, and print the path of the page that shows them all."""
    try:
        index = write_previews(directory)[0]
    except OSError as error:
        fail(f"{directory} cannot be written: {error.strerror}.")
    console.print(str(index.absolute()), soft_wrap=True)
