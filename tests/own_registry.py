"""The customer registry in our own tables, as workers of tests have it."""

from registry.tables import SqlRegistry
from runtime.keys import Keys
from runtime.settings import Settings
from store.database import Database


def own_registry(settings: Settings, database: Database) -> SqlRegistry:
    """The adapter that the settings' default opens."""
    return SqlRegistry(database, Keys(settings.secret_key.get_secret_value()).identity_index)
