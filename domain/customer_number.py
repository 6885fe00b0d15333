"""Customer numbers, as the electricity bill shows them: 6 to 10 digits."""

import re

from domain.codes import Code, Refused

_FORM = re.compile(r"[0-9]{6,10}")


def checked_customer_number(given: str) -> str:
    """The customer number as it is kept: digits alone, however they were grouped by blanks.

    Raises Refused(`customer_number.invalid`) for anything else.
    """
    number = given.replace(" ", "").replace("\u00a0", "")
    if not _FORM.fullmatch(number):
        raise Refused(Code.CUSTOMER_NUMBER_INVALID)
    return number
