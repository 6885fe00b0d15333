"""`fullmakt demo`: the main job on a fresh stack, told and checked."""

import sys

import typer

from starter.cli.common import console, load_settings, run_host
from starter.demo import Demo

app = typer.Typer()


@app.command()
def demo() -> None:
    """Run the main job on a fresh stack and check everything about it; exits 1 when anything is wrong.

    On a terminal it stays up afterwards, with things to try, until Ctrl-C.
    """
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    played = Demo(load_settings().data_directory / "demo", console, stays_up=at_terminal)
    run_host(played.run())
    raise typer.Exit(0 if played.passed else 1)
