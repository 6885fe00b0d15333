"""Whether two spellings are of the same company (spec 3.2, step 3).

Compared beside a business ID and a customer number that belong together already, so a slip of the fingers
may pass; but what tells companies apart (digits, initials, the numerals of housing companies, and names too
short to hold a slip) must be the same.
"""

import re
import unicodedata
from typing import NamedTuple

_FORMS = frozenset(
    {"oy", "ab", "oyj", "abp", "ky", "kb", "ay", "öb", "tmi", "fma", "ry", "rf", "osk", "anl"}
    | {"osakeyhtiö", "aktiebolag", "kommandiittiyhtiö", "kommanditbolag", "toiminimi", "firma"}
    | {"osuuskunta", "andelslag"}
)
# Words that half of all names have: no slip in the rest is small because of them.
_COMMON = frozenset({"asunto", "as", "bostads", "bost", "kiinteistö", "fastighets", "fast"})
_AND = frozenset({"&", "+", "ja", "och", "and"})
# `J.V.`, `r.y.`, `O.Y`: one abbreviation each.
_ABBREVIATION = re.compile(r"(?<!\w)(?:\w\.){2,}|(?<!\w)(?:\w\.)+\w(?!\w)")
_APOSTROPHES = re.compile(r"(?<=\w)['’´`](?=\w)")
_WORDS = re.compile(r"[^\W_]+|[&+]")
_NUMERAL = re.compile(r"[ivxlcdm]+")

# A word with fewer letters holds no slip, nor does a name with fewer of its own.
_WORD_WITH_A_SLIP = 5
_NAME_WITH_A_SLIP = 9
_NAME_WITH_TWO_SLIPS = 16
_SHORT_WORD = 2


def same_company(one: str, other: str) -> bool:
    """Whether two names are one company's: case, punctuation, blanks and company forms do not matter.

    In longer names a slip or two in longer words do not either: a letter wrong, missing, added, swapped with
    the next, or without its dots. Names without a letter or digit are nobody's.
    """
    this, that = _name(one), _name(other)
    if not this.joined or not that.joined:
        return False
    if this.joined == that.joined:
        return True
    return this.fixed == that.fixed and _slips(this, that) <= _slips_allowed(this, that)


class _Name(NamedTuple):
    """A name's words in their order, without company forms."""

    words: tuple[str, ...]

    @property
    def joined(self) -> str:
        return "".join(self.words)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The words that must be the same to the letter."""
        return tuple(word for word in self.words if _is_fixed(word))

    @property
    def own_length(self) -> int:
        """The letters that are its own."""
        return sum(len(word) for word in self.words if word not in _COMMON)


def _name(given: str) -> _Name:
    # Taken apart first: casefold() alone would tell some composed letters from their own capitals.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", given).casefold())
    plain = _ABBREVIATION.sub(lambda found: found[0].replace(".", ""), folded)
    spelled = _WORDS.findall(_APOSTROPHES.sub("", plain.replace("\u00ad", "")))
    words = ["&" if word in _AND else word for word in spelled]
    own = tuple(word for word in words if word not in _FORMS)
    if any(word != "&" for word in own):
        return _Name(own)
    # Nothing but company forms, or nothing but "and": then these are its name.
    forms = tuple(word for word in words if word != "&")
    return _Name(forms or tuple(word for word in spelled if word.isalnum()))


def _is_fixed(word: str) -> bool:
    numeral = _NUMERAL.fullmatch(word) is not None
    return len(word) <= _SHORT_WORD or numeral or any(character.isdigit() for character in word)


def _slips_allowed(one: _Name, other: _Name) -> int:
    own = min(one.own_length, other.own_length)
    return (own >= _NAME_WITH_A_SLIP) + (own >= _NAME_WITH_TWO_SLIPS)


def _slips(one: _Name, other: _Name) -> int:
    """How many slips lie between two names; more than any name is allowed when words do not correspond."""
    too_many = 3
    if len(one.words) != len(other.words):
        return too_many
    slips = 0
    for this, that in zip(one.words, other.words, strict=True):
        if this != that:
            enough = min(len(this), len(that)) >= _WORD_WITH_A_SLIP
            slips += max(1, _distance(_undotted(this), _undotted(that))) if enough else too_many
    return slips


def _undotted(word: str) -> str:
    """The letters without dots, rings and accents: `Åkerö` as a foreign keyboard has it."""
    return "".join(each for each in unicodedata.normalize("NFD", word) if not unicodedata.combining(each))


def _distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, added or swapped with the next (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, counterpart in enumerate(other, 1):
            change = before[j - 1] + (letter != counterpart)
            row.append(min(before[j] + 1, row[j - 1] + 1, change))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == counterpart
            if swapped:
                row[j] = min(row[j], above[j - 2] + 1)
    return row[-1]
