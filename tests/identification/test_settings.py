"""The settings of identification: what production refuses, and where answers may go."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.vocabulary import Language
from runtime.identification_settings import Broker, Identification, redirect_matches

REAL: dict[str, Any] = {
    "issuer": "https://broker.example.com",
    "authorization_endpoint": "https://broker.example.com/authorize",
    "token_endpoint": "https://broker.example.com/token",
    "keys_file": "broker-keys.json",
}


def _identification(**changes: Any) -> Identification:
    given = {"broker": Broker(**REAL), "client_keys": Path("client-keys.json")} | changes
    return Identification(**given)


def test_a_real_broker_is_fit_for_production() -> None:
    assert _identification().faults_in_production() == []
    # Workers need none, nor does an installation where nobody identifies.
    assert Identification().faults_in_production() == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client_keys": None}, "client_keys"),
        ({"broker": Broker(**REAL | {"issuer": "http://broker.example.com"})}, "broker.issuer"),
        ({"broker": Broker(**REAL | {"token_endpoint": "https://127.0.0.1/t"})}, "broker.token_endpoint"),
        ({"broker": Broker(**REAL | {"userinfo_endpoint": "https://localhost/u"})}, "userinfo_endpoint"),
        ({"redirect_addresses": ["http://127.0.0.1/callback"]}, "redirect_addresses"),
        ({"redirect_addresses": ["https://[::1]/callback"]}, "redirect_addresses"),
    ],
)
def test_what_belongs_to_tests_is_not(changes: dict[str, Any], named: str) -> None:
    [fault] = _identification(**changes).faults_in_production()

    assert named in fault


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "broker.example.com"},
        {"issuer": "ftp://broker.example.com"},
        {"token_endpoint": "https://user@broker.example.com/"},
        {"token_endpoint": "https://broker.example.com/#x"},
        {"authorization_endpoint": "https://broker.example.com:port/"},
        {"keys_file": None},
        {"keys_url": "https://broker.example.com/jwks"},
    ],
)
def test_a_broker_needs_its_addresses_and_one_source_of_keys(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Broker(**REAL | changes)


def test_addresses_are_kept_as_they_were_written() -> None:
    """Issuers are compared character by character, so nothing is added to them."""
    assert _identification().broker is not None
    assert Broker(**REAL).issuer == "https://broker.example.com"
    assert Broker(**REAL).authorization_origin == "https://broker.example.com"


def test_the_choices_have_names_in_three_languages() -> None:
    means = Identification().means

    assert len(means) == 11
    assert [each.names[Language.SWEDISH] for each in means] == [
        "Aktia",
        "Danske Bank",
        "Handelsbanken",
        "Nooa Sparbank",
        "Nordea",
        "OP",
        "POP Banken",
        "S-Banken",
        "LokalTapiola",
        "Ålandsbanken",
        "Mobilcertifikat",
    ]
    with pytest.raises(ValidationError):
        Identification(means=[means[0], means[0]])


@pytest.mark.parametrize(
    ("registered", "given", "matches"),
    [
        ("https://x.example/cb", "https://x.example/cb", True),
        ("https://x.example/cb", "https://x.example/cb/", False),
        ("https://x.example/cb", "https://x.example/cb?a=b", False),
        ("https://x.example/cb", "https://x.example:8443/cb", False),
        ("https://x.example/cb", "https://x.example@evil.example/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", True),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", True),
        ("http://[::1]/cb", "http://[::1]:49152/cb", True),
        ("http://127.0.0.1/cb", "https://127.0.0.1:49152/cb", False),
        ("http://127.0.0.1/cb", "http://localhost:49152/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/other", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?x=1", False),
        ("http://127.0.0.1/cb", "http://a@127.0.0.1:49152/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152\\@evil.example/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", False),
        ("http://localhost/cb", "http://localhost:49152/cb", False),
    ],
)
def test_a_redirect_address_is_the_registered_one_but_for_a_loopback_port(
    registered: str, given: str, matches: bool
) -> None:
    assert redirect_matches(registered, given) is matches
    assert Identification(redirect_addresses=[registered]).allows_redirect(given) is matches
