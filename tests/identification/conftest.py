"""Keys, brokers and clients of identification."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from runtime.http import serving
from runtime.identification_settings import Broker, Identification
from runtime.settings import Address
from starter.identification.client import OpenIdConnectClient
from starter.identification.keys import ClientKeyFile, ClientKeys
from starter.testbroker.app import Registration, broker_app
from starter.testbroker.process import issuer_on, metadata
from tests.clock import SettableClock
from tests.dev_server import free_port
from tests.identification.asking import REDIRECT_URI
from tests.identification.posting import Post
from tests.identification.tampering import CLIENT_ID, TamperingProvider, rsa_key, tampering_provider

MakeClient = Callable[..., OpenIdConnectClient]


@pytest.fixture(scope="session")
def client_key_set() -> ClientKeys:
    """Our keys, of the shortest kind that is accepted."""
    return ClientKeys(tuple(rsa_key(use).as_dict(private=True) | {"use": use} for use in ("sig", "enc")))


@pytest.fixture(scope="session")
def client_keys(client_key_set: ClientKeys, tmp_path_factory: pytest.TempPathFactory) -> ClientKeyFile:
    """The file with our keys, read once for all tests."""
    file = ClientKeyFile(tmp_path_factory.mktemp("identification") / "client-keys.json")
    file.write(client_key_set)
    return file


@pytest.fixture
def own_client_keys(client_key_set: ClientKeys, tmp_path: Path) -> ClientKeyFile:
    """A file with the same keys, which a test may change."""
    file = ClientKeyFile(tmp_path / "client-keys.json")
    file.write(client_key_set)
    return file


@pytest.fixture(scope="session")
async def provider_of_all(client_keys: ClientKeyFile) -> AsyncIterator[TamperingProvider]:
    """Starting and stopping a server takes a fifth of a second, so there is one."""
    async with tampering_provider(client_keys) as made:
        yield made


@pytest.fixture
def provider(provider_of_all: TamperingProvider, clock: SettableClock) -> TamperingProvider:
    """A broker that a test may make dishonest."""
    provider_of_all.reset(clock)
    return provider_of_all


class Seconds:
    """A timer that tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> Seconds:
    """Tells the client how old fetched keys are."""
    return Seconds()


@pytest.fixture
async def make_client(
    client_keys: ClientKeyFile, clock: SettableClock, timer: Seconds
) -> AsyncIterator[MakeClient]:
    """Makes clients of a broker; other settings by name."""
    async with AsyncExitStack() as made:

        def make(
            broker: Broker,
            *,
            production: bool = False,
            keys: ClientKeyFile = client_keys,
            **settings: Any,
        ) -> OpenIdConnectClient:
            client = OpenIdConnectClient(
                Identification(broker=broker, **settings),
                keys,
                production=production,
                clock=clock,
                timer=timer,
            )
            made.push_async_callback(client.close)
            return client

        yield make


@pytest.fixture
def faults() -> Iterator[Callable[[], list[str]]]:
    """The faults that the client wrote to the log."""
    with capture_logs() as lines:
        yield lambda: [line["fault"] for line in lines if line["event"] == "identification.rejected"]


@pytest.fixture(scope="session")
def broker_clock() -> SettableClock:
    """The broker's own; each test sets it to its clock."""
    return SettableClock()


@pytest.fixture(scope="session")
async def broker_of_all(client_keys: ClientKeyFile, broker_clock: SettableClock) -> AsyncIterator[Broker]:
    """The broker's application, here in this process for the sake of its clock."""
    port = free_port()
    registration = Registration(
        issuer_on(port), CLIENT_ID, client_keys.public_path, (REDIRECT_URI.replace(":5000", ""),)
    )
    app = broker_app(registration, clock=broker_clock)
    async with serving(app, Address(port=port), what="The test broker"):
        yield metadata(registration.issuer)


@pytest.fixture
def broker(broker_of_all: Broker, broker_clock: SettableClock, clock: SettableClock) -> Broker:
    """The broker, at the test's time."""
    broker_clock.now = clock.now
    return broker_of_all


@pytest.fixture
def post(broker: Broker, client_keys: ClientKeyFile, clock: SettableClock) -> Post:
    """The client's side, by hand."""
    return Post(broker, client_keys, clock)
