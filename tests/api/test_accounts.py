"""Accounts over the API: forgotten password and username, new address, new password, sessions (spec 3.7)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import httpx2
import pytest
from sqlalchemy import event, select

from domain.vocabulary import AccountLinkPurpose
from runtime.settings import SessionRules
from store.account_links import AccountLink
from store.database import Database
from tests import factories
from tests.accounts import NEW_PASSWORD, token_in
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.factories import KEYS, PASSWORD
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, field_codes, invite, make_services, refusal
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer, TakenMessage

RESETS, REMINDERS, CHANGES = "/v1/password-resets", "/v1/username-reminders", "/v1/me/email-changes"
COMPLETE, CONFIRM = "/v1/password-reset-completions", "/v1/email-change-confirmations"
NOT_FOUND, USED, TOO_MANY = (404, "not_found"), (410, "link.used"), (429, "request.too_many")
EXPIRED = (401, "session.expired")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def link_of(frontend: Frontend) -> str:
    """The token of the only link, which nobody is at work to send."""
    async with frontend.database.reading() as session:
        [link_id] = (await session.scalars(select(AccountLink.id))).all()
    return KEYS.account_link_token(AccountLinkPurpose.PASSWORD_RESET, link_id)


async def complete(client: httpx2.AsyncClient, token: str, password: str = NEW_PASSWORD) -> httpx2.Response:
    return await client.post(COMPLETE, json={"token": token, "password": password})


def text_of(taken: TakenMessage) -> str:
    """What a person reads."""
    body = message_from_bytes(taken.raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


# From HTTP to the mailbox


async def test_a_forgotten_password(live_stack: LiveStack) -> None:
    frontend = live_stack.frontend
    anna = await factories.make_user(frontend.database)
    before, anybody = await frontend.log_in(anna), frontend.client()

    asked = await anybody.post(RESETS, json={"email": anna.email.upper()})
    assert (asked.status_code, asked.content) == (202, b"")
    token = await token_in(live_stack.smtp, anna.email)
    shown = await anybody.post("/v1/password-reset-lookups", json={"token": token})
    assert shown.json()["username"] == anna.username
    weak = await complete(anybody, token, anna.username)
    assert field_codes(weak)["/password"].startswith("password.")
    assert (await before.get("/v1/me")).status_code == 200
    done = await complete(anybody, token)
    assert (done.status_code, done.content) == (204, b"")

    assert refusal(await before.get("/v1/me")) == EXPIRED
    assert refusal(await complete(anybody, token)) == USED
    old = await anybody.post("/v1/sessions", json={"username": anna.username, "password": PASSWORD})
    assert refusal(old) == (401, "session.bad_credentials")
    await frontend.log_in(anna, NEW_PASSWORD)
    await live_stack.smtp.taken(to=anna.email, count=2)


async def test_a_forgotten_username(live_stack: LiveStack) -> None:
    anna = await factories.make_user(live_stack.frontend.database, username="anna.vid.sjön")
    asked = await live_stack.frontend.client().post(REMINDERS, json={"email": anna.email})
    assert (asked.status_code, asked.content) == (202, b"")
    [mail] = await live_stack.smtp.taken(to=anna.email)
    assert "anna.vid.sjön" in text_of(mail)


async def test_a_new_address_and_what_was_sent_to_the_old_one(live_stack: LiveStack) -> None:
    """Case A10: who has left an address can no longer accept what went there."""
    frontend = live_stack.frontend
    relation = await factories.make_relation(frontend.database)
    inviter = await frontend.log_in(await factories.make_manager(frontend.database, relation))
    other = await factories.make_relation(frontend.database)
    other_inviter = await frontend.log_in(await factories.make_manager(frontend.database, other))
    anna = await factories.make_user(frontend.database)
    client, new = await frontend.log_in(anna), f"ny.{anna.email}"
    to_old = await invite(inviter, relation.id, email=anna.email)
    to_new = await invite(other_inviter, other.id, email=new)
    await live_stack.smtp.taken(to=anna.email)

    asked = await client.post(CHANGES, json={"email": new, "password": PASSWORD})
    assert (asked.status_code, asked.content) == (202, b"")
    # The invitation came there first.
    token = await token_in(live_stack.smtp, new, mails=2)
    shown = await client.post("/v1/email-change-lookups", json={"token": token})
    assert shown.json()["email"] == new
    assert (await client.get("/v1/me")).json()["email"] == anna.email
    anybody = frontend.client()
    confirmed = await anybody.post(CONFIRM, json={"token": token})
    assert confirmed.json() == {"email": new, "username": anna.username}
    assert refusal(await anybody.post(CONFIRM, json={"token": token})) == USED

    assert (await client.get("/v1/me")).json()["email"] == new
    waiting = (await client.get("/v1/me/tasks")).json()["items"]
    assert [each["id"] for each in waiting] == [to_new["id"]]
    refused = await client.post(f"/v1/invitations/{to_old['id']}/accept")
    assert refusal(refused) in {NOT_FOUND, (403, "invitation.wrong_recipient")}
    accepted = await client.post(f"/v1/invitations/{to_new['id']}/accept")
    assert accepted.json()["state"] == "accepted"
    # Told at both: the invitation, the warning and the news at the old one.
    await live_stack.smtp.taken(to=anna.email, count=3)


async def test_sessions_are_seen_and_ended(frontend: Frontend) -> None:
    anna, bo = await factories.make_user(frontend.database), await factories.make_user(frontend.database)
    here, there, third = [await frontend.log_in(anna) for _ in range(3)]
    stranger = await frontend.log_in(bo)
    started = await frontend.client().post(
        "/v1/sessions",
        json={"username": anna.username, "password": PASSWORD},
        headers={"User-Agent": FIREFOX},
    )
    assert started.status_code == 201

    shown = (await here.get("/v1/me/sessions")).json()["items"]
    assert [each["device"] for each in shown].count("Firefox, Windows") == 1
    assert [each["device"] for each in shown].count("") == 3
    [own] = [each for each in shown if each["current"]]
    [theirs] = (await stranger.get("/v1/me/sessions")).json()["items"]
    assert refusal(await here.delete(f"/v1/me/sessions/{theirs['id']}")) == NOT_FOUND
    [there_shown] = [each for each in (await there.get("/v1/me/sessions")).json()["items"] if each["current"]]
    for _ in range(2):
        assert (await here.delete(f"/v1/me/sessions/{there_shown['id']}")).status_code == 204
    assert refusal(await there.get("/v1/me")) == EXPIRED
    assert (await here.delete("/v1/me/other-sessions")).json() == {"ended": 2}
    assert refusal(await third.get("/v1/me")) == EXPIRED
    assert [each["id"] for each in (await here.get("/v1/me/sessions")).json()["items"]] == [own["id"]]
    assert (await stranger.get("/v1/me")).status_code == 200


async def test_a_new_password_when_logged_in(frontend: Frontend) -> None:
    anna = await factories.make_user(frontend.database)
    here, there = await frontend.log_in(anna), await frontend.log_in(anna)
    wrong = {"current_password": "wrong", "password": "kort"}
    assert field_codes(await here.post("/v1/me/password", json=wrong)) == {
        "/current_password": "password.wrong",
        "/password": "password.too_short",
    }
    given = {"current_password": PASSWORD, "password": NEW_PASSWORD}
    assert (await here.post("/v1/me/password", json=given)).status_code == 204
    assert (await here.get("/v1/me")).status_code == 200
    assert refusal(await there.get("/v1/me")) == EXPIRED
    assert field_codes(await here.post("/v1/me/password", json=given)) == {
        "/current_password": "password.wrong"
    }
    await frontend.log_in(anna, NEW_PASSWORD)


async def test_what_an_address_change_refuses(frontend: Frontend) -> None:
    anna = await factories.make_user(frontend.database)
    client = await frontend.log_in(anna)
    for email, password, wrong in (
        ("none", PASSWORD, {"/email": "email.invalid"}),
        (anna.email.upper(), PASSWORD, {"/email": "email.unchanged"}),
        ("x@example.org", "wrong", {"/password": "password.wrong"}),
        ("x@", "", {"/email": "email.invalid", "/password": "password.wrong"}),
    ):
        refused = await client.post(CHANGES, json={"email": email, "password": password})
        assert field_codes(refused) == wrong
    assert (await frontend.dump())["account_links"] == []


# What strangers learn and break


@contextmanager
def statements(frontend: Frontend) -> Iterator[list[str]]:
    """Every statement that the database is sent, without its values."""
    sent: list[str] = []

    def keep(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    engine = frontend.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", keep)
    yield sent
    event.remove(engine, "before_cursor_execute", keep)


@pytest.mark.parametrize("path", [RESETS, REMINDERS])
async def test_known_and_unknown_addresses_are_alike(frontend: Frontend, path: str) -> None:
    """Case A23: the same reply after the same work, the first time and the next."""
    anna = await factories.make_user(frontend.database)
    seen = []
    for address in (anna.email, "nobody.here@example.net"):
        client = frontend.client()
        for _ in range(2):
            with statements(frontend) as sent:
                response = await client.post(path, json={"email": address})
            seen.append((response.status_code, response.content, sorted(response.headers.items()), sent))
    assert seen[0] == seen[2]
    assert seen[1] == seen[3]
    assert len(seen[0][3]) > 5


async def test_a_taken_and_a_free_new_address_are_alike(frontend: Frontend) -> None:
    anna, bo = await factories.make_user(frontend.database), await factories.make_user(frontend.database)
    client, seen = await frontend.log_in(anna), []
    for address in (bo.email, "free@example.net"):
        with statements(frontend) as sent:
            response = await client.post(CHANGES, json={"email": address, "password": PASSWORD})
        seen.append((response.status_code, response.content, sorted(response.headers.items()), sent))
    assert seen[0] == seen[1]
    assert seen[0][0] == 202


@pytest.mark.parametrize("path", [RESETS, REMINDERS])
async def test_so_many_for_an_address_known_or_not(frontend: Frontend, path: str) -> None:
    anna = await factories.make_user(frontend.database)
    answers = []
    for address in (anna.email, "nobody.here@example.net"):
        responses = [await frontend.client().post(path, json={"email": address}) for _ in range(6)]
        assert [each.status_code for each in responses] == [202] * 5 + [429]
        assert refusal(responses[-1]) == TOO_MANY
        answers.append(responses[-1].content)
    assert answers[0] == answers[1]
    # What somebody forgets besides is counted by itself.
    other = REMINDERS if path == RESETS else RESETS
    assert (await frontend.client().post(other, json={"email": anna.email})).status_code == 202


async def test_so_many_from_one_place(frontend: Frontend) -> None:
    client = frontend.client()
    for number in range(30):
        path = (RESETS, REMINDERS)[number % 2]
        assert (await client.post(path, json={"email": f"x{number}@example.com"})).status_code == 202
    assert refusal(await client.post(RESETS, json={"email": "y@example.com"})) == TOO_MANY
    assert field_codes(await client.post(RESETS, json={"email": "none"})) == {"/email": "email.invalid"}


async def test_who_is_locked_out_by_strangers_gets_in_again(
    dev_server: RunningDevServer, sqlite_database: Database, smtp: ScriptedSmtpServer, clock: SettableClock
) -> None:
    """And stays in reach, from where he chose the password, while they go on."""
    settings = make_settings(sqlite_database, smtp, sessions=SessionRules(failures_of_strangers=4))
    frontend = Frontend(make_services(settings, sqlite_database, dev_server.client, clock))
    anna = await factories.make_user(frontend.database)
    given = {"username": anna.username, "password": PASSWORD}

    async def guess() -> None:
        for _ in range(6):
            await frontend.client().post("/v1/sessions", json=given | {"password": "wrong"})

    await guess()
    home = frontend.client("192.0.2.71")
    assert refusal(await home.post("/v1/sessions", json=given)) == (429, "session.too_many_attempts")
    assert (await home.post(RESETS, json={"email": anna.email})).status_code == 202
    assert (await complete(home, await link_of(frontend))).status_code == 204
    await frontend.log_in(anna, NEW_PASSWORD)
    await guess()
    await frontend.log_in(anna, NEW_PASSWORD, source="192.0.2.71")
    refused = await frontend.client().post("/v1/sessions", json=given | {"password": NEW_PASSWORD})
    assert refusal(refused) == (429, "session.too_many_attempts")
    await frontend.close()


async def test_a_link_works_for_an_hour_to_the_second(frontend: Frontend, clock: SettableClock) -> None:
    anna, client = await factories.make_user(frontend.database), frontend.client()
    await client.post(RESETS, json={"email": anna.email})
    token = await link_of(frontend)
    clock.advance(timedelta(hours=1))
    assert refusal(await client.post("/v1/password-reset-lookups", json={"token": token})) == USED
    assert refusal(await complete(client, token)) == USED
    clock.advance(-timedelta(seconds=1))
    # One of another kind opens nothing, nor does a guess.
    other = await client.post(CONFIRM, json={"token": token})
    guess = await complete(client, "A" * 43)
    assert refusal(other) == refusal(guess) == NOT_FOUND
    assert other.content == guess.content
    assert (await complete(client, token)).status_code == 204
