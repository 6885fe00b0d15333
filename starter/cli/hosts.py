"""`fullmakt setup`, `migrate`, `api` and `worker`: each a process of its own, as in production."""

import runpy

import typer

from runtime import logs
from starter.cli.common import console, load_settings, run_host
from starter.preparation import migrate_database
from starter.serve import serve_api, set_up

app = typer.Typer()


@app.command()
def setup() -> None:
    """Prepare what the settings name: database, search attributes, schedules. Safe to repeat."""
    run_host(set_up(load_settings()))
    console.print("Database, search attributes and schedules are ready.")


@app.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    run_host(migrate_database(load_settings()))
    console.print("The database is of this version.")


@app.command()
def api() -> None:
    """Serve the API until SIGTERM or Ctrl-C. It starts even while Temporal is down."""
    settings = load_settings()
    logs.configure(settings.log_level)
    run_host(serve_api(settings))


@app.command()
def worker() -> None:
    """Run a worker until SIGTERM or Ctrl-C; what it has begun is finished first."""
    load_settings()
    runpy.run_module("worker", run_name="__main__")
