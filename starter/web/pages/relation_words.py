"""The levels of a role on a customer relation, in words."""

from collections.abc import Sequence

from domain.roles import Levels
from domain.vocabulary import Language, Level, Subpage
from emails.labels import label


def levels_in_words(language: Language, levels: Levels) -> Sequence[str]:
    """What levels allow, one text a level, the most first; subpages without access are left out."""
    allowed = {
        level: [label(language, each).lower() for each in Subpage if levels.get(each) is level]
        for level in (Level.WRITE, Level.READ)
    }
    return [
        f"{label(language, level).capitalize()}: {', '.join(subpages)}"
        for level, subpages in allowed.items()
        if subpages
    ]
