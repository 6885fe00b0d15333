"""What the catcher reads out of an e-mail. Nothing in a message, however broken, makes it fail."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

_LINK = re.compile(r"https?://[^\s<>\"']+")
_AFTER_A_LINK = ".,;:!?)]}"


@dataclass(frozen=True)
class CaughtMessage:
    """One e-mail as the lists show it."""

    number: int
    """1, 2, 3 ... in the order of arrival."""
    to: str
    """The envelope's recipient; several are separated by a comma and a space."""
    sender: str
    """The From header as people read it."""
    subject: str
    date: datetime
    """The Date header in UTC; the time of arrival where there is none."""
    message_id: str
    text: str
    """The plain text part; empty when there is none."""
    links: tuple[str, ...]
    """The http and https addresses in the text part, in order, each once."""

    @property
    def sender_name(self) -> str:
        """The From header's name; its address where there is none."""
        name, address = parseaddr(self.sender)
        return name or address

    @property
    def recipients(self) -> list[str]:
        """The envelope's recipients."""
        return self.to.split(", ")


def read_message(number: int, raw: bytes, arrived: datetime) -> CaughtMessage:
    """The message in a stored file; `arrived` is an aware time."""
    message = message_from_bytes(raw)
    text = part_of(message, "text/plain") or ""
    return CaughtMessage(
        number=number,
        to=next((_value(value) for name, value in message.raw_items() if name == "Delivered-To"), ""),
        sender=header_of(message, "From"),
        subject=header_of(message, "Subject"),
        date=_date_of(message) or arrived,
        message_id=header_of(message, "Message-ID"),
        text=text,
        links=links_in(text),
    )


def headers_of(message: Message) -> list[tuple[str, str]]:
    """All headers in order, readable."""
    return [(name, _readable(_value(value))) for name, value in message.raw_items()]


def header_of(message: Message, name: str) -> str:
    """The first header of this name, readable; empty when missing."""
    return next((value for key, value in headers_of(message) if key.lower() == name.lower()), "")


def part_of(message: Message, content_type: str) -> str | None:
    """The first part of this type that is no attachment, as text with plain line ends; None when missing."""
    for part in message.walk():
        if part.get_content_type() == content_type and part.get_content_disposition() != "attachment":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return _text(content, part.get_content_charset("utf-8")).replace("\r\n", "\n")
    return None


def links_in(text: str) -> tuple[str, ...]:
    """The web addresses in a text, in order, each once, without the punctuation that follows them."""
    return tuple(dict.fromkeys(match.rstrip(_AFTER_A_LINK) for match in _LINK.findall(text)))


def _text(content: bytes, charset: str) -> str:
    try:
        return _encodable(content.decode(charset, "replace"))
    except (LookupError, ValueError):  # a character set nobody knows
        return content.decode("utf-8", "replace")


def _encodable(text: str) -> str:
    """Without the lone surrogates that odd character sets may yield and UTF-8 cannot say."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _value(raw: str) -> str:
    """A header's value as it was sent, raw UTF-8 included, on one line."""
    return " ".join(str(raw).encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())


def _readable(value: str) -> str:
    """A value with its encoded words decoded; broken ones stay as they are."""
    try:
        return " ".join(_encodable(str(make_header(decode_header(value)))).split())
    except (HeaderParseError, ValueError, LookupError):
        return value


def _date_of(message: Message) -> datetime | None:
    try:
        date = parsedate_to_datetime(header_of(message, "Date"))
        return date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
