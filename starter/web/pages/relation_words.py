"""Roles and levels on a customer relation, in words."""

from collections.abc import Sequence

from domain.roles import Levels
from domain.vocabulary import Language, Level, Role, Subpage
from emails.labels import label
from runtime.texts import N_, translate
from store.customers import CustomerRelation

# Beside the name of the relation, "User of the customer relation" would say it twice.
_USER = N_("User")


def role_on(language: Language, role: Role, relation: CustomerRelation) -> str:
    """A role with the kind of relation that it is held on, as menus name it."""
    name = translate(language, _USER) if role is Role.RELATION_USER else label(language, role)
    return f"{name} ({label(language, relation.commodity).lower()})"


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
