"""What a field of the registry may hold, and the normal form it is kept in: the same for files and for HTTP.

Each rule takes text without blanks around it (`plain`). What is wrong never repeats the value: somebody may
have put a personal identity code in any field.
"""

import re
import unicodedata
from collections.abc import Callable

from stdnum.fi import hetu

from domain import email_address
from domain.business_id import checked_business_id
from domain.codes import Refused
from domain.customer_number import checked_customer_number
from domain.identity import checked_identity_code

_NAME_LENGTH = 200
_CONTRACT_NUMBER_LENGTH = 20
_IDENTITY_CODE = re.compile(r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]")


class Wrong(ValueError):
    """A value is not what its field needs; the message says why and what to do."""


def plain(value: str) -> str:
    """A value without blanks around it; letters composed, non-breaking spaces as plain ones."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", value).replace("\u00a0", " ")
    return value.strip(" ")


def printable(value: str) -> str:
    """Plain text of one line."""
    kept = plain(value)
    if not kept.isprintable():
        raise Wrong("holds a line break, a tab or another invisible character; remove it")
    return kept


def required(value: str) -> str:
    """Anything at all."""
    if not value:
        raise Wrong("is empty; fill it in")
    return value


def customer_number(value: str) -> str:
    """6 to 10 digits."""
    return _checked(checked_customer_number, value, "is not a customer number; it has 6 to 10 digits")


def name(value: str) -> str:
    """A person's or a company's name, without an identity code in it."""
    _within(required(value), _NAME_LENGTH)
    if any(hetu.is_valid(code, allow_temporary=True) for code in _IDENTITY_CODE.findall(value.upper())):
        raise Wrong("holds a personal identity code; check that each value is in its own place")
    return value


def business_id(value: str) -> str:
    """With a hyphen before its check digit."""
    return _checked(
        checked_business_id, value, "is not a business ID (1234567-8) with its check digit; correct it"
    )


def email(value: str) -> str:
    """An e-mail address."""
    return _checked(email_address.checked, value, "is not an e-mail address; correct it or leave it empty")


def contract_number(value: str) -> str:
    """At most 20 characters."""
    return _within(required(value), _CONTRACT_NUMBER_LENGTH)


def identity_code(value: str, *, allow_temporary: bool) -> str:
    """A personal identity code; `allow_temporary` accepts numbers 900-999, which belong to nobody."""
    problem = "is not a personal identity code (DDMMYYXNNNC) with its check character; correct it"
    code = _checked(lambda given: checked_identity_code(given, allow_temporary=True), value, problem)
    if not allow_temporary and not hetu.is_valid(code):
        raise Wrong("is a temporary one (900-999), which production refuses; use the person's own")
    return code


def _checked(check: Callable[[str], str], value: str, problem: str) -> str:
    try:
        return check(required(value))
    except Refused:
        raise Wrong(problem) from None


def _within(value: str, maximum: int) -> str:
    if len(value) > maximum:
        raise Wrong(f"is longer than {maximum} characters; shorten it")
    return value
