"""Migrations give exactly the tables that the code has, on both databases, there and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, make_url, text

from store import migrate
from store.database import Database
from store.tables import METADATA

PARTIAL = {
    ("authorizations", "uq_authorizations_active"),
    ("contract_links", "uq_contract_links_open"),
    ("erasures", "uq_erasures_under_way"),
    ("invitations", "uq_invitations_open"),
    ("rights_requests", "uq_rights_requests_open"),
}


@contextmanager
def connected(database_url: str) -> Iterator[Connection]:
    url = make_url(database_url)
    engine = create_engine(url if url.drivername == "sqlite" else url.set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def drift(database_url: str) -> list[Any]:
    """What a new migration would have to change."""
    with connected(database_url) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        differences: list[Any] = compare_metadata(
            MigrationContext.configure(connection, opts=options), METADATA
        )
        return differences


def partial_indexes(database_url: str) -> set[tuple[str, str]]:
    """The unique indexes that hold for some rows only, which Alembic does not compare."""
    with connected(database_url) as connection:
        inspector = inspect(connection)
        return {
            (table, str(index["name"]))
            for table in inspector.get_table_names()
            for index in inspector.get_indexes(table)
            if index["unique"] and any("where" in option for option in index.get("dialect_options", {}))
        }


def tables(database_url: str) -> set[str]:
    with connected(database_url) as connection:
        return set(inspect(connection).get_table_names())


def test_up_down_and_up_again(database_url: str) -> None:
    assert drift(database_url) == []
    assert partial_indexes(database_url) == PARTIAL
    all_tables = tables(database_url)
    assert all_tables == {*METADATA.tables, "alembic_version"}

    migrate.downgrade(database_url, "base")
    assert tables(database_url) == {"alembic_version"}

    migrate.upgrade(database_url)
    assert tables(database_url) == all_tables
    assert drift(database_url) == []
    assert partial_indexes(database_url) == PARTIAL
    migrate.upgrade(database_url)  # nothing more to do


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE users ADD COLUMN nickname VARCHAR(10)",
        "ALTER TABLE invitations DROP COLUMN purged_at",
        "DROP INDEX ix_outbox_created_at",
        "DROP TABLE counters",
    ],
)
def test_drift_would_be_seen(database_url: str, change: str) -> None:
    with connected(database_url) as connection:
        connection.execute(text(change))
    assert drift(database_url) != []


async def test_whether_a_database_is_current(database_url: str) -> None:
    database = Database(database_url)
    assert await migrate.is_current(database)
    with connected(database_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of_a_newer_release'"))
    assert not await migrate.is_current(database)
    await database.close()
