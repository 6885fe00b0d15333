"""A table of choices: a level for each subpage, and in words why one cannot be chosen.

Shown by `_parts/levels.html`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.codes import Code
from domain.roles import Levels
from domain.vocabulary import Language, Level, Subpage
from emails.labels import label
from runtime.texts import N_, translate
from starter.services.refusals import FieldChecks

# Why a level that exists cannot be chosen.
ABOVE_OWN = N_("You cannot choose “%(levels)s”: you may not do that yourself.")
BY_CONTRACT_ONLY = N_("“%(levels)s” is for the holder of the contract alone.")


@dataclass(frozen=True)
class Row:
    """A subpage: its levels to choose from, whether each can be chosen, and in words why not."""

    subpage: Subpage
    choices: Mapping[Level, bool]
    reasons: Sequence[str]


def row(language: Language, subpage: Subpage, levels: Mapping[Level, str | None]) -> Row:
    """The row of these levels, lowest first; of each, why it cannot be chosen (a msgid), or None."""
    refused: dict[str, list[str]] = {}
    for level, reason in levels.items():
        if reason is not None:
            refused.setdefault(reason, []).append(label(language, level).capitalize())
    return Row(
        subpage,
        {level: reason is None for level, reason in levels.items()},
        [translate(language, reason, levels=", ".join(words)) for reason, words in refused.items()],
    )


def values(levels: Levels) -> dict[str, str]:
    """How a form says these levels."""
    return {subpage.value: level.value for subpage, level in levels.items()}


def posted_levels(posted: Mapping[str, str], subpages: Iterable[Subpage] = Subpage) -> dict[Subpage, Level]:
    """A level for each of these subpages. Raises FieldsRefused."""
    checks, chosen = FieldChecks(), {}
    for subpage in subpages:
        given = posted.get(subpage, "")
        if given in set(Level):
            chosen[subpage] = Level(given)
        else:
            checks.refuse(f"/{subpage}", Code.FIELD_INVALID if given else Code.FIELD_REQUIRED)
    checks.done()
    return chosen
