"""Our test broker as a process of its own."""

from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from starter.identification.keys import ClientKeyFile
from starter.testbroker.process import TestBrokerError, running_broker
from starter.testbroker.visitor import identify_as
from tests.clock import SettableClock
from tests.dev_server import free_port
from tests.identification.asking import REDIRECT_URI, Asking
from tests.identification.conftest import MakeClient, Seconds
from tests.identification.posting import get
from tests.identification.tampering import CLIENT_ID

MAIJA = "120872-901U"


async def test_it_is_a_process_that_rotates_its_key_and_ends(
    client_keys: ClientKeyFile, make_client: MakeClient, timer: Seconds, clock: SettableClock, tmp_path: Path
) -> None:
    """F28, with a broker that we do not hold in our hands."""
    async with running_broker(
        port=free_port(),
        client_id=CLIENT_ID,
        client_keys=client_keys.public_path,
        redirect_uris=(REDIRECT_URI,),
        log=tmp_path / "broker.log",
    ) as started:
        client = make_client(started, clock_skew=timedelta(minutes=5))
        for _ in range(2):
            asking = Asking(clock())
            url = await client.authorization_url(asking.request())
            callback = asking.returned(await identify_as(MAIJA, url))
            async with httpx2.AsyncClient() as operator:
                before = (await operator.get(str(started.keys_url))).json()
                assert (await operator.post(f"{started.issuer}/key-rotations")).status_code == 204
                after = (await operator.get(str(started.keys_url))).json()
            assert before["keys"][0]["kid"] != after["keys"][0]["kid"]
            timer.now += 11
            assert (await client.identity(callback)).first_name == "Maija"

    with pytest.raises(httpx2.ConnectError):
        await get(started.issuer)
    assert (tmp_path / "broker.log").read_text() == ""


async def test_it_refuses_to_run_in_production(
    client_keys: ClientKeyFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FULLMAKT_PRODUCTION", "true")
    log = tmp_path / "broker.log"

    with pytest.raises(TestBrokerError):
        async with running_broker(
            port=free_port(),
            client_id=CLIENT_ID,
            client_keys=client_keys.public_path,
            redirect_uris=(REDIRECT_URI,),
            log=log,
        ):
            pass

    assert "does not run in production" in log.read_text()
