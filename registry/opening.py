"""The registry that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from registry.client import CustomerRegistry
from registry.http import HttpRegistry
from registry.tables import SqlRegistry
from runtime.keys import Keys
from runtime.settings import Settings
from store.database import Database


@asynccontextmanager
async def open_registry(
    settings: Settings, database: Database, keys: Keys
) -> AsyncIterator[CustomerRegistry]:
    """The retailer's own over HTTP when its url is set, and our tables otherwise; closed with the block."""
    registry = settings.registry
    if registry.url is None or registry.token is None:
        yield SqlRegistry(database, keys.identity_index)
        return
    http = HttpRegistry(
        url=str(registry.url),
        token=registry.token.get_secret_value(),
        timeout=registry.timeout,
        allow_temporary=not settings.production,
    )
    try:
        yield http
    finally:
        await http.close()
