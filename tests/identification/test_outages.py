"""The broker is down, slow or rotates its keys in the middle; ours are rotated in the middle (case F28)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from domain.codes import Code, Refused
from starter.identification.faults import Fault
from starter.identification.keys import ClientKeyFile, prepared, rotated, without_old
from starter.testbroker.process import metadata
from tests.clock import SettableClock
from tests.dev_server import free_port
from tests.identification.asking import Asking
from tests.identification.conftest import MakeClient, Seconds
from tests.identification.tampering import TamperingProvider, rsa_key

Faults = Callable[[], list[str]]


def _asking(provider: TamperingProvider) -> Asking:
    asking = Asking(provider.clock())
    provider.nonce = asking.nonce
    return asking


async def _refused(made: object, asking: Asking, provider: TamperingProvider) -> Code:
    with pytest.raises(Refused) as refused:
        await made.identity(asking.callback(issuer=provider.issuer))  # type: ignore[attr-defined]
    return refused.value.code


async def test_a_broker_that_is_down_is_unavailable(make_client: MakeClient, clock: SettableClock) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    client = make_client(metadata(nobody))
    asking = Asking(clock())

    with pytest.raises(Refused) as at_start:
        await client.authorization_url(asking.request())
    with pytest.raises(Refused) as at_end:
        await client.identity(asking.callback(issuer=nobody))

    assert at_start.value.code is at_end.value.code is Code.IDENTIFICATION_UNAVAILABLE


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/jwks.json"])
@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_broker_that_cannot_now_is_unavailable(
    provider: TamperingProvider, make_client: MakeClient, path: str, status: int
) -> None:
    provider.answer = lambda asked: JSONResponse({}, status) if asked == path else None

    refused = await _refused(make_client(provider.metadata), _asking(provider), provider)

    assert refused is Code.IDENTIFICATION_UNAVAILABLE


@pytest.mark.parametrize("path", ["/par", "/token", "/userinfo", "/jwks.json"])
async def test_a_broker_that_says_nothing_is_not_waited_for(
    provider: TamperingProvider, make_client: MakeClient, path: str
) -> None:
    provider.silent = {path}
    client = make_client(provider.metadata, timeout=timedelta(seconds=0.3))
    asking = _asking(provider)

    with pytest.raises(Refused) as refused:
        await client.authorization_url(asking.request())
        await client.identity(asking.callback(issuer=provider.issuer))

    assert refused.value.code is Code.IDENTIFICATION_UNAVAILABLE


async def test_after_an_outage_it_goes_on(provider: TamperingProvider, make_client: MakeClient) -> None:
    client = make_client(provider.metadata)
    asking = _asking(provider)
    provider.answer = lambda _: Response(status_code=503)
    assert await _refused(client, asking, provider) is Code.IDENTIFICATION_UNAVAILABLE

    provider.answer = lambda _: None

    assert (await client.identity(asking.callback(issuer=provider.issuer))).first_name == "Maija"


async def test_the_brokers_new_key_is_found_and_its_old_one_forgotten(
    provider: TamperingProvider, make_client: MakeClient, timer: Seconds, faults: Faults
) -> None:
    client, old, new = make_client(provider.metadata), provider.key, rsa_key("next broker")
    asking = _asking(provider)
    await client.identity(asking.callback(issuer=provider.issuer))

    provider.published = [new.as_dict(private=False)]
    provider.sign = lambda claims: provider.signed(claims, key=new, kid=new.kid)
    timer.now += 11
    assert (await client.identity(asking.callback(issuer=provider.issuer))).first_name == "Maija"

    provider.sign = lambda claims: provider.signed(claims, key=old)
    assert await _refused(client, asking, provider) is Code.IDENTIFICATION_FAILED
    assert faults() == [Fault.SIGNATURE_KEY_UNKNOWN]


async def test_unknown_keys_do_not_make_us_hammer_the_broker(
    provider: TamperingProvider, make_client: MakeClient, timer: Seconds
) -> None:
    client, own = make_client(provider.metadata), rsa_key()
    provider.sign = lambda claims: provider.signed(claims, key=own, kid=own.kid)
    asking = _asking(provider)

    for _ in range(5):
        timer.now += 4
        await _refused(client, asking, provider)

    # At 4 s, and, as the pause had passed, at 16 s.
    assert [path for path, _ in provider.forms].count("/jwks.json") == 2


async def test_a_key_that_the_broker_withdrew_is_believed_for_its_lifetime_at_most(
    provider: TamperingProvider, make_client: MakeClient, timer: Seconds
) -> None:
    client, asking = make_client(provider.metadata), _asking(provider)
    await client.identity(asking.callback(issuer=provider.issuer))
    provider.published = [rsa_key("next broker").as_dict(private=False)]

    timer.now += 3_601

    assert await _refused(client, asking, provider) is Code.IDENTIFICATION_FAILED


async def test_keys_that_were_exchanged_as_a_file_may_change_too(
    provider: TamperingProvider, make_client: MakeClient, timer: Seconds, tmp_path: Path
) -> None:
    file = tmp_path / "broker-keys.json"
    file.write_bytes(JSONResponse({"keys": provider.published}).body)
    static = provider.metadata.model_copy(update={"keys_url": None, "keys_file": file})
    client, asking, new = make_client(static), _asking(provider), rsa_key("next broker")
    await client.identity(asking.callback(issuer=provider.issuer))

    file.write_bytes(JSONResponse({"keys": [*provider.published, new.as_dict(private=False)]}).body)
    provider.sign = lambda claims: provider.signed(claims, key=new, kid=new.kid)
    timer.now += 11

    assert (await client.identity(asking.callback(issuer=provider.issuer))).first_name == "Maija"
    assert "/jwks.json" not in [path for path, _ in provider.forms]


async def test_our_keys_may_be_rotated_in_the_middle(
    provider: TamperingProvider, make_client: MakeClient, own_client_keys: ClientKeyFile, faults: Faults
) -> None:
    client = make_client(provider.metadata, keys=own_client_keys)
    before = own_client_keys.read()
    [old_encryption_key] = own_client_keys.decryption_keys()
    provider.wrap = lambda signed: provider.encrypted(signed, key=old_encryption_key)
    asking = _asking(provider)
    await client.authorization_url(asking.request())

    own_client_keys.write(prepared(before))
    assert own_client_keys.signing_key().kid == before.current_ids[0]
    own_client_keys.write(rotated(own_client_keys.read()))

    assert own_client_keys.signing_key().kid != before.current_ids[0]
    assert (await client.identity(asking.callback(issuer=provider.issuer))).first_name == "Maija"

    own_client_keys.write(without_old(own_client_keys.read()))
    assert await _refused(client, asking, provider) is Code.IDENTIFICATION_FAILED
    assert faults() == [Fault.DECRYPTION_KEY_UNKNOWN]
