"""Logging in and out, and what guessing leads to (spec 3.2, 3.8; cases A15, A22, A23)."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from runtime import passwords
from store import users
from store.sessions import Session
from tests import factories
from tests.clock import SettableClock
from tests.factories import PASSWORD
from tests.frontend import Frontend, refusal

ME, WRONG = "/v1/me", "wrong"
EXPIRED, REQUIRED = (401, "session.expired"), (401, "session.required")
BAD, TOO_MANY = (401, "session.bad_credentials"), (429, "session.too_many_attempts")


async def try_log_in(client: httpx2.AsyncClient, username: str, password: str = WRONG) -> httpx2.Response:
    return await client.post("/v1/sessions", json={"username": username, "password": password})


async def test_log_in_and_out(frontend: Frontend) -> None:
    user = await factories.make_user(frontend.database, username="Birgitta.Berg")
    client = frontend.client()

    started = await try_log_in(client, " birgitta.BERG ", PASSWORD)

    assert started.status_code == 201
    assert started.json()["user"]["id"] == str(user.id)
    assert "set-cookie" not in started.headers
    client.headers["Authorization"] = f"Bearer {started.json()['token']}"
    assert (await client.get(ME)).json()["username"] == "Birgitta.Berg"
    assert (await client.delete("/v1/sessions/current")).status_code == 204
    assert refusal(await client.get(ME)) == EXPIRED
    assert refusal(await client.delete("/v1/sessions/current")) == EXPIRED


async def test_each_log_in_is_a_session_of_its_own(frontend: Frontend) -> None:
    user = await factories.make_user(frontend.database)
    one, other = await frontend.log_in(user), await frontend.log_in(user)
    assert one.headers["Authorization"] != other.headers["Authorization"]
    await one.delete("/v1/sessions/current")
    assert (await other.get(ME)).status_code == 200


NO_SESSION = ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer å", "bearer null", "x" * 9000]


async def test_no_session(frontend: Frontend) -> None:
    client = frontend.client()
    for header in [*NO_SESSION, f"Bearer {'A' * 43}"]:
        for method, path in (
            ("GET", ME),
            ("GET", "/v1/customer-relations"),
            ("DELETE", "/v1/sessions/current"),
        ):
            response = await client.request(method, path, headers=[(b"Authorization", header.encode())])
            assert refusal(response) == REQUIRED, header
            assert response.headers["www-authenticate"] == "Bearer"


async def test_idle_and_absolute_end(frontend: Frontend, clock: SettableClock) -> None:
    user = await factories.make_user(frontend.database)
    idle, busy = await frontend.log_in(user), await frontend.log_in(user)
    for _ in range(13):  # 11 h 55 min, never an hour without a request
        clock.advance(timedelta(minutes=55))
        assert (await busy.get(ME)).status_code == 200
    assert refusal(await idle.get(ME)) == EXPIRED
    clock.advance(timedelta(minutes=5))
    assert refusal(await busy.get(ME)) == EXPIRED
    clock.advance(-timedelta(hours=12))


async def test_idle_for_an_hour_to_the_second(frontend: Frontend, clock: SettableClock) -> None:
    user = await factories.make_user(frontend.database)
    client = await frontend.log_in(user)
    clock.advance(timedelta(minutes=59, seconds=59))
    assert (await client.get(ME)).status_code == 200
    clock.advance(timedelta(hours=1))
    assert refusal(await client.get(ME)) == EXPIRED


async def test_unknown_user_and_wrong_password_are_alike(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same reply after the same work: one hash is verified either way."""
    user = await factories.make_user(frontend.database)
    verified: list[str] = []
    real = passwords.verify

    async def counting(password: str, password_hash: str) -> bool:
        verified.append(password_hash)
        return await real(password, password_hash)

    monkeypatch.setattr(passwords, "verify", counting)
    known = await try_log_in(frontend.client(), user.username)
    unknown = await try_log_in(frontend.client(), "nobody.here")

    assert refusal(known) == refusal(unknown) == BAD
    assert known.content == unknown.content
    assert dict(known.headers) == dict(unknown.headers)
    assert len(verified) == 2
    assert all(each.startswith("$argon2id$") for each in verified)


async def test_a_stranger_wears_out_himself_never_the_owner(frontend: Frontend, clock: SettableClock) -> None:
    user = await factories.make_user(frontend.database)
    home = await frontend.log_in(user, source="192.0.2.1")
    stranger = frontend.client("198.51.100.7")

    attempts = await asyncio.gather(*(try_log_in(stranger, user.username) for _ in range(25)))

    outcomes = [refusal(each) for each in attempts]
    assert outcomes.count(BAD) == 10
    assert outcomes.count(TOO_MANY) == 15
    # From there not even the right password helps, until the window is over.
    waiting = await try_log_in(stranger, user.username, PASSWORD)
    assert refusal(waiting) == TOO_MANY
    # Many strangers together: another stranger is refused, too ...
    for number in range(2, 8):
        crowd = frontend.client(f"198.51.100.{number + 20}")
        await asyncio.gather(*(try_log_in(crowd, user.username) for _ in range(10)))
    assert refusal(await try_log_in(frontend.client(), user.username, PASSWORD)) == TOO_MANY
    # ... but never the owner, where he has logged in before; and his sessions go on.
    assert (await home.get(ME)).status_code == 200
    await frontend.log_in(user, source="192.0.2.1")
    # Nor anybody else who is where the stranger is.
    other = await factories.make_user(frontend.database)
    await frontend.log_in(other, source="198.51.100.7")
    clock.advance(timedelta(seconds=int(waiting.headers["retry-after"])))
    await frontend.log_in(user, source="198.51.100.7")


async def test_typing_errors_are_forgotten_after_a_right_password(frontend: Frontend) -> None:
    user = await factories.make_user(frontend.database)
    client = frontend.client("192.0.2.9")
    for _ in range(3):
        for _ in range(9):
            assert refusal(await try_log_in(client, user.username)) == BAD
        assert (await try_log_in(client, user.username, PASSWORD)).status_code == 201


async def test_sweeping_usernames_wears_out_the_source(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "dummy_hash", lambda: factories.PASSWORD_HASH)  # a quick one
    client = frontend.client("203.0.113.5")
    attempts = await asyncio.gather(*(try_log_in(client, f"name{number}") for number in range(110)))
    outcomes = [refusal(each) for each in attempts]
    assert (outcomes.count(BAD), outcomes.count(TOO_MANY)) == (100, 10)


async def test_a_removed_right_is_gone_at_once(frontend: Frontend, clock: SettableClock) -> None:
    """With an old session, at the next request (case A15)."""
    relation = await factories.make_relation(frontend.database)
    user = await factories.make_user(frontend.database)
    held = await factories.make_authorization(frontend.database, user, relation)
    client = await frontend.log_in(user)
    path = f"/v1/customer-relations/{relation.id}"
    assert (await client.get(f"{path}/users")).status_code == 200
    await factories.end_authorization(frontend.database, held, clock())
    assert refusal(await client.get(path)) == (404, "not_found")
    assert refusal(await client.get(f"{path}/users")) == (404, "not_found")


async def test_tokens_are_kept_as_hashes(frontend: Frontend) -> None:
    user = await factories.make_user(frontend.database)
    client = await frontend.log_in(user)
    token = client.headers["Authorization"].removeprefix("Bearer ")
    dump = repr(await frontend.dump())
    assert token not in dump
    async with frontend.database.reading() as session:
        row = await users.by_username(session, user.username)
        assert row is not None
        assert PASSWORD not in row.password_hash
    assert Session.__tablename__ in await frontend.dump()
