"""Settings of strong identification (spec section 5): the broker, what we are to it, the choices it offers.

`FULLMAKT_IDENTIFICATION__BROKER__ISSUER` and so on. The broker's metadata are settings, not fetched from its
discovery document: the Finnish Trust Network exchanges them (and keys) beforehand, and an address that came
over the network could not be trusted more than the one it came from.
"""

import ipaddress
import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator

from runtime.identification_means import IdentificationMeans, sample_means


class AssuranceLevel(StrEnum):
    """How sure an identification is (eIDAS), as the Trust Network writes it in `acr`."""

    SUBSTANTIAL = "http://ftn.ficora.fi/2017/loa2"
    HIGH = "http://ftn.ficora.fi/2017/loa3"

    @property
    def in_tests(self) -> str:
        """What brokers' test environments say instead."""
        return self.value.replace("/loa", "/loatest")


def _absolute(url: str) -> str:
    """A web address, kept as it was written: issuers are compared character by character."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or parts.username or parts.fragment:
        raise ValueError("an absolute http or https address without user name and fragment is needed")
    return url


Address = Annotated[str, AfterValidator(_absolute)]


class Broker(BaseModel):
    """The identification broker, as its metadata describe it."""

    issuer: Address
    authorization_endpoint: Address
    token_endpoint: Address
    # Brokers that put everything into the ID token have none.
    userinfo_endpoint: Address | None = None
    # Set it to push requests (RFC 9126); unset, the signed request travels through the browser.
    pushed_authorization_request_endpoint: Address | None = None
    # Its public keys, one of the two: a file with the set that was exchanged, or where it is published.
    keys_file: Path | None = None
    keys_url: Address | None = None
    # Whether its answers name it (RFC 9207). One that says so in its metadata must do so each time.
    names_itself: bool = True
    scope: str = "openid ftn_hetu"
    # The parameter that tells which bank or certificate was chosen here; brokers differ.
    means_parameter: str = "ftn_idp_id"

    @model_validator(mode="after")
    def _keys_come_from_one_place(self) -> Self:
        if (self.keys_file is None) == (self.keys_url is None):
            raise ValueError("the broker's keys come from keys_file or from keys_url, one of them")
        return self

    @property
    def authorization_origin(self) -> str:
        """Scheme, host and port that a browser is sent to."""
        parts = urlsplit(self.authorization_endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Every address, with the name of its setting."""
        for name in (
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "pushed_authorization_request_endpoint",
            "keys_url",
        ):
            if (address := getattr(self, name)) is not None:
                yield name, address


class Identification(BaseModel):
    """Strong identification. Without a broker nobody can; the one-machine stack starts one, for tests."""

    broker: Broker | None = None
    client_id: str = Field(default="fullmakt", min_length=1)
    # What the bank shows as the asking service; not needed where the broker has it in its register.
    service_name: str | None = Field(default=None, max_length=40)
    # Our private keys (`fullmakt identification-keys`). The one-machine stack makes its own.
    client_keys: Path | None = None
    levels: list[AssuranceLevel] = Field(default_factory=lambda: list(AssuranceLevel), min_length=1)
    # How far the broker's clock may be from ours.
    clock_skew: timedelta = timedelta(seconds=30)
    # For one request to the broker, from connecting to the last byte.
    timeout: timedelta = timedelta(seconds=10)
    # Fetched keys are used for so long, and not fetched again sooner than that.
    keys_lifetime: timedelta = timedelta(hours=1)
    keys_pause: timedelta = timedelta(seconds=10)
    # Where other frontends get the broker's answer. A loopback address stands for all its ports (RFC 8252).
    redirect_addresses: list[Address] = Field(default_factory=list)
    # As JSON in the environment.
    means: list[IdentificationMeans] = Field(default_factory=sample_means, min_length=1)

    @field_validator("means")
    @classmethod
    def _ids_differ(cls, means: list[IdentificationMeans]) -> list[IdentificationMeans]:
        if len({each.id for each in means}) != len(means):
            raise ValueError("two means of identification have the same id")
        return means

    def means_by_id(self, means_id: str) -> IdentificationMeans | None:
        """The means of an id; None when it is not offered."""
        return next((each for each in self.means if each.id == means_id), None)

    def accepted_levels(self, *, production: bool) -> list[str]:
        """The values of `acr` that are asked for and accepted. Test levels outside production only."""
        real = [level.value for level in self.levels]
        return real if production else [*(level.in_tests for level in self.levels), *real]

    def allows_redirect(self, address: str) -> bool:
        """Whether another frontend may get the answer there."""
        return any(redirect_matches(registered, address) for registered in self.redirect_addresses)

    def faults_in_production(self) -> list[str]:
        """What production refuses in these settings, one sentence each; nothing when they are fit for it."""
        return list(self._faults())

    def _faults(self) -> Iterator[str]:
        for name, address in () if self.broker is None else self.broker.addresses():
            if not address.startswith("https://") or is_loopback(address):
                yield f"identification.broker.{name} must be a real broker's https address in production"
        if self.broker is not None and self.client_keys is None:
            yield "identification.client_keys must name a file in production"
        for place, address in enumerate(self.redirect_addresses, start=1):
            if not address.startswith("https://") or is_loopback(address):
                yield f"identification.redirect_addresses: number {place} must be https in production"


def redirect_matches(registered: str, given: str) -> bool:
    """Whether a redirect address is the registered one: the same text, or the same but for the port of a
    loopback literal (RFC 8252, 7.3).
    """
    if registered == given:
        return True
    ours, theirs = _split(registered), _split(given)
    return (
        ours is not None
        and theirs is not None
        and ours.scheme == theirs.scheme == "http"
        and ours.hostname in {"127.0.0.1", "::1"}
        and theirs.netloc == _with_port(ours, theirs.port)
        and (ours.path, ours.query, ours.fragment) == (theirs.path, theirs.query, theirs.fragment)
    )


def is_loopback(address: str) -> bool:
    """Whether a web address leads to this machine itself."""
    parts = _split(address)
    if parts is None or parts.hostname is None:
        return False
    if re.fullmatch(r"(.*\.)?localhost\.?", parts.hostname):
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def _with_port(parts: SplitResult, port: int | None) -> str:
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else str(parts.hostname)
    return host if port is None else f"{host}:{port}"


def _split(url: str) -> SplitResult | None:
    """Its parts; None for what no browser would read the same way everywhere."""
    if not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a wrong one
    except ValueError:
        return None
    return parts if parts.hostname else None
