"""The mail catcher: real SMTP in through the real client, the mailbox read over HTTP."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from activities.clients.smtp import DeliveryOutcome, SmtpMailer, SmtpSecurity, SmtpSettings
from starter.mailcatcher import MailCatcher
from tests.activities.smtp_sending import ready

SENDER = "no-reply@fullmakt.example.com"
ANNA = "anna@example.com"
HOSTILE = "<script>alert('subject')</script>"


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(directory)
    await catcher.start("127.0.0.1", 0)
    try:
        yield catcher
    finally:
        await catcher.stop()


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    async with running(tmp_path / "mail") as catcher:
        yield catcher


def browser(catcher: MailCatcher) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=catcher.app), base_url="http://mail.example.com"
    )


async def send(
    catcher: MailCatcher,
    *,
    to: str = ANNA,
    subject: str = "Inbjudan till behörighet",
    text: str = "Hej",
    html: str | None = None,
) -> DeliveryOutcome:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Fullmakt <{SENDER}>", to, subject
    message["Date"], message["Message-ID"] = "Sun, 01 Mar 2026 12:00:00 +0200", "<7@fullmakt.example.com>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return await send_raw(catcher, message.as_bytes(), to=to)


async def send_raw(catcher: MailCatcher, message: bytes, *, to: str = ANNA) -> DeliveryOutcome:
    settings = SmtpSettings(
        host="127.0.0.1", port=catcher.smtp_port, security=SmtpSecurity.NONE, own_name="localhost"
    )
    return await SmtpMailer(settings).send(recipient=to, sender=SENDER, content=ready(message))


async def test_the_json_list_tells_what_a_test_needs(catcher: MailCatcher) -> None:
    text = "Öppna https://fullmakt.example.com/i/AbC-1_2?x=1&y=2. Eller ring (http://localhost:8000/hjälp)."
    await send(catcher, text=text)

    async with browser(catcher) as client:
        [message] = (await client.get("/api/messages")).json()
    assert message == {
        "number": 1,
        "to": ANNA,
        "from": f"Fullmakt <{SENDER}>",
        "subject": "Inbjudan till behörighet",
        "date": "2026-03-01T10:00:00+00:00",
        "message_id": "<7@fullmakt.example.com>",
        "text": text + "\n",
        "links": ["https://fullmakt.example.com/i/AbC-1_2?x=1&y=2", "http://localhost:8000/hjälp"],
    }


async def test_newest_first_and_one_recipients_alone(catcher: MailCatcher) -> None:
    await send(catcher, subject="first")
    await send(catcher, subject="second", to="bo@example.com")
    await send(catcher, subject="third", to="Anna@Example.com")

    async with browser(catcher) as client:
        everybody = (await client.get("/api/messages")).json()
        annas = (await client.get("/api/messages", params={"to": ANNA})).json()
        page = (await client.get("/", params={"to": ANNA})).text
    assert [message["subject"] for message in everybody] == ["third", "second", "first"]
    assert [message["subject"] for message in annas] == ["third", "first"]
    assert page.index("third") < page.index("first")
    assert "second" not in page
    assert "bo@example.com" not in page


async def test_messages_sent_at_once_all_arrive_with_numbers_of_their_own(catcher: MailCatcher) -> None:
    await asyncio.gather(*(send(catcher, subject=str(number)) for number in range(20)))

    assert [message.number for message in catcher.inbox.messages()] == list(range(20, 0, -1))
    assert {message.subject for message in catcher.inbox.messages()} == set(map(str, range(20)))


async def test_an_empty_inbox_says_what_to_do(catcher: MailCatcher) -> None:
    async with browser(catcher) as client:
        page = await client.get("/")
        nobody = await client.get("/", params={"to": "<b>x"})
    assert "No mail yet" in page.text
    assert 'http-equiv="refresh"' in page.text
    assert "&lt;b&gt;x" in nobody.text


async def test_a_hostile_message_is_inert(catcher: MailCatcher) -> None:
    html = (
        f"<html><head><title>x</title></head><body>{HOSTILE}<img src=https://evil.example.com/></body></html>"
    )
    await send(catcher, subject=HOSTILE, text=f"{HOSTILE} https://x.example.com/'onclick=alert(1)", html=html)

    async with browser(catcher) as client:
        inbox, page, framed, raw = [
            await client.get(path) for path in ("/", "/messages/1", "/messages/1/html", "/messages/1/raw")
        ]
    for ours in (inbox, page):
        assert "<script" not in ours.text
        assert "&lt;script&gt;" in ours.text
        assert "default-src 'none'" in ours.headers["content-security-policy"]
        assert "script-src" not in ours.headers["content-security-policy"]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "img-src data:;" in policy
    assert HOSTILE in framed.text
    assert '<head><base target="_blank">' in framed.text
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert {answer.headers["x-content-type-options"] for answer in (inbox, page, framed, raw)} == {"nosniff"}


async def test_a_message_shows_headers_text_and_links(catcher: MailCatcher) -> None:
    await send(catcher, text="https://fullmakt.example.com/i/token")

    async with browser(catcher) as client:
        page = await client.get("/messages/1")
        raw = await client.get("/messages/1/raw")
        missing = [
            (await client.get(path)).status_code
            for path in ("/messages/2", "/messages/2/raw", "/messages/1/html", "/messages/x")
        ]
    assert 'href="https://fullmakt.example.com/i/token"' in page.text
    assert "&lt;7@fullmakt.example.com&gt;" in page.text
    assert "<iframe" not in page.text
    assert raw.text.startswith(f"Return-Path: <{SENDER}>\r\nDelivered-To: {ANNA}\r\nFrom: Fullmakt <")
    assert missing == [404, 404, 404, 404]


async def test_a_restart_keeps_the_messages_and_goes_on_counting(tmp_path: Path) -> None:
    async with running(tmp_path) as catcher:
        await send(catcher, subject="before")
        before = catcher.inbox.messages()
    (tmp_path / "00000002.part").write_bytes(b"left by a crash")
    (tmp_path / "notes.eml").write_bytes(b"not ours")

    async with running(tmp_path) as catcher:
        assert catcher.inbox.messages() == before
        await send(catcher, subject="after")
        assert [(message.number, message.subject) for message in catcher.inbox.messages()] == [
            (2, "after"),
            (1, "before"),
        ]


async def test_emptying_leaves_no_file(catcher: MailCatcher, tmp_path: Path) -> None:
    await send(catcher)

    async with browser(catcher) as client:
        assert (await client.delete("/api/messages")).status_code == 204
        assert (await client.get("/api/messages")).json() == []
    assert list((tmp_path / "mail").iterdir()) == []
    await send(catcher)
    assert [message.number for message in catcher.inbox.messages()] == [2]


async def test_files_are_for_their_owner_alone(catcher: MailCatcher, tmp_path: Path) -> None:
    await send(catcher)

    [file] = (tmp_path / "mail").iterdir()
    assert file.name == "00000001.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_message_above_10_megabytes_is_refused(catcher: MailCatcher) -> None:
    body = b"Subject: big\r\n\r\n" + (b"x" * 998 + b"\r\n") * 10_500

    assert await send_raw(catcher, body) is DeliveryOutcome.REFUSED
    assert catcher.inbox.messages() == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header at all",
        b"Subject: =?utf-8?b?!!!?=\r\nDate: yesterday\r\n\r\nx",
        b"Subject: =?nonsense?q?x?=\r\nDate: Sun, 31 Dec 9999 23:59:59 -2359\r\n\r\nx",
        b"Subject: =?utf-7?q?+2AA-?=\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-",
        b'Content-Type: text/plain; charset="a\x00b"\r\nSubject: \xff\xfe\r\n\r\n\xff',
        b"Content-Type: multipart/mixed\r\n\r\n--x",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
    ],
)
async def test_a_broken_message_is_shown_all_the_same(catcher: MailCatcher, raw: bytes) -> None:
    assert await send_raw(catcher, raw) is DeliveryOutcome.TAKEN

    async with browser(catcher) as client:
        for path in ("/", "/messages/1", "/messages/1/raw", "/api/messages"):
            assert (await client.get(path)).status_code == 200


async def test_an_international_address_is_found(catcher: MailCatcher) -> None:
    assert await send_raw(catcher, b"Subject: hej\r\n\r\n", to="åsa@example.com") is DeliveryOutcome.TAKEN

    assert [message.to for message in catcher.inbox.messages("åsa@example.com")] == ["åsa@example.com"]


async def test_only_this_machine_can_hand_mail_in(tmp_path: Path) -> None:
    catcher = MailCatcher(tmp_path)
    for address in ("0.0.0.0", "192.0.2.1"):  # noqa: S104 - the point
        with pytest.raises(ValueError, match="loopback"):
            await catcher.start(address, 0)
    with pytest.raises(RuntimeError):
        _ = catcher.smtp_port
    await catcher.stop()
