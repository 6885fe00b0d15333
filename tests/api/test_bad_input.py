"""Bad input of every kind: the documented reply, and nothing changed (cases A21, A25, A28; F20)."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from starter.http import middleware
from store.database import Database
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, draft, field_codes, make_services, refusal
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer

MALFORMED, TOO_LARGE = (400, "request.malformed"), (413, "request.too_large")
JSON = {"Content-Type": "application/json"}
# No text at all; PostgreSQL keeps no NUL, JSON escapes bring lone surrogates.
NOT_TEXT = ["a\u0000b", "a\u0007b", "a\u202eb", "a\ud800b", "\udfff", "a\uffffb", "a\U000e0001\u0085b"]
LINE_BREAKS = ["a\rb", "a\nb", "a\r\nBcc: x@example.com", "a\u2028b", "a\u2029b"]


def raw(body: object) -> bytes:
    """JSON with escapes, which can say what UTF-8 cannot."""
    return json.dumps(body).encode("ascii")


BODIES: list[tuple[bytes, tuple[int, str] | None]] = [
    (b"{", MALFORMED),
    (b'{"email": }', MALFORMED),
    (b"[" * 1500 + b"]" * 1500, None),
    (b"[" * 30_000, MALFORMED),
    (b'{"a":' * 1000 + b"1" + b"}" * 1000, None),
    ("åäö".encode("latin-1"), MALFORMED),
    (json.dumps(draft()).encode("utf-16"), MALFORMED),
    (json.dumps(draft()).encode("utf-16-le"), MALFORMED),
    (json.dumps(draft()).encode("utf-32"), MALFORMED),
    (b'{"email": "\xff\xfe"}', MALFORMED),
    (b"", None),
    (b"null", None),
    (b"7", None),
    (b'"text"', None),
    (b"[]", None),
    (b"NaN", None),
    (json.dumps({f"f{number}": 1 for number in range(5000)}).encode(), None),
    (json.dumps(draft(cover_message="a" * 65_600)).encode(), TOO_LARGE),
    (json.dumps(draft(cover_message="a" * 10_000_000)).encode(), TOO_LARGE),
]


async def test_bodies(cast: Cast) -> None:
    before = await cast.frontend.dump()
    for body, expected in BODIES:
        response = await cast.inviter.post(cast.invitations, content=body, headers=JSON)
        if expected is None:
            assert refusal(response) in {MALFORMED, (422, "request.invalid")}, body[:50]
        else:
            assert refusal(response) == expected, body[:50]
        assert len(response.content) < 10_000
    assert await cast.frontend.dump() == before


async def test_fields_by_the_thousand(cast: Cast) -> None:
    body = b"{" + b",".join(b'"%d":0' % number for number in range(7000)) + b"}"
    assert len(body) < middleware.MAXIMUM_BODY
    response = await cast.inviter.post(cast.invitations, content=body, headers=JSON)
    assert refusal(response) == (422, "request.invalid")
    assert len(response.content) < 10_000


async def test_ten_megabytes_in_chunks(cast: Cast) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"a" * 10_000

    response = await cast.inviter.post(cast.invitations, content=chunks(), headers=JSON)
    assert refusal(response) == TOO_LARGE


@pytest.mark.parametrize("with_length", [True, False])
async def test_ten_megabytes_over_the_wire(live_stack: LiveStack, with_length: bool) -> None:
    """Refused before it has come; the server reads on so that the client gets its answer."""
    cast = await assemble(live_stack.frontend)
    body = json.dumps(draft(cover_message="a" * 10_000_000)).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    content = body if with_length else chunks()
    try:
        response = await cast.inviter.post(cast.invitations, content=content, headers=JSON)
    except httpx2.WriteError:
        pass  # the connection was closed on somebody who would not stop
    else:
        assert refusal(response) == TOO_LARGE
    assert (await cast.inviter.get(cast.invitations)).json()["items"] == []


async def test_a_body_that_does_not_come(live_stack: LiveStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_PATIENCE", timedelta(milliseconds=200))
    address = urlsplit(live_stack.stack.api_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99\r\n\r\n{"
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in head
    writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    writer.close()


TEXT_FIELDS = ["email", "first_name", "last_name", "cover_message", "role", "language"]


async def test_what_is_no_text(cast: Cast) -> None:
    before = await cast.frontend.dump()
    for field in TEXT_FIELDS:
        wrong = NOT_TEXT if field == "cover_message" else NOT_TEXT + LINE_BREAKS
        for text in [*wrong, 7, True, ["a"], {"a": 1}, 1e400]:
            body = draft() | {field: text}
            response = await cast.inviter.post(cast.invitations, content=raw(body), headers=JSON)
            assert set(field_codes(response)) == {f"/{field}"}, (text, response.text)
    assert await cast.frontend.dump() == before


async def test_levels_that_are_none(cast: Cast) -> None:
    wrong: list[Any] = [{"\ud800": "read"}, {"reports": "\ud800"}, {"reports": None}, {"": ""}, [], "read", 1]
    for levels in wrong:
        body = draft() | {"levels": levels}
        response = await cast.inviter.post(cast.invitations, content=raw(body), headers=JSON)
        assert refusal(response) == (422, "request.invalid")


FOREIGN = [
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/xml",
    "",
    "application/json; charset=utf-16",
]


async def test_other_content_types(cast: Cast) -> None:
    """What a foreign page can make a browser send is not taken as JSON (case A21)."""
    before = await cast.frontend.dump()
    for content_type in FOREIGN:
        headers = {"Content-Type": content_type, "Origin": "https://evil.example.net"}
        is_json = "json" in content_type
        body = json.dumps(draft()).encode("utf-16" if is_json else "utf-8")
        refused = await cast.inviter.post(cast.invitations, content=body, headers=headers)
        assert refusal(refused) == (MALFORMED if is_json else (422, "request.invalid")), content_type
        if not is_json:
            login = raw({"username": cast.manager.username, "password": factories.PASSWORD})
            refused = await cast.frontend.client().post("/v1/sessions", content=login, headers=headers)
            assert refusal(refused) == (422, "request.invalid"), content_type
    assert await cast.frontend.dump() == before


QUERIES = [
    "limit=0",
    "limit=-1",
    "limit=101",
    "limit=x",
    "limit=1e2",
    "limit=99999999999999999999999",
    "cursor=x",
    "cursor=%00",
    "cursor=%ff%fe",
    "cursor=" + "A" * 300,
    "cursor=MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OSAwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA=",
    "cursor=OTk5OS0xMi0zMVQyMzo1OTo1OS0yMzo1OSAwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA=",
    "cursor=MjAyNi0wMS0wMVQwMDowMDowMCAwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA=",
]


async def test_queries(cast: Cast) -> None:
    for query in QUERIES:
        response = await cast.inviter.get(f"{cast.invitations}?{query}")
        assert response.status_code == 422, (query, response.text)
        assert refusal(response)[1] in {"request.invalid", "field.invalid"}


TEXT = st.text(st.characters(codec=None, categories=None), max_size=60) | st.sampled_from(
    NOT_TEXT + LINE_BREAKS
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_any_text_anywhere(
    kind: str,
    request: pytest.FixtureRequest,
    dev_server: RunningDevServer,
    smtp: ScriptedSmtpServer,
    clock: SettableClock,
    log_file: object,
) -> None:
    """Whatever the text: an answer that is documented, on both databases."""
    database = Database(request.getfixturevalue(f"{kind}_url"))
    frontend = Frontend(make_services(make_settings(database, smtp), database, dev_server.client, clock))
    cast = await assemble(frontend)
    loop = asyncio.get_running_loop()

    async def send(text: str) -> None:
        anybody = frontend.client()
        login = await anybody.post(
            "/v1/sessions", content=raw({"username": text, "password": text}), headers=JSON
        )
        assert refusal(login)[0] in {401, 422}
        for path, body in (
            ("/v1/invitation-lookups", {"token": text}),
            (f"/v1/customer-relations/{cast.relation.id}/name-suggestions", {"email": text}),
            (cast.invitations, draft() | {"email": text}),
            (cast.invitations, draft() | {"email": "x@example.com", "first_name": text, "role": "king"}),
        ):
            answer = await cast.inviter.post(path, content=raw(body), headers=JSON)
            assert answer.status_code in {200, 201, 404, 409, 422, 429}, answer.text
        query = await cast.inviter.get(
            cast.invitations, params={"cursor": text.encode("utf-8", "replace").decode()}
        )
        assert query.status_code == 422
        await anybody.aclose()

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(text=TEXT)
    def check(text: str) -> None:
        asyncio.run_coroutine_threadsafe(send(text), loop).result(30)

    await asyncio.to_thread(check)
    for text in NOT_TEXT + LINE_BREAKS:
        await send(text)
    await frontend.close()
    await database.close()
