"""Settings: environment variables `FULLMAKT_*` (nested with `__`), or a `.env` file.

The defaults run the one-machine stack.

How Temporal is reached is not here: that is Temporal's own environment configuration (`TEMPORAL_ADDRESS`,
`TEMPORAL_NAMESPACE`, `TEMPORAL_TLS_*`, `TEMPORAL_API_KEY`, profiles), read by `runtime.temporal`.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, HttpUrl, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.account_links import AccountLinkWaits
from domain.authorization_changes import AuthorizationChangeWaits
from domain.contract_links import ContractLinkWaits
from domain.erasures import ErasureWaits
from domain.invitations import InvitationWaits
from domain.registrations import RegistrationWaits
from domain.rights_requests import RightsRequestWaits
from domain.roles import EXISTING_LEVELS
from domain.vocabulary import Language, Level, NameSuggestion, Subpage
from runtime.identification_settings import Identification
from runtime.identity_vault import DEVELOPMENT_IDENTITY_KEY, IdentityVault
from runtime.registry_settings import Registry
from runtime.service_credentials import ServiceCredentials

DEVELOPMENT_KEY = "development-key-that-production-refuses"
_MINIMUM_KEY_LENGTH = 32

Port = Annotated[int, Field(ge=0, le=65535)]


class Address(BaseModel):
    """Where something listens."""

    host: str = "127.0.0.1"
    port: Port

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Retailer(BaseModel):
    """The retailer as customers know it: on pages and in e-mails."""

    service_name: str = "Fullmakt"
    name: str = "Exempel Energi"
    customer_service_phone: str = "+358 9 123 4567"
    customer_service_email: str = "kundtjanst@example.com"
    customer_service_hours: dict[Language, str] = {
        Language.SWEDISH: "vardagar kl. 8–16",
        Language.FINNISH: "arkisin klo 8–16",
        Language.ENGLISH: "weekdays 8–16",
    }
    time_zone: str = "Europe/Helsinki"
    terms_version: str = "2026-11"


class Smtp(BaseModel):
    """The outgoing mail server."""

    host: str = "127.0.0.1"
    port: Port = 2525
    security: str = Field(default="none", pattern="^(none|starttls|tls)$")
    username: str | None = None
    password: SecretStr | None = None
    timeout: timedelta = timedelta(seconds=30)
    sender: str = "no-reply@example.com"


class InvitationLimits(BaseModel):
    """How many invitations are too many (spec 3.1, step 4)."""

    per_inviter_and_day: int = 20
    per_inviter_address_and_day: int = 5
    name_suggestions_per_hour: int = 30
    rights_requests_per_user_and_day: int = 10
    lookups_per_source_and_minute: int = 30


class RegistrationLimits(BaseModel):
    """How many tries are too many (spec 3.2, step 3)."""

    mismatches_per_person_and_day: int = 5
    usernames_per_person_and_day: int = 30
    confirmation_emails: int = 5
    confirmation_emails_per_person_address_and_day: int = 5
    # How often details can be sent in one registration.
    submissions: int = 50
    identifications_per_holder_and_hour: int = 30
    contract_links_per_user_and_day: int = 20
    starts_per_source_and_hour: int = 60
    service_requests_per_source_and_day: int = 10


class AccountLimits(BaseModel):
    """How often links and e-mails about an account are sent, and a password is tried there (spec 3.7)."""

    per_source_and_hour: int = 30
    per_address_and_hour: int = 5
    email_changes_per_user_and_day: int = 10
    # By somebody who is logged in, to change password or address.
    passwords_per_user_and_hour: int = 20


class SessionRules(BaseModel):
    """How long a log-in lasts, and how many wrong passwords are too many."""

    lifetime: timedelta = timedelta(hours=12)
    idle: timedelta = timedelta(hours=1)
    # For one username from one source; then that source waits, nobody else.
    failures_per_source: int = 10
    # From one source over all usernames.
    failures_of_source: int = 100
    # For one username from sources it never logged in from; known sources are not affected.
    failures_of_strangers: int = 50
    failure_window: timedelta = timedelta(minutes=15)
    source_known_for: timedelta = timedelta(days=90)
    # For how long a strong identification opens what asks for one (spec 3.7).
    identification_fresh: timedelta = timedelta(minutes=30)


class Retention(BaseModel):
    """For how long things are kept after their end; the nightly housekeeping erases them (spec 3.7)."""

    # The invited person's address, names and message: of who did not accept, and of who did.
    refused_invitations: timedelta = timedelta(days=30)
    accepted_invitations: timedelta = timedelta(days=365)
    # What somebody gave customer service to be reached.
    service_requests: timedelta = timedelta(days=730)
    # How processes went: e-mails' states, changes of authorizations, fetchings, requests, registrations.
    processes: timedelta = timedelta(days=730)
    # Authorizations and invitations that ended, and the audit trail.
    history: timedelta = timedelta(days=5 * 365)
    idempotency_keys: timedelta = timedelta(hours=24)
    sessions: timedelta = timedelta(days=90)
    drafts: timedelta = timedelta(hours=24)
    # Without addresses; they know from where somebody is no stranger.
    account_links: timedelta = timedelta(days=90)


class EService(BaseModel):
    """One of the retailer's e-services, and the level on a subpage that opens it to a user."""

    name: dict[Language, str]
    description: dict[Language, str] | None = None
    address: HttpUrl
    subpage: Subpage
    level: Level = Level.READ

    @field_validator("name", "description")
    @classmethod
    def _in_every_language(cls, texts: dict[Language, str] | None) -> dict[Language, str] | None:
        if texts is not None and (set(texts) != set(Language) or not all(texts.values())):
            raise ValueError("a text is needed in every language")
        return texts

    @model_validator(mode="after")
    def _can_be_open_to_somebody(self) -> Self:
        if self.level is Level.NONE or self.level not in EXISTING_LEVELS[self.subpage]:
            raise ValueError("the subpage does not have that level")
        return self


def _in_languages(swedish: str, finnish: str, english: str) -> dict[Language, str]:
    return {Language.SWEDISH: swedish, Language.FINNISH: finnish, Language.ENGLISH: english}


def _sample_e_services() -> list[EService]:
    """Until an installation names its own."""
    addresses = "https://e-services.example.com/"
    return [
        EService(
            name=_in_languages("Förbrukning", "Kulutus", "Consumption"),
            description=_in_languages(
                "Se förbrukningen timme för timme.",
                "Katso kulutus tunti tunnilta.",
                "See the consumption hour by hour.",
            ),
            address=HttpUrl(f"{addresses}consumption"),
            subpage=Subpage.CONSUMPTION,
        ),
        EService(
            name=_in_languages("Rapporter", "Raportit", "Reports"),
            description=_in_languages(
                "Jämför månader och år.", "Vertaile kuukausia ja vuosia.", "Compare months and years."
            ),
            address=HttpUrl(f"{addresses}reports"),
            subpage=Subpage.REPORTS,
        ),
        EService(
            name=_in_languages("Avtal", "Sopimukset", "Contracts"),
            description=_in_languages(
                "Se avtalen och deras villkor.",
                "Katso sopimukset ja niiden ehdot.",
                "See contracts and their terms.",
            ),
            address=HttpUrl(f"{addresses}contracts"),
            subpage=Subpage.CONTRACTS,
        ),
        EService(
            name=_in_languages("Fakturor", "Laskut", "Invoices"),
            description=_in_languages(
                "Se fakturorna och när de förfaller.",
                "Katso laskut ja niiden eräpäivät.",
                "See the invoices and when they are due.",
            ),
            address=HttpUrl(f"{addresses}invoices"),
            subpage=Subpage.INVOICES,
        ),
        EService(
            name=_in_languages("Kontaktuppgifter", "Yhteystiedot", "Contact details"),
            description=_in_languages(
                "Se vart fakturor och meddelanden skickas.",
                "Katso, minne laskut ja viestit lähetetään.",
                "See where invoices and messages are sent.",
            ),
            address=HttpUrl(f"{addresses}contact-details"),
            subpage=Subpage.CONTACT_DETAILS,
        ),
    ]


class Settings(BaseSettings):
    """All of it. Raises pydantic's ValidationError, which names the wrong ones without their values."""

    model_config = SettingsConfigDict(
        env_prefix="FULLMAKT_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        hide_input_in_errors=True,
    )

    production: bool = False
    data_directory: Path = Path(".data")
    database_url: str = ""
    # The address under which people reach the service; links in e-mails use it and nothing else.
    origin: HttpUrl = HttpUrl("http://127.0.0.1:8000")
    # One key for tokens, indexes and hashes of sources; each use derives its own from it.
    secret_key: SecretStr = SecretStr(DEVELOPMENT_KEY)
    # Keys that encrypt personal identity codes, the newest first; as JSON in the environment.
    identity_keys: list[SecretStr] = [SecretStr(DEVELOPMENT_IDENTITY_KEY)]

    api: Address = Address(port=8000)
    api_metrics: Address = Address(port=9464)
    worker_metrics: Address = Address(port=9465)
    worker_health: Address = Address(port=8001)
    # Proxies whose X-Forwarded-For is believed (addresses or networks, comma-separated).
    trusted_proxies: str = "127.0.0.1"

    task_queue: str = "fullmakt"
    # Set it to deploy workers with Temporal's Worker Versioning; unset for one plain worker.
    worker_build_id: str | None = None
    maximum_cached_workflows: int = 500

    default_language: Language = Language.SWEDISH
    retailer: Retailer = Retailer()
    smtp: Smtp = Smtp()
    waits: InvitationWaits = InvitationWaits()
    limits: InvitationLimits = InvitationLimits()
    registration: RegistrationWaits = RegistrationWaits()
    registration_limits: RegistrationLimits = RegistrationLimits()
    contract_link: ContractLinkWaits = ContractLinkWaits()
    authorization_change: AuthorizationChangeWaits = AuthorizationChangeWaits()
    rights_request: RightsRequestWaits = RightsRequestWaits()
    erasure: ErasureWaits = ErasureWaits()
    account_link: AccountLinkWaits = AccountLinkWaits()
    account_limits: AccountLimits = AccountLimits()
    identification: Identification = Field(default_factory=Identification)
    registry: Registry = Field(default_factory=Registry)
    sessions: SessionRules = SessionRules()
    retention: Retention = Retention()
    name_suggestion: NameSuggestion = NameSuggestion.SHARED_OR_OPTED_IN
    # What the choice of service offers; as JSON in the environment.
    e_services: list[EService] = Field(default_factory=_sample_e_services)
    service_credentials: ServiceCredentials = []

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    # Where the one-machine stack puts its own parts.
    stack_temporal_port: Port = 7233
    stack_temporal_ui_port: Port = 8233
    stack_mail_port: Port = 8025
    stack_broker_port: Port = 8026

    @field_validator("origin")
    @classmethod
    def _origin_is_bare(cls, origin: HttpUrl) -> HttpUrl:
        if origin.path not in {None, "/"} or origin.query or origin.fragment or origin.username:
            raise ValueError("origin is a scheme, a host and perhaps a port, without a path")
        return origin

    @field_validator("identity_keys")
    @classmethod
    def _identity_keys_are_keys(cls, keys: list[SecretStr]) -> list[SecretStr]:
        IdentityVault(keys)
        return keys

    @model_validator(mode="after")
    def _defaults_and_production(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite:///{(self.data_directory / 'fullmakt.db').absolute()}"
        if self.production:
            self._refuse_development_defaults()
        return self

    def _refuse_development_defaults(self) -> None:
        key = self.secret_key.get_secret_value()
        if key == DEVELOPMENT_KEY or len(key) < _MINIMUM_KEY_LENGTH:
            raise ValueError("production needs a secret_key of its own, 32 characters or more")
        if self.origin.scheme != "https":
            raise ValueError("production needs an https origin")
        if IdentityVault(self.identity_keys).holds_development_key:
            raise ValueError("production needs identity_keys of its own")
        if faults := self.identification.faults_in_production():
            raise ValueError("; ".join(faults))

    @property
    def origin_url(self) -> str:
        """The origin without a trailing slash."""
        return str(self.origin).rstrip("/")

    @property
    def mail_domain(self) -> str:
        """The right side of Message-IDs."""
        return self.smtp.sender.rpartition("@")[2]
