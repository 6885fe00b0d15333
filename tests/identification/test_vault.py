"""Identity codes as they are kept: readable for their owner's row alone, with keys that change."""

import base64
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from runtime.identity_vault import (
    DEVELOPMENT_IDENTITY_KEY,
    IdentityKeyUnknown,
    IdentityVault,
    SealedIdentityBroken,
    new_identity_key,
)

OWNER = UUID(int=1)
OLD, NEW = (SecretStr(new_identity_key(name)) for name in ("2026-10", "2026-11"))
VAULT = IdentityVault([NEW, OLD])
CODES = st.text(st.characters(codec="utf-8"), max_size=40)


@given(code=CODES, owner=st.uuids())
def test_what_is_sealed_opens_for_its_owner(code: str, owner: UUID) -> None:
    sealed = VAULT.seal(code, owner)

    assert VAULT.open(sealed, owner) == code
    assert sealed.startswith("2026-11.")
    assert VAULT.seal(code, owner) != sealed


@given(owner=st.uuids().filter(lambda owner: owner != OWNER))
def test_it_opens_for_nobody_else(owner: UUID) -> None:
    with pytest.raises(SealedIdentityBroken):
        VAULT.open(VAULT.seal("120872-901U", OWNER), owner)


@given(
    place=st.integers(min_value=0, max_value=59),
    character=st.sampled_from("ABCXYZabcxyz0189-_=.+/ é"),
)
def test_a_changed_character_is_noticed(place: int, character: str) -> None:
    sealed = VAULT.seal("120872-901U", OWNER)
    changed = sealed[:place] + character + sealed[place + 1 :]

    if changed != sealed:
        with pytest.raises((SealedIdentityBroken, IdentityKeyUnknown)):
            VAULT.open(changed, OWNER)


@given(length=st.integers(min_value=0, max_value=59))
def test_a_part_of_it_is_nothing(length: int) -> None:
    with pytest.raises((SealedIdentityBroken, IdentityKeyUnknown)) as refused:
        VAULT.open(VAULT.seal("120872-901U", OWNER)[:length], OWNER)

    assert "120872" not in str(refused.value)


def test_old_keys_still_open_until_they_are_removed() -> None:
    sealed = IdentityVault([OLD]).seal("120872-901U", OWNER)

    assert VAULT.open(sealed, OWNER) == "120872-901U"
    assert not VAULT.is_current(sealed)
    assert VAULT.is_current(VAULT.seal("120872-901U", OWNER))
    with pytest.raises(IdentityKeyUnknown):
        IdentityVault([NEW]).open(sealed, OWNER)


def test_a_key_does_not_pass_for_another_one() -> None:
    """The same bytes under another id, or another key's ciphertext under this one's."""
    renamed = IdentityVault([SecretStr("other:" + NEW.get_secret_value().partition(":")[2])])
    sealed = VAULT.seal("120872-901U", OWNER)

    with pytest.raises(SealedIdentityBroken):
        renamed.open(sealed.replace("2026-11.", "other."), OWNER)
    with pytest.raises(SealedIdentityBroken):
        VAULT.open(sealed.replace("2026-11.", "2026-10."), OWNER)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["nothing"],
        [f"a b:{base64.b64encode(bytes(32)).decode()}"],
        [f":{base64.b64encode(bytes(32)).decode()}"],
        [f"short:{base64.b64encode(bytes(16)).decode()}"],
        [f"wrong:{base64.b64encode(bytes(32)).decode()[:-2]}!="],
        [NEW.get_secret_value(), NEW.get_secret_value()],
    ],
)
def test_wrong_keys_are_refused_without_being_shown(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="key") as refused:
        IdentityVault([SecretStr(key) for key in keys])

    assert not any(key in str(refused.value) for key in keys)


def test_the_well_known_key_is_recognised_under_any_name() -> None:
    renamed = SecretStr("mine:" + DEVELOPMENT_IDENTITY_KEY.partition(":")[2])

    assert IdentityVault([SecretStr(DEVELOPMENT_IDENTITY_KEY)]).holds_development_key
    assert IdentityVault([NEW, renamed]).holds_development_key
    assert not VAULT.holds_development_key


def test_keys_are_never_shown() -> None:
    secret = NEW.get_secret_value().partition(":")[2]

    assert secret not in repr(VAULT)
    assert secret not in repr(vars(VAULT))
    assert IdentityVault([SecretStr(new_identity_key("x"))]).seal("c", uuid4())
    with pytest.raises(ValueError, match="id"):
        new_identity_key("no spaces")
