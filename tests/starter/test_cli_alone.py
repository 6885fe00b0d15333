"""What the `fullmakt` command does without a stack: help, the API's description, previews."""

import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from starter.cli import app
from starter.cli.root import _ENTRIES, _Later


def test_help_of_the_list_is_that_of_the_commands() -> None:
    for name, entry in _ENTRIES.items():
        real = _Later(name, entry)._real()
        shown = (real.help or "").partition("\n")[0]
        assert shown.startswith(entry.help.rstrip(".")), name


def test_help_lists_all_commands_and_imports_nothing_heavy() -> None:
    code = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules));"
        "import starter.cli; starter.cli.app(['--help'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    *shown, modules = done.stdout.splitlines()
    assert set(_ENTRIES) <= set(" ".join(shown).split())
    assert not {"temporalio", "sqlalchemy", "fastapi", "pydantic", "httpx2"} & set(modules.split())


def test_the_checked_in_description_is_that_of_the_code() -> None:
    result = CliRunner().invoke(app, ["openapi", "--check"])

    assert result.exit_code == 0, result.stderr


def test_previews_show_every_email(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["emails", "preview", "--directory", str(tmp_path)])

    assert result.stdout.strip() == str(tmp_path / "index.html")
    assert (tmp_path / "invitation.fi.html").is_file()
