"""Forged tokens, guessed tokens, poisoned hosts, and settings that production refuses."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from runtime.identification_settings import Identification
from runtime.identity_vault import DEVELOPMENT_IDENTITY_KEY, new_identity_key
from runtime.keys import Keys
from runtime.settings import DEVELOPMENT_KEY, Settings
from tests.api.conftest import Cast, assemble
from tests.clock import SettableClock
from tests.factories import KEYS
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, invite, refusal

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NOT_FOUND, TOO_MANY = (404, "not_found"), (429, "request.too_many")


@pytest.fixture
async def cast(frontend: Frontend) -> Cast:
    return await assemble(frontend)


async def test_no_other_token_opens_it(cast: Cast) -> None:
    """Any bit flipped, another's, another purpose's, another key's (case A2)."""
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    other = await invite(cast.inviter, cast.relation.id)
    token = KEYS.invitation_token(UUID(made["id"]), 1)
    flipped = [
        token[:at] + ALPHABET[ALPHABET.index(token[at]) ^ 1 << bit] + token[at + 1 :]
        for at in range(len(token))
        for bit in range(6)
    ]
    others = [
        KEYS.invitation_token(UUID(made["id"]), 2),
        KEYS.invitation_token(UUID(other["id"]), 1),
        Keys("another-key-of-32-characters-or-more").invitation_token(UUID(made["id"]), 1),
        cast.invitee.headers["Authorization"].removeprefix("Bearer "),
        token[:-1],
        token + "A",
        token + "=",
        "",
    ]
    stranger = await cast.stranger()
    before = await cast.frontend.dump("audit_events")
    for wrong in others:
        response = await stranger.post(f"/v1/invitations/{made['id']}/accept", json={"token": wrong})
        assert refusal(response)[0] in {404, 422}, wrong
    for wrong in flipped[:: len(flipped) // 20]:
        response = await stranger.post(f"/v1/invitations/{made['id']}/accept", json={"token": wrong})
        assert refusal(response) == NOT_FOUND, wrong
        looked_up = await cast.frontend.client().post("/v1/invitation-lookups", json={"token": wrong})
        assert refusal(looked_up) == NOT_FOUND, wrong
    # A token logs nobody in.
    bearer = {"Authorization": f"Bearer {token}"}
    assert refusal(await cast.frontend.client().get("/v1/me", headers=bearer)) == (401, "session.required")
    after = await cast.frontend.dump("audit_events")
    assert {name: after[name] for name in after if name != "counters"} == {
        name: before[name] for name in before if name != "counters"
    }


async def test_who_guesses_is_slowed_down_and_nobody_else(cast: Cast, clock: SettableClock) -> None:
    """Case A3; the page behind the link counts with the lookups."""
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    token = {"token": KEYS.invitation_token(UUID(made["id"]), 1)}
    guesser, victim = cast.frontend.client("198.51.100.66"), cast.frontend.client("192.0.2.66")

    async def guess(number: int) -> tuple[int, str]:
        wrong = KEYS.invitation_token(UUID(int=number), 9)
        return refusal(await guesser.post("/v1/invitation-lookups", json={"token": wrong}))

    guesses = await asyncio.gather(*(guess(number) for number in range(200)))
    assert (guesses.count(NOT_FOUND), guesses.count(TOO_MANY)) == (30, 170)
    assert refusal(await guesser.post("/v1/invitation-lookups", json=token)) == TOO_MANY
    await guesser.get(f"/invitations/open/{token['token']}")
    assert (await guesser.get("/invitations/opened")).status_code == 429
    assert (await victim.post("/v1/invitation-lookups", json=token)).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert (await guesser.post("/v1/invitation-lookups", json=token)).status_code == 200


async def test_an_ipv6_guesser_is_his_network(cast: Cast) -> None:
    for number in range(30):
        guesser = cast.frontend.client(f"2001:db8:1:2::{number:x}")
        wrong = await guesser.post("/v1/invitation-lookups", json={"token": "C" * 43})
        assert refusal(wrong) == NOT_FOUND
    neighbour = await cast.frontend.client("2001:db8:1:2:ffff::1").post(
        "/v1/invitation-lookups", json={"token": "C" * 43}
    )
    assert refusal(neighbour) == TOO_MANY
    elsewhere = await cast.frontend.client("2001:db8:1:3::1").post(
        "/v1/invitation-lookups", json={"token": "C" * 43}
    )
    assert refusal(elsewhere) == NOT_FOUND


async def test_links_keep_the_configured_origin(live_stack: LiveStack) -> None:
    """Whatever a request says of its host (case A8), in mail, redirects and answers."""
    cast = await assemble(live_stack.frontend)
    poison = {
        "Host": "evil.example.net",
        "X-Forwarded-Host": "evil.example.net",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example.net;proto=https",
        "Origin": "https://evil.example.net",
        "X-Original-URL": "//evil.example.net",
    }
    cast.inviter.headers.update(poison)
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    [mail] = await live_stack.smtp.taken(to=cast.anna.email)
    assert b"evil" not in mail.raw
    token = KEYS.invitation_token(UUID(made["id"]), 1)
    for path in (
        f"/invitations/open/{token}",
        f"/invitations/open/{token}/",
        "/invitations/opened/",
        "/v1/me/",
        "/v1/customer-relations/",
        "//evil.example.net/v1/me",
    ):
        response = await cast.inviter.get(f"{live_stack.stack.api_url}{path}")
        assert b"evil" not in response.content, path
        assert "evil" not in repr(response.headers), path
        assert response.headers.get("location", "/").startswith("/"), path
    # A scanner has opened the link: nothing is consumed (case A5).
    for method in ("GET", "HEAD", "GET", "HEAD", "GET"):
        opened = await cast.frontend.client().request(method, f"/invitations/open/{token}")
        assert opened.status_code == 303
    shown = (await cast.invitee.get(f"/v1/invitations/{made['id']}")).json()
    assert (shown["state"], shown["ended_at"]) == ("pending", None)


@given(token=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
async def test_any_token_in_the_link(frontend: Frontend, token: str) -> None:
    """The cookie and the redirect hold whatever stands in the address, and no header of its own."""
    client = frontend.client()
    response = await client.get(f"/invitations/open/{quote(token, safe='')}")
    assert response.status_code in {303, 404}
    if response.status_code == 303:
        assert response.headers["location"] == "/invitations/opened"
        assert response.headers["set-cookie"].count("Max-Age") == 1
        page = await client.get("/invitations/opened")
        assert page.status_code in {200, 404}
    await client.aclose()


GOOD: dict[str, Any] = {
    "production": True,
    "secret_key": SecretStr("x" * 32),
    "origin": "https://fullmakt.example.com",
    "database_url": "postgresql://db/fullmakt",
    "identity_keys": [SecretStr(new_identity_key("2026-11"))],
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": SecretStr(DEVELOPMENT_KEY)},
        {"secret_key": SecretStr("short")},
        {"origin": "http://fullmakt.example.com"},
        {"origin": "https://fullmakt.example.com/path"},
        {"identity_keys": [SecretStr(DEVELOPMENT_IDENTITY_KEY)]},
        {"identification": Identification(redirect_addresses=["http://127.0.0.1/callback"])},
    ],
)
def test_what_production_refuses(wrong: dict[str, Any]) -> None:
    assert Settings(_env_file=None, **GOOD).production
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, **(GOOD | wrong))
    assert DEVELOPMENT_KEY not in str(refused.value)
