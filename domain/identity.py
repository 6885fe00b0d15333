"""Finnish personal identity codes: their form, and what of one may be shown (spec sections 2 and 5)."""

import re
from datetime import date

from stdnum.exceptions import ValidationError
from stdnum.fi import hetu

from domain.codes import Code, Refused

# DDMMYY, the century's sign, an individual number, a check character.
_FORM = re.compile(r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]")
_CENTURIES = {"+": 1800} | dict.fromkeys("-UVWXY", 1900) | dict.fromkeys("ABCDEF", 2000)
_SHOWN = 7  # the date and the century's sign
_MASK = "••••"


def checked_identity_code(given: str, *, allow_temporary: bool) -> str:
    """The code as it is kept: upper case, without blanks around it.

    `allow_temporary` lets individual numbers 900-999 pass: they belong to nobody, so production refuses them.
    Raises Refused, `identification.failed`, for a wrong form, date, individual number or check character.
    """
    code = given.strip(" ").upper() if given.isascii() else ""
    if not _FORM.fullmatch(code):
        raise Refused(Code.IDENTIFICATION_FAILED)
    try:
        hetu.validate(code, allow_temporary=allow_temporary)
    except ValidationError:
        # Not `from` it: what was refused would come along.
        raise Refused(Code.IDENTIFICATION_FAILED) from None
    return code


def masked(code: str) -> str:
    """How pages show a checked code: its date and century, `120872-••••`."""
    return code[:_SHOWN] + _MASK


def birth_date(code: str) -> date:
    """The day of birth that a checked code tells."""
    return date(_CENTURIES[code[6]] + int(code[4:6]), int(code[2:4]), int(code[:2]))
