"""Usernames: an e-mail address or any other code or word (the company text, step 3)."""

import re
import unicodedata

from domain import email_address
from domain.codes import Code, Refused

MINIMUM_LENGTH = 3
MAXIMUM_LENGTH = 254
_WORD = re.compile(r"[\w.@+-]+")


def checked(username: str, *, own_email: str) -> str:
    """The username as it is kept.

    Raises Refused: `username.invalid` for a wrong length or character; `username.foreign_address` for one
    with an @ that is not one's own address (spec section 2).
    """
    kept = unicodedata.normalize("NFC", username.strip(" "))
    if not MINIMUM_LENGTH <= len(kept) <= MAXIMUM_LENGTH or not _WORD.fullmatch(kept):
        raise Refused(Code.USERNAME_INVALID)
    if "@" in kept and normalised(kept) != email_address.normalised(own_email):
        raise Refused(Code.USERNAME_FOREIGN_ADDRESS)
    return kept


def normalised(username: str) -> str:
    """The form by which usernames are compared: letters' case does not matter.

    Here, unlike for mailboxes, looking alike must mean being the same, so compatibility forms are merged.
    """
    return unicodedata.normalize("NFKC", username.strip(" ")).casefold()
