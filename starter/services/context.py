"""What the use cases need of the world, built once by the host (or a test)."""

from dataclasses import dataclass, field

from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.runtime import Runtime

from emails.brand import brand
from emails.render import Brand
from runtime.clock import Clock
from runtime.identity_vault import IdentityVault
from runtime.keys import Keys
from runtime.outbox import Outbox
from runtime.settings import Settings
from starter.identification.provider import IdentityProvider
from store.database import Database


@dataclass(frozen=True)
class Services:
    """Settings, database, clock, Temporal; and what follows from them."""

    settings: Settings
    database: Database
    clock: Clock
    client: Client
    outbox: Outbox
    runtime: Runtime | None = None
    # None: strong identification is not set up here, and whoever asks for it is told to try later.
    identity_provider: IdentityProvider | None = None
    keys: Keys = field(init=False)
    vault: IdentityVault = field(init=False)
    brand: Brand = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", Keys(self.settings.secret_key.get_secret_value()))
        object.__setattr__(self, "vault", IdentityVault(self.settings.identity_keys))
        object.__setattr__(self, "brand", brand(self.settings))

    @property
    def meter(self) -> MetricMeter:
        """Where this process counts; shown with the SDK's own metrics."""
        return self.runtime.metric_meter if self.runtime else MetricMeter.noop
