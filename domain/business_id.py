"""Finnish business IDs (FO-nummer, Y-tunnus): seven digits, a hyphen, a check digit."""

import unicodedata

from stdnum.exceptions import ValidationError
from stdnum.fi import ytunnus

from domain.codes import Code, Refused

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


def checked_business_id(given: str) -> str:
    """The business ID as it is kept, `1234567-8`; the hyphen and blanks may have been typed in any way.

    Raises Refused(`business_id.invalid`) for another form or a wrong check digit.
    """
    compact = unicodedata.normalize("NFKC", given).translate(_DASHES).replace(" ", "")
    # The library takes more for digits than ours are, and country codes too.
    digits = compact.replace("-", "", 1)
    if not (digits.isascii() and digits.isdigit() and (compact == digits or compact[7:8] == "-")):
        raise Refused(Code.BUSINESS_ID_INVALID)
    try:
        return str(ytunnus.format(ytunnus.validate(digits)))
    except ValidationError:
        raise Refused(Code.BUSINESS_ID_INVALID) from None
