"""The `fullmakt` command. What a command needs is imported when it runs, so that help is quick."""

import os
import sys

from starter.cli.root import app

__all__ = ["app", "main"]


def main() -> None:
    """Entry of `fullmakt`."""
    try:
        app()
    except SystemExit as leaving:
        if "temporalio" in sys.modules:
            # Python's own way out may abort in a process that had a Temporal client (sdk-python issue 300).
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_number(leaving))
        raise


def _number(leaving: SystemExit) -> int:
    return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
