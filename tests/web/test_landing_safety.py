"""What the landing page must never do: change, leak, load, trust (cases A4, A5, A8)."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from domain.vocabulary import InvitationState
from runtime import logs
from store.database import Database
from tests.clock import SettableClock
from tests.web.visiting import BROWSER, PAGE, invited, link, opened, page, token_of, visiting

UNKNOWN = "x" * 43
EVIL = "evil.example.net"
POISON = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Original-URL": f"https://{EVIL}/",
    "Forwarded": f"host={EVIL};proto=https",
    "Referer": f"https://{EVIL}/",
    "Origin": f"https://{EVIL}",
}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged, as production logs it, down to the smallest thing."""
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure("DEBUG", stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**configuration)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_opening_five_times_changes_nothing(
    sqlite_database: Database, clock: SettableClock, method: str
) -> None:
    token = token_of(await invited(sqlite_database, clock))
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        before = await frontend.dump("counters")
        for _ in range(5):
            assert (await browser.request(method, link(token), headers=BROWSER)).status_code == 303
        assert await frontend.dump() == before | {"counters": []}
        for _ in range(5):
            shown = await browser.request(method, PAGE, headers=BROWSER)
            assert shown.status_code == 200
            assert bool(shown.text) is (method == "GET")
        # Looking is counted, to slow down guessing; nothing else is different.
        assert await frontend.dump("counters") == before
        after = await frontend.dump()
        assert len(after["counters"]) == 1
        assert token not in repr(after)
        assert "fullmakt register" in (await opened(browser, token)).text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_there_is_nothing_to_send(sqlite_database: Database, clock: SettableClock, method: str) -> None:
    token = token_of(await invited(sqlite_database, clock))
    async with visiting(sqlite_database, clock) as frontend:
        for address in (link(token), PAGE):
            response = await frontend.client().request(method, address)
            assert response.status_code == 405
            assert token not in response.text + str(response.headers)


@pytest.mark.parametrize("ending", ["", "/", "?x=1"])
async def test_what_a_request_says_of_its_host_is_not_believed(
    sqlite_database: Database, clock: SettableClock, ending: str
) -> None:
    token = token_of(await invited(sqlite_database, clock))
    async with visiting(sqlite_database, clock, origin="https://e.example.com") as frontend:
        browser = frontend.client()
        moved = await browser.get(link(token) + ending, headers={**BROWSER, **POISON})
        assert (moved.status_code, moved.headers["location"]) == (303, PAGE)
        shown = await browser.get(PAGE, headers={**POISON, "Cookie": f"__Host-invitation={token}"})
        assert shown.status_code == 200
        assert "--api https://e.example.com" in page(shown).text
        for response in (moved, shown):
            assert EVIL not in response.text + str(response.headers)


async def test_a_line_break_in_the_link_makes_no_header(
    sqlite_database: Database, clock: SettableClock
) -> None:
    async with visiting(sqlite_database, clock) as frontend:
        response = await frontend.client().get(link("a%0D%0ASet-Cookie:%20b=c"))
    assert response.status_code == 404
    assert "b=c" not in response.text + str(response.headers)


async def test_headers(sqlite_database: Database, clock: SettableClock) -> None:
    invitation = await invited(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        found = await opened(frontend.client(), token_of(invitation))
        missing = await opened(frontend.client(), UNKNOWN)
        style = await frontend.client().get("/assets/landing.css")
    for response in (found, *found.history, missing, *missing.history):
        assert response.headers["cache-control"] == "no-store"
    for response in (found, *found.history, missing, style):
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
    for response in (found, missing):
        policy = response.headers["content-security-policy"]
        assert {"style-src 'self'", "base-uri 'none'", "form-action 'none'"} <= set(policy.split("; "))
        assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert style.headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("state", [InvitationState.PENDING, InvitationState.EXPIRED, None])
async def test_nothing_runs_and_nothing_loads_from_elsewhere(
    sqlite_database: Database, clock: SettableClock, state: InvitationState | None
) -> None:
    token = token_of(await invited(sqlite_database, clock, state)) if state else UNKNOWN
    async with visiting(sqlite_database, clock) as frontend:
        response = await opened(frontend.client(), token)
        style = (await frontend.client().get("/assets/landing.css")).text
    found = page(response)
    assert not {"script", "img", "iframe", "form", "style", "base", "object", "svg"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
    languages = [f"{PAGE}?language={language}" for language in ("sv", "fi", "en")]
    customer_service = ["tel:+35891234567", "mailto:kundtjanst@example.com"]
    assert found.addresses == ["/assets/landing.css", *languages, *customer_service]
    assert "url(" not in style
    assert "@import" not in style
    assert len(response.content) + len(style.encode()) < 20_000


async def test_the_token_is_in_no_page_and_no_log(
    sqlite_database: Database, clock: SettableClock, logged: io.StringIO
) -> None:
    tokens = [token_of(await invited(sqlite_database, clock)), UNKNOWN, "abc-not-a-token", "UPPER" * 30]
    unreachable = Database("postgresql://nobody@127.0.0.1:1/none")
    responses = []
    for database in (sqlite_database, unreachable):
        async with visiting(database, clock) as frontend:
            browser = frontend.client()
            for token in tokens:
                for ending in ("", "/", "/more", "?again=1"):
                    responses += [await opened(browser, token + ending)]
                responses += [await browser.post(link(token)), await browser.get(link("") + f"//{token}")]
    await unreachable.close()
    everything = [each for response in responses for each in (response, *response.history)]
    for token in tokens:
        for response in everything:
            headers = [value for name, value in response.headers.items() if name != "set-cookie"]
            assert token not in response.text
            assert token not in " ".join(headers)
        assert token not in logged.getvalue()
    lines = logged.getvalue().splitlines()
    assert len([line for line in lines if "request.answered" in line]) == len(everything)
    assert any("request.database_failed" in line for line in lines)
    assert "bo.boman" not in logged.getvalue()
    assert "Birgitta" not in logged.getvalue()
