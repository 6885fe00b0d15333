"""Turns a rendered e-mail into the bytes that go to the mail server (spec 3, case A28).

The same input gives the same bytes, so an e-mail repeated after a crash is the same e-mail. The message is
pure ASCII with short lines, and asks no extension (8BITMIME, SMTPUTF8) of any mail server.
"""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from domain.vocabulary import Language
from emails.quoting import NON_JOINER, one_line
from emails.render import RenderedEmail

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")

_NAME_LENGTH = 150  # a name of one long word is not folded, and lines end at 998


def build(
    rendered: RenderedEmail,
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    message_id: UUID,
    domain: str,
    date: datetime,
    language: Language,
) -> bytes:
    """The complete message, from `sender` to exactly one `recipient`, as multipart/alternative.

    `message_id` and `domain` make the Message-ID and the boundary. Control characters in the subject and the
    sender's name become spaces or go; a name over 150 characters is cut. Raises `ValueError` for an address
    that is not one plain ASCII address (its domain may be international), a domain that is no host name, or
    a date without a time zone.
    """
    if date.tzinfo is None:
        raise ValueError("the date needs a time zone")
    if not _HOST.fullmatch(domain):
        raise ValueError("the domain of the Message-ID is not a host name")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_header_text(sender_name)[:_NAME_LENGTH], addr_spec=one_address(sender))
    message["To"] = Address(addr_spec=one_address(recipient))
    message["Subject"] = _header_text(rendered.subject)
    message["Date"] = date
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    # "=_" cannot occur in quoted-printable text, so no body can contain this boundary.
    message.set_boundary(f"=_{message_id.hex}")
    message["Content-Language"] = language.value  # last: add_alternative would move it into the first part
    return message.as_bytes()


def one_address(address: str) -> str:
    """`address` as one plain ASCII `local@domain`; an international domain in its ASCII form.

    Raises `ValueError`, which does not show the address, for anything else: several addresses, display names,
    comments, quoted local parts, control characters, non-ASCII local parts, the start of an encoded word (see
    `_header_text`).
    """
    try:
        checked = validate_email(address, allow_smtputf8=False, check_deliverability=False, strict=True)
    except EmailNotValidError:
        checked = None  # its message quotes the address, which is personal data
    if checked is None or checked.ascii_email is None or "=?" in checked.ascii_email:
        raise ValueError("not one plain address that a header can hold")
    return checked.ascii_email


def _header_text(text: str) -> str:
    """`text` on one line, without anything that Python's header machinery would read as an instruction.

    `email` decodes encoded words (`=?utf-8?q?...?=`) in what it is given, and writes the line breaks hidden
    in them into the header: a second header. So their opening sign is broken up invisibly.
    """
    return one_line(text).replace("=?", f"={NON_JOINER}?")
