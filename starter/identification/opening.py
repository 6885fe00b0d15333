"""The identification that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.clock import Clock, system_clock
from runtime.settings import Settings
from starter.identification.client import OpenIdConnectClient
from starter.identification.keys import ClientKeyFile
from starter.identification.provider import IdentityProvider

KEYS_FILE = "identification-keys.json"


def key_file(settings: Settings) -> ClientKeyFile:
    """Our keys towards the broker: where the settings say, else in the data directory."""
    return ClientKeyFile(settings.identification.client_keys or settings.data_directory / KEYS_FILE)


@asynccontextmanager
async def open_provider(
    settings: Settings, *, clock: Clock = system_clock
) -> AsyncIterator[IdentityProvider | None]:
    """The broker of the settings, closed with the block; None when they name none.

    Raises KeyFileError when our keys cannot be read.
    """
    if settings.identification.broker is None:
        yield None
        return
    keys = key_file(settings)
    keys.signing_key()
    client = OpenIdConnectClient(settings.identification, keys, production=settings.production, clock=clock)
    try:
        yield client
    finally:
        await client.close()
