"""Alembic's entry: runs migrations on the connection that `store.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from store import base
from store.tables import METADATA


def render_plain_type(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Migrations name the database's own types, so they never change with our Python ones."""
    if kind == "type":
        if isinstance(item, base.UtcDateTime):
            return "sa.DateTime(timezone=True)"
        if isinstance(item, base.EnumText):
            return f"sa.String({item.impl.length})"
        if isinstance(item, base.LevelsJson | base.JsonObject):
            return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run(connection: Connection) -> None:
    """One transaction for the whole upgrade; batch mode because SQLite cannot alter a table in place."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        render_item=render_plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
