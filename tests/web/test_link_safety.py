"""What the link and its page must never do: change, leak, load, trust (cases A4, A5, A8)."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from domain.vocabulary import InvitationState
from runtime import logs
from store.database import Database
from tests import factories
from tests.clock import SettableClock
from tests.web.visiting import BROWSER, OPENED, invited, link, log_in, opened, page, token_of, visiting

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
        for address in (OPENED, "/register"):
            for _ in range(5):
                shown = await browser.request(method, address, headers=BROWSER)
                assert shown.status_code == 200
                assert bool(shown.text) is (method == "GET")
        # Looking is counted, to slow down guessing; nothing else is different.
        assert await frontend.dump("counters") == before
        after = await frontend.dump()
        assert len(after["counters"]) == 1
        assert token not in repr(after)
        assert "/register" in page(await opened(browser, token)).buttons


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_there_is_nothing_to_send(sqlite_database: Database, clock: SettableClock, method: str) -> None:
    token = token_of(await invited(sqlite_database, clock))
    async with visiting(sqlite_database, clock) as frontend:
        for address in (link(token), OPENED):
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
        assert (moved.status_code, moved.headers["location"]) == (303, OPENED)
        headers = {**POISON, "Cookie": f"__Host-invitation={token}"}
        for response in (
            moved,
            *[await browser.get(each, headers=headers) for each in (OPENED, "/register")],
        ):
            assert response.status_code in {200, 303}
            assert EVIL not in response.text + str(response.headers)


async def test_a_line_break_in_the_link_makes_no_header(
    sqlite_database: Database, clock: SettableClock
) -> None:
    async with visiting(sqlite_database, clock) as frontend:
        response = await frontend.client().get(link("a%0D%0ASet-Cookie:%20b=c"))
    assert "b=c" not in str(response.headers)


@pytest.mark.parametrize("state", [InvitationState.PENDING, InvitationState.EXPIRED, None])
async def test_nothing_loads_from_elsewhere(
    sqlite_database: Database, clock: SettableClock, state: InvitationState | None
) -> None:
    token = token_of(await invited(sqlite_database, clock, state)) if state else UNKNOWN
    async with visiting(sqlite_database, clock) as frontend:
        found = page(await opened(frontend.client(), token))
    own = ("/", "#", "tel:+35891234567", "mailto:kundtjanst@example.com")
    assert [each for each in found.addresses if not each.startswith(own) or each.startswith("//")] == []


async def test_the_token_is_in_no_page_and_no_log(
    sqlite_database: Database, clock: SettableClock, logged: io.StringIO
) -> None:
    anna = await factories.make_user(sqlite_database)
    mine = await invited(sqlite_database, clock, to=await factories.make_user(sqlite_database))
    tokens = [token_of(await invited(sqlite_database, clock)), token_of(mine), UNKNOWN, "abc-not-a-token"]
    unreachable = Database("postgresql://nobody@127.0.0.1:1/none")
    responses = []
    for database in (sqlite_database, unreachable):
        async with visiting(database, clock) as frontend:
            browsers = [frontend.client()]
            if database is sqlite_database:
                browsers.append(await log_in(frontend.client(), anna))
            logged.seek(0)
            logged.truncate()
            for browser in browsers:
                for token in tokens:
                    for ending in ("", "/", "/more", "?again=1"):
                        responses += [await opened(browser, token + ending)]
                    responses += [await browser.get("/register"), await browser.post("/register")]
                    responses += [await browser.post(link(token)), await browser.get(link("") + f"//{token}")]
        text = logged.getvalue()
        assert not any(token in text for token in tokens)
        assert "request.answered" in text
        assert ("request.database_failed" in text) is (database is unreachable)
        assert "bo.boman" not in text
        assert "Birgitta" not in text
    await unreachable.close()
    everything = [each for response in responses for each in (response, *response.history)]
    for token in tokens:
        for response in everything:
            headers = [value for name, value in response.headers.items() if name != "set-cookie"]
            assert token not in response.text
            assert token not in " ".join(headers)
