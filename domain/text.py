"""What people type: names and messages. Plain text without control characters (cases A28, A31)."""

import re
import unicodedata

from domain.codes import Code, Refused

NAME_LENGTH = 100
ORGANISATION_NAME_LENGTH = 200
COVER_MESSAGE_LENGTH = 2000

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,24}")
_LINE_BREAKS = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n"}
# Characters that reorder what the reader sees: embeddings, overrides, isolates.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
# Letters and signs that show nothing: Hangul fillers and the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def checked_name(name: str) -> str:
    """A person's first or last name, one line, as it is kept.

    Raises Refused: `field.required` when empty, `field.too_long` over 100 characters, `field.not_text` with
    control, direction or unassigned characters in it.
    """
    return _one_line(name, NAME_LENGTH)


def checked_organisation_name(name: str) -> str:
    """A company's name, one line of at most 200 characters; raises as `checked_name` does."""
    return _one_line(name, ORGANISATION_NAME_LENGTH)


def checked_phone(number: str) -> str:
    """A telephone number as somebody writes it. Raises Refused(`field.invalid`)."""
    kept = number.strip()
    if not _PHONE.fullmatch(kept):
        raise Refused(Code.FIELD_INVALID)
    return kept


def _one_line(text: str, maximum: int) -> str:
    kept = unicodedata.normalize("NFC", text).strip()
    _refuse_length(kept, maximum)
    if any(_is_control(character) for character in kept):
        raise Refused(Code.FIELD_NOT_TEXT)
    return kept


def checked_message(message: str) -> str:
    """A cover message: plain text of one or more lines, as it is kept.

    Raises Refused: `field.required`, `field.too_long` over 2,000 characters, `field.not_text`.
    """
    kept = unicodedata.normalize("NFC", message)
    for written, line_break in _LINE_BREAKS.items():
        kept = kept.replace(written, line_break)
    kept = kept.strip()
    _refuse_length(kept, COVER_MESSAGE_LENGTH)
    if any(_is_control(character) for character in kept if character not in "\n\t"):
        raise Refused(Code.FIELD_NOT_TEXT)
    return kept


def _refuse_length(text: str, maximum: int) -> None:
    if not any(unicodedata.category(each)[0] in "LNSP" and each not in _BLANK for each in text):
        raise Refused(Code.FIELD_REQUIRED)
    if len(text) > maximum:
        raise Refused(Code.FIELD_TOO_LONG)


def _is_control(character: str) -> bool:
    return character in _BIDI or unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
