"""E-mail addresses: what is accepted, and when two are the same.

The one normalisation (spec 3.8): ASCII letters become small ones and a domain becomes its ASCII (IDNA) form;
nothing else changes. Two distinct mailboxes never become one: Unicode case mapping would merge some (`ſ` and
`s`, `K` (Kelvin) and `k`, Turkish dotless i), NFKC others. Mailboxes that differ by the case of ASCII letters
alone are taken as the same one, as practically every mail server does; providers' habits (dots, plus tags)
are not guessed. Mail always goes to the address as stored, never to the normal form.
"""

import string

from email_validator import EmailNotValidError, validate_email

from domain.codes import Code, Refused

MAXIMUM_LENGTH = 254
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def checked(address: str) -> str:
    """The address as it is kept and written to.

    Raises Refused(`email.invalid`): not an address, one of a special-use domain, a quoted or literal form.
    """
    try:
        parts = validate_email(address.strip(" "), check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError:
        raise Refused(Code.EMAIL_INVALID) from None
    if not address.rpartition("@")[0].isascii():
        # Needs SMTPUTF8 on every hop; refused until the outgoing mail server is known to offer it. As typed,
        # because NFC, which `parts` are in, makes a few other characters ASCII (`K` (Kelvin) becomes `K`).
        raise Refused(Code.EMAIL_INVALID)
    kept = f"{parts.local_part}@{parts.ascii_domain}"
    if len(kept) > MAXIMUM_LENGTH:
        raise Refused(Code.EMAIL_INVALID)
    return kept


def normalised(address: str) -> str:
    """The form by which a checked address is compared and looked up."""
    return address.translate(_ASCII_LOWER)
