"""What is around every page: language, zone, session, notices, errors, assets; without any process."""

import gzip
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.requests import Request
from temporalio.client import Client

from domain.vocabulary import Language
from runtime.failures import DATA_CONVERTER
from runtime.http import bound_socket
from runtime.settings import Address, Settings
from starter.http.source import source
from starter.web.assets import asset
from starter.web.paths import own_path
from store.database import Database
from tests import factories
from tests.clock import SettableClock
from tests.factories import PASSWORD
from tests.frontend import Frontend, make_services
from tests.web.browsing import form, posted, sent


@pytest.fixture
async def pages(log_file: Path, sqlite_database: Database, clock: SettableClock) -> AsyncIterator[Frontend]:
    """The pages, with a Temporal that is never reached."""
    client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=DATA_CONVERTER)
    settings = Settings(_env_file=None, database_url="sqlite:///unused.db")
    made = Frontend(make_services(settings, sqlite_database, client, clock))
    yield made
    await made.close()


async def log_in(browser: httpx2.AsyncClient, username: str, **more: str) -> httpx2.Response:
    return await posted(browser, "/login", username=username, password=PASSWORD, **more)


async def test_the_language_is_the_chosen_one_else_the_users_else_the_browsers(
    pages: Frontend, sqlite_database: Database
) -> None:
    user = await factories.make_user(sqlite_database, language=Language.FINNISH)
    browser = pages.client()
    browser.headers["Accept-Language"] = "en-GB, sv;q=0.5"

    assert 'lang="en"' in (await browser.get("/login")).text
    await log_in(browser, user.username)
    assert 'lang="fi"' in (await browser.get("/services")).text
    chosen = await posted(browser, "/services", "/language", language="sv", next="/services")
    assert chosen.headers["location"] == "/services"
    assert 'lang="sv"' in (await browser.get("/services")).text
    assert (await posted(browser, "/services", "/language", language="xx")).status_code == 422


async def test_one_comes_back_to_where_one_was_going(pages: Frontend, sqlite_database: Database) -> None:
    user = await factories.make_user(sqlite_database)
    browser = pages.client()

    stopped = await browser.get("/services?a=b&c=d")
    assert stopped.status_code == 303
    login = stopped.headers["location"]
    going = await posted(browser, login, username=user.username, password=PASSWORD)
    assert going.headers["location"] == "/services?a=b&c=d"


@pytest.mark.parametrize(
    "given",
    [
        "//evil.example.com", "https://evil.example.com", "/\\evil.example.com", "\\\\evil.example.com",
        "javascript:alert(1)", "/\t/evil.example.com", "/\n/evil.example.com", "/services\r\nX: y", "",
        "services", "/å",
    ],
)  # fmt: skip
def test_one_never_goes_on_to_another_host(given: str) -> None:
    assert own_path(given) == "/services"


async def test_the_session_is_new_at_log_in_and_dead_after_log_out(
    pages: Frontend, sqlite_database: Database
) -> None:
    user = await factories.make_user(sqlite_database)
    browser = pages.client()
    browser.cookies.set("session", "planted-by-somebody-else")  # case A22

    started = await log_in(browser, user.username)
    [cookie] = [each for each in started.headers.get_list("set-cookie") if each.startswith("session=")]
    assert "planted" not in cookie
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    token = cookie.removeprefix("session=").split(";")[0]

    ended = await posted(browser, "/services", "/logout")
    assert ended.headers["location"] == "/login"
    said = await browser.get("/login")
    assert "notice-success" in said.text
    assert "notice-success" not in (await browser.get("/login")).text  # once
    browser.cookies.set("session", token)
    assert (await browser.get("/services")).status_code == 303


async def test_one_can_log_out_after_the_session_has_ended(
    pages: Frontend, sqlite_database: Database, clock: SettableClock
) -> None:
    user = await factories.make_user(sqlite_database)
    browser = pages.client()
    await log_in(browser, user.username)
    open_page = await browser.get("/services")
    clock.advance(timedelta(hours=2))

    left = await sent(browser, open_page, "/logout")
    assert left.headers["location"] == "/login"
    assert {each.partition("=")[0] for each in left.headers.get_list("set-cookie")} >= {
        "session",
        "invitation",
    }
    assert "session" not in browser.cookies


async def test_over_https_the_cookies_are_for_this_host_alone(
    sqlite_database: Database, clock: SettableClock
) -> None:
    client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=DATA_CONVERTER)
    settings = Settings(_env_file=None, database_url="sqlite:///x.db", origin="https://e.example.com")
    https = Frontend(make_services(settings, sqlite_database, client, clock))
    answer = await https.client().get("/login")
    assert "strict-transport-security" in answer.headers
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-visitor=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    await https.close()


async def test_a_session_that_has_ended_says_so(
    pages: Frontend, sqlite_database: Database, clock: SettableClock
) -> None:
    user = await factories.make_user(sqlite_database)
    browser = pages.client()
    await log_in(browser, user.username)
    clock.advance(timedelta(hours=2))

    stopped = await browser.get("/services")
    login = await browser.get(stopped.headers["location"])
    assert "notice-info" in login.text
    assert (await log_in(browser, user.username)).headers["location"] == "/services"


async def test_a_page_that_refreshes_itself_keeps_no_session_alive(
    pages: Frontend, sqlite_database: Database, clock: SettableClock
) -> None:
    user = await factories.make_user(sqlite_database)
    browser = pages.client()
    await log_in(browser, user.username)
    for minutes in (20, 40, 60):
        clock.advance(timedelta(minutes=20))
        refreshed = await browser.get("/services", headers={"HX-Request": "true"})
        assert refreshed.status_code == (200 if minutes < 60 else 303)


@pytest.mark.parametrize("kind", ["wrong", "unknown"])
async def test_wrong_credentials_look_the_same(pages: Frontend, sqlite_database: Database, kind: str) -> None:
    user = await factories.make_user(sqlite_database)
    username = user.username if kind == "wrong" else "nobody.at.all"
    refused = await posted(pages.client(), "/login", username=username, password="Wrong-Password-1")
    assert refused.status_code == 401
    assert "Wrong-Password-1" not in refused.text
    assert form(refused)["username"] == username
    assert 'role="alert"' in refused.text


async def test_errors_are_pages(pages: Frontend) -> None:
    browser = pages.client()
    for method, path, status in [
        ("GET", "/nothing/here", 404),
        ("POST", "/nothing/here", 405),
        ("GET", "/assets/../app.py", 404),
        ("GET", "/assets/nothing.css", 404),
        ("PUT", "/login", 405),
        ("GET", "/logout", 404),
        ("GET", "/invitations/not-an-id", 404),
    ]:
        answer = await browser.request(method, path, headers={"Accept-Language": "en"})
        assert answer.status_code == status, path
        assert answer.headers["content-type"].startswith("text/html"), path
        assert "<footer" in answer.text, path
        assert answer.headers["cache-control"] == "no-store", path
    api = await browser.get("/v1/nothing")
    assert (api.status_code, api.headers["content-type"]) == (404, "application/problem+json")


async def test_no_error_page_repeats_the_token_of_a_link(pages: Frontend) -> None:
    token = "t" * 43
    for answer in (
        await pages.client().post(f"/invitations/open/{token}", content=b"x" * 70_000),
        await pages.client().request("TRACE", f"/invitations/open/{token}"),
        await pages.client().get(f"/invitations/open/{token}%0Ax"),
        await pages.client().get(f"/Invitations//open/{token}"),
        await pages.client().get(f"/{token}"),
    ):
        assert answer.status_code in {303, 404, 405, 413}
        assert token not in answer.text + str(answer.headers)


async def test_a_database_that_is_away_is_a_page_too(pages: Frontend, sqlite_database: Database) -> None:
    user = await factories.make_user(sqlite_database)
    browser = pages.client()
    await log_in(browser, user.username)
    async with sqlite_database.transaction() as session:
        await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        await (await session.connection()).exec_driver_sql("ALTER TABLE sessions RENAME TO gone")

    answer = await browser.get("/services", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "<footer" in answer.text


async def test_moments_are_in_the_readers_zone(
    pages: Frontend, sqlite_database: Database, clock: SettableClock
) -> None:
    relation = await factories.make_relation(sqlite_database)
    manager = await factories.make_manager(sqlite_database, relation)
    user = await factories.make_user(sqlite_database, language=Language.ENGLISH)
    invitation = await factories.make_invitation(
        sqlite_database, inviter=manager, relation=relation, email=user.email, now=clock()
    )
    browser = pages.client()
    await log_in(browser, user.username)

    # In words on its own page, short in a list, where the reader's own zone goes without saying.
    assert "Finnish time" in (await browser.get(f"/invitations/{invitation.id}")).text
    assert "UTC" not in (await browser.get("/tasks")).text
    for zone, shown, is_said in [
        ("America/New_York", "UTC-05:00", True),
        ("Nowhere/Atall", "Finnish time", False),
        ("../etc", "Finnish", False),
    ]:
        browser.cookies.set("zone", zone)
        assert shown in (await browser.get(f"/invitations/{invitation.id}")).text
        assert ("UTC-05:00" in (await browser.get("/tasks")).text) is is_said


async def test_assets_are_kept_for_ever_and_sent_compressed(pages: Frontend) -> None:
    browser = pages.client()
    address = asset("fullmakt.css")
    plain = await browser.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"].startswith("text/css")
    assert "immutable" in plain.headers["cache-control"]
    async with browser.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as small:
        raw = b"".join([chunk async for chunk in small.aiter_raw()])
    assert small.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == plain.content
    assert (await browser.get("/assets/fullmakt.css")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2a01:db8::1", "2a01:db8:0:0:ffff::2", True),
        ("2a01:db8:0:1::1", "2a01:db8::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_a_source_is_a_subscriber(one: str, other: str, is_same: bool) -> None:
    seen = [source(Request({"type": "http", "client": (each, 1)})) for each in (one, other)]
    assert (seen[0] == seen[1]) is is_same


def test_answers_do_not_wait_for_receipts() -> None:
    """Without this each answer but a connection's first would come 40 ms late."""
    with bound_socket(Address(port=0), "A test") as listening:
        assert listening.proto == socket.IPPROTO_TCP
