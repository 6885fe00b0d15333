"""The file with our keys: for its owner alone, rotated without losing what is under way."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from starter.cli import identification_keys
from starter.identification.keys import (
    ClientKeyFile,
    ClientKeys,
    KeyFileError,
    prepared,
    rotated,
    without_old,
)
from tests.identification.tampering import rsa_key


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _ids(keys: dict[str, Any]) -> list[str]:
    return [jwk["kid"] for jwk in keys["keys"]]


def test_the_private_file_is_for_its_owner_alone(own_client_keys: ClientKeyFile) -> None:
    assert _mode(own_client_keys.path) == 0o600
    public = json.loads(own_client_keys.public_path.read_text())

    assert public == own_client_keys.read().public()
    assert all(set(jwk) == {"kty", "n", "e", "use", "kid"} for jwk in public["keys"])
    secret = own_client_keys.read().jwks[0]["d"]
    assert secret not in own_client_keys.public_path.read_text()
    assert secret not in repr(own_client_keys.read())


def test_a_rotation_publishes_first_and_forgets_last(own_client_keys: ClientKeyFile) -> None:
    first = own_client_keys.read()

    ready = prepared(first)
    assert ready.current_ids == first.current_ids
    assert len(ready.public()["keys"]) == 4
    assert prepared(ready) is ready

    turned = rotated(ready)
    assert set(turned.current_ids).isdisjoint(first.current_ids)
    assert set(_ids(turned.public())) == set(_ids(ready.public()))
    assert [key.kid for key in turned.of_use("enc")] == [turned.current_ids[1], first.current_ids[1]]

    alone = without_old(turned)
    assert alone.current_ids == turned.current_ids
    assert _ids(alone.public()) == alone.current_ids


def _key(use: str, **changes: Any) -> dict[str, Any]:
    return rsa_key(use).as_dict(private=True) | {"use": use} | changes


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="nothing"),
        pytest.param("[]", id="a list"),
        pytest.param(json.dumps({"keys": []}), id="no keys"),
        pytest.param(json.dumps({"keys": [_key("sig")]}), id="no encryption key"),
        pytest.param(json.dumps({"keys": [_key("sig"), _key("enc", next=True)]}), id="none of now"),
        pytest.param(json.dumps({"keys": [_key("sig"), _key("enc", d=None)]}), id="a public key"),
        pytest.param(json.dumps({"keys": [_key("sig"), _key("enc", n="AQAB")]}), id="a short key"),
        pytest.param(json.dumps({"keys": [_key("sig"), _key("enc", d="AQAB")]}), id="halves that do not fit"),
        pytest.param(json.dumps({"keys": [_key("sig", kid="1"), _key("enc", kid="1")]}), id="one id twice"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)

    with pytest.raises(KeyFileError) as refused:
        ClientKeyFile(file).signing_key()

    assert str(file) in str(refused.value)


def test_a_file_that_breaks_later_leaves_the_last_keys_in_use(own_client_keys: ClientKeyFile) -> None:
    before = own_client_keys.signing_key()
    own_client_keys.path.write_text("{")
    assert own_client_keys.signing_key() is before

    own_client_keys.path.unlink()
    assert own_client_keys.signing_key() is before


def test_the_command_makes_rotates_and_shows(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(identification_keys.app, [*arguments, "--file", str(path)])
        assert result.exit_code == 0, result.output
        return result.stdout

    run("rotate")
    first = ClientKeyFile(path).read()
    assert _mode(path) == 0o600
    assert _ids(json.loads(run("show"))) == first.current_ids

    run("prepare")
    assert ClientKeyFile(path).read().current_ids == first.current_ids
    run("rotate")
    second: ClientKeys = ClientKeyFile(path).read()
    assert set(second.current_ids).isdisjoint(first.current_ids)
    run("rotate", "--remove-old")
    assert _ids(json.loads(run("show"))) == second.current_ids
