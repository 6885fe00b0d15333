"""The bytes that go to the mail server (case A28; spec 3, idempotent e-mail)."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.vocabulary import Language, Message
from emails.mime import build, one_address
from emails.quoting import NON_JOINER, one_line
from emails.render import RenderedEmail, render
from emails.samples import SAMPLE_BRAND, sample_props

MESSAGE_ID = UUID("0194f3b0-7c1e-7d3a-9a51-3f2b8c6d4e10")
DATE = datetime(2026, 11, 22, 8, 15, 30, tzinfo=UTC)
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]
RENDERED = RenderedEmail("Hej", "Text\n", "<p>HTML</p>")
INJECTIONS = [
    "a\r\nBcc: thief@example.com",
    "a\nBcc: thief@example.com\n\nbody",
    "a\rBcc: thief@example.com",
    "a\u2028Bcc: thief@example.com",
    "a\u2029b\x00c\x85d\x0be\x0cf\x1cg\x1fh\x7fi\x9f",
    "a\u202eb\u2066c\u2069",
    "=?utf-8?q?a=0D=0ABcc:_thief@example.com?=",
    "=?utf-8?b?YQ0KQmNjOiB0aGllZkBleGFtcGxlLmNvbQ==?=",
    "= ?utf-8?q?a?= =?=?utf-8?q?=0D=0ABcc:_x?=",
    '"Boss" <boss@example.com>, thief@example.com',
    "Ä" * 500,
    "x" * 2000,
    "=?\r\n?=" * 50,
]


def built(rendered: RenderedEmail = RENDERED, /, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "sender": "noreply@example.com",
        "sender_name": "Fullmakt",
        "recipient": "maja@example.com",
        "message_id": MESSAGE_ID,
        "domain": "example.com",
        "date": DATE,
        "language": Language.SWEDISH,
    }
    return build(rendered, **{**values, **changes})


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def letters(words: str) -> str:
    """`words` without spaces, which `email` may add or drop where it folds a long header, and our breaks."""
    return "".join(one_line(words).replace(NON_JOINER, "").split())


def assert_sound(raw: bytes) -> EmailMessage:
    """What must hold for every message we ever send."""
    raw.decode("ascii")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    message = parsed(raw)
    assert message.keys() == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["maja@example.com"]
    assert [address.addr_spec for address in message["From"].addresses] == ["noreply@example.com"]
    assert message["Message-ID"] == f"<{MESSAGE_ID}@example.com>"
    assert not message.defects
    return message


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("message", Message)
def test_every_email_arrives_as_it_was_rendered(message: Message, language: Language) -> None:
    rendered = render(message, language, sample_props(message, language), SAMPLE_BRAND)
    raw = built(rendered, language=language)
    assert raw == built(rendered, language=language)
    got = assert_sound(raw)
    assert got["Subject"] == rendered.subject
    assert got["Content-Language"] == language.value
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"].datetime == DATE
    assert got.get_content_type() == "multipart/alternative"
    text, html = got.iter_parts()
    assert [text.get_content_type(), html.get_content_type()] == ["text/plain", "text/html"]
    assert text.get_content().replace("\r\n", "\n") == rendered.text
    assert html.get_content().replace("\r\n", "\n").rstrip() == rendered.html.rstrip()


def test_bytes_depend_on_the_input_alone() -> None:
    assert built() == built()
    assert len({built(), built(message_id=UUID(int=1)), built(date=DATE.replace(second=31))}) == 3
    assert built(RenderedEmail("Hej", "Text\n", "<p>other</p>")) != built()


@pytest.mark.parametrize("words", INJECTIONS)
def test_words_cannot_become_headers(words: str) -> None:
    message = assert_sound(built(RenderedEmail(words, words, words), sender_name=words))
    assert letters(message["Subject"]) == letters(words)
    (sender,) = message["From"].addresses
    assert letters(sender.display_name) in letters(words)


def test_the_encoded_word_attack_is_real() -> None:
    """Without our care, Python's own header machinery writes the second header."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "=?utf-8?q?a=0D=0ABcc:_thief@example.com?="
    assert parsed(message.as_bytes()).keys() == ["Subject", "Bcc"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet='=?utf-8qb_0DA:;,<>@."\\ ()\r\n\x00\u2028äé', max_size=120))
def test_any_words_are_sound(words: str) -> None:
    message = assert_sound(built(RenderedEmail(words, words, words), sender_name=words))
    assert (
        message["Subject"].replace(NON_JOINER, "").split() == one_line(words).replace(NON_JOINER, "").split()
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maja",
        "a@example.com, b@example.com",
        "a@example.com b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\n",
        "a@example.com\x00",
        "a\u2028@example.com",
        "a\u202e@example.com",
        "a\x85@example.com",
        "\u2066a@example.com",
        "Maja <a@example.com>",
        "<a@example.com>",
        '"a b"@example.com',
        "a@example.com (comment)",
        "a@[127.0.0.1]",
        "=?utf-8?q?a=0D=0A?=@example.com",
        "å@example.com",
        "a@@example.com",
        f"{'a' * 65}@example.com",
    ],
)
@pytest.mark.parametrize("field", ["sender", "recipient"])
def test_odd_addresses_are_refused(field: str, address: str) -> None:
    changes: dict[str, Any] = {field: address}
    with pytest.raises(ValueError, match=r"^not one plain address that a header can hold$"):
        built(**changes)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Maja.Provinen+el@Example.com", "Maja.Provinen+el@example.com"),
        ("maja@åland.example", "maja@xn--land-poa.example"),
        ("o'hara_{x}|y@example.com", "o'hara_{x}|y@example.com"),
    ],
)
def test_addresses_that_are_fine(address: str, expected: str) -> None:
    assert one_address(address) == expected
    (got,) = parsed(built(recipient=address))["To"].addresses
    assert got.addr_spec == expected


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.emails() | st.text(alphabet="a@.,;<>\"'()=?_\r\n \x00", max_size=30))
def test_any_recipient_is_one_or_none(address: str) -> None:
    try:
        expected = one_address(address)
    except ValueError:
        return
    message = parsed(built(recipient=address))
    assert message.keys() == HEADERS
    assert [one.addr_spec for one in message["To"].addresses] == [expected]


@pytest.mark.parametrize(
    "domain", ["", "exa mple.com", "example.com>\r\nBcc: x", "å.example", "a..b", "-a.b"]
)
def test_odd_domains_are_refused(domain: str) -> None:
    with pytest.raises(ValueError, match="host name"):
        built(domain=domain)


def test_date_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        built(date=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_no_body_can_contain_the_boundary() -> None:
    boundary = f"--=_{MESSAGE_ID.hex}"
    text = f"{boundary}\r\nContent-Type: text/html\r\n\r\n<b>x</b>\r\n{boundary}--\n"
    message = assert_sound(built(RenderedEmail("x", text, text)))
    assert len(list(message.iter_parts())) == 2
