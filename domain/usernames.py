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
    # Some characters become several when normalised; both forms have to fit their columns.
    longest = max(len(kept), len(normalised(kept)))
    if len(kept) < MINIMUM_LENGTH or longest > MAXIMUM_LENGTH or not _WORD.fullmatch(kept):
        raise Refused(Code.USERNAME_INVALID)
    if "@" in kept and not _is_address(kept, own_email):
        raise Refused(Code.USERNAME_FOREIGN_ADDRESS)
    return kept


def normalised(username: str) -> str:
    """The form by which usernames are compared: letters' case does not matter.

    Here, unlike for mailboxes, looking alike must mean being the same, so compatibility forms are merged.
    """
    # Taken apart first: casefold() alone would tell some composed letters from their own capitals (`ΐ`).
    apart = unicodedata.normalize("NFKD", username.strip(" "))
    return unicodedata.normalize("NFKC", apart.casefold())


def _is_address(username: str, own_email: str) -> bool:
    try:
        address = email_address.checked(username)
    except Refused:
        return False
    return email_address.normalised(address) == email_address.normalised(own_email)
