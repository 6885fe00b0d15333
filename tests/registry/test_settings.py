"""Settings of the registry, and which adapter they open."""

import pytest
from pydantic import ValidationError

from registry.http import HttpRegistry
from registry.opening import open_registry
from registry.tables import SqlRegistry
from runtime.registry_settings import Registry
from runtime.settings import Settings
from store.database import Database
from tests.factories import KEYS

SECRET = "secret-of-the-registry"


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://crm.example.com/api"},
        {"token": SECRET},
        {"url": "http://crm.example.com/api", "token": SECRET},
        {"url": "https://fullmakt:word@crm.example.com/", "token": SECRET},
        {"url": "https://crm.example.com/?key=1", "token": SECRET},
        {"url": "ftp://crm.example.com/", "token": SECRET},
        {"url": "https://crm.example.com/", "token": SECRET, "timeout": "PT31S"},
        {"url": "https://crm.example.com/", "token": SECRET, "pull_every": "PT1S"},
    ],
)
def test_what_cannot_be_meant_is_refused_without_telling_it(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Registry.model_validate(given)
    assert SECRET not in str(refused.value)


async def test_the_adapter_is_the_servers_when_there_is_one(sqlite_database: Database) -> None:
    for given, adapter in (
        ({}, SqlRegistry),
        ({"url": "https://crm.example.com/api", "token": SECRET}, HttpRegistry),
        ({"url": "http://127.0.0.1:9000", "token": SECRET}, HttpRegistry),
    ):
        settings = Settings(_env_file=None, registry=Registry.model_validate(given))
        async with open_registry(settings, sqlite_database, KEYS) as registry:
            assert isinstance(registry, adapter)
        assert SECRET not in repr(settings)
