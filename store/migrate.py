"""Brings a database to the tables that this code expects (Alembic; migrations in `store/migrations/`)."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url

from store.database import Database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _run(database_url: str, revision: str, *, down: bool = False) -> None:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    else:
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, revision)
    finally:
        engine.dispose()


def upgrade(database_url: str, revision: str = "head") -> None:
    """Applies what is missing; nothing when the database is current. SQLite's file is made when absent.

    Blocking: call it before the event loop, or in a thread.
    """
    _run(database_url, revision)


def downgrade(database_url: str, revision: str) -> None:
    """Takes migrations back to a revision (`base`: all of them)."""
    _run(database_url, revision, down=True)


def new_revision(message: str) -> None:
    """Writes a migration for what the tables in code have and the migrations do not make yet."""
    with TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/scratch.db"
        upgrade(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.revision(config, message=message, autogenerate=True)
        engine.dispose()


def _heads(connection: Connection) -> bool:
    current = set(MigrationContext.configure(connection).get_current_heads())
    return current == set(ScriptDirectory.from_config(_config()).get_heads())


async def is_current(database: Database) -> bool:
    """Whether the database has all migrations that this code knows, and no others."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_heads)


if __name__ == "__main__":
    new_revision(sys.argv[1])
