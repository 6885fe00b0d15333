"""Making service credentials, and which ones the settings take."""

import json

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from runtime.keys import token_hash
from runtime.service_credentials import ServiceCredential, is_known, new_service_credential
from runtime.settings import Settings
from starter.cli import app
from tests.checking import CREDENTIAL, NEW_CREDENTIAL, SECRET, SERVICE

OTHER = CREDENTIAL.model_copy(update={"name": "invoices"})


def test_what_the_command_prints_can_be_put_in_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = CliRunner().invoke(app, ["service-credentials", "new", "reports"])
    told = json.loads(CliRunner().invoke(app, ["service-credentials", "new", "reports", "--json"]).stdout)

    assert shown.exit_code == 0
    secret, entry = shown.stdout.splitlines()[1], shown.stdout.splitlines()[-1]
    monkeypatch.setenv("FULLMAKT_SERVICE_CREDENTIALS", f"[{entry}, {json.dumps(told['entry'])}]")
    credentials = Settings(_env_file=None).service_credentials
    assert is_known(credentials, "reports", secret)
    assert is_known(credentials, "reports", told["secret"])
    assert not is_known(credentials, "invoices", secret)
    assert secret != told["secret"]
    assert secret not in entry


@pytest.mark.parametrize("name", ["", "a b", "a:b", "räkningar", "x" * 41, "reports\n"])
def test_a_name_is_a_short_word(name: str) -> None:
    result = CliRunner().invoke(app, ["service-credentials", "new", name])
    assert (result.exit_code, result.stdout) == (1, "")
    with pytest.raises(ValueError, match="characters"):
        new_service_credential(name)
    with pytest.raises(ValidationError):
        ServiceCredential(name=name, secret_hash=CREDENTIAL.secret_hash)


@pytest.mark.parametrize(
    "given",
    [
        [CREDENTIAL, CREDENTIAL],
        # Two services with the same secret could not be told apart by who leaked it.
        [CREDENTIAL, NEW_CREDENTIAL, OTHER],
        [{"name": SERVICE, "secret_hash": SECRET}],
        [{"name": SERVICE, "secret_hash": CREDENTIAL.secret_hash.upper()}],
        [{"name": SERVICE, "secret": SECRET, "secret_hash": CREDENTIAL.secret_hash}],
        [{"name": SERVICE}],
    ],
)
def test_what_the_settings_refuse_without_telling_it(given: list[object]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, service_credentials=given)
    assert SECRET not in str(refused.value)
    assert CREDENTIAL.secret_hash not in str(refused.value)


# Named: the secret is another one in each process.
@pytest.mark.parametrize(
    "secret",
    ["", "reports", "Norrsken-27-kilowatt", f"{SECRET}A", SECRET[:-1] + "!"],
    ids=["empty", "a name", "a password", "too long", "other letters"],
)
def test_a_secret_that_was_not_made_here_is_of_no_use(secret: str) -> None:
    weak = ServiceCredential(name=SERVICE, secret_hash=token_hash(secret))
    assert not is_known([weak], SERVICE, secret)


def test_by_default_nobody_may_ask() -> None:
    assert Settings(_env_file=None).service_credentials == []
