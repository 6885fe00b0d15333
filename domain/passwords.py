"""The password rule of spec 3.2: 8 to 128 characters, at least 3 of 4 kinds, not a known-common one."""

import unicodedata
from collections.abc import Collection
from functools import cache

from domain.codes import Code

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 128
MINIMUM_KINDS = 3


@cache
def common_passwords() -> Collection[str]:
    """Some 30,000 passwords that attackers try first, in small letters (from the zxcvbn package)."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 1 MB of words, read when needed

    return frozenset(FREQUENCY_LISTS["passwords"])


def kinds(password: str) -> int:
    """How many of upper case, lower case, digit and special character it has (0 to 4)."""
    return len({_kind(character) for character in password})


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    return {"Lu": "upper", "Lt": "upper", "Ll": "lower", "Nd": "digit"}.get(category, "special")


def refusal(password: str, *, about: Collection[str] = ()) -> Code | None:
    """Why a password is not accepted, or None.

    `about` holds the person's own words (username, names, address): a password that is one of them is as
    easily guessed as a common one.
    """
    if len(password) < MINIMUM_LENGTH:
        return Code.PASSWORD_TOO_SHORT
    if len(password) > MAXIMUM_LENGTH:
        return Code.PASSWORD_TOO_LONG
    if kinds(password) < MINIMUM_KINDS:
        return Code.PASSWORD_TOO_FEW_KINDS
    plain = password.casefold()
    if plain in common_passwords() or plain.rstrip("0123456789!.?") in common_passwords():
        return Code.PASSWORD_COMMON
    if plain in {word.casefold() for word in about}:
        return Code.PASSWORD_COMMON
    return None
