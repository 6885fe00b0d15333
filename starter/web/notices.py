"""What a page says once, after something was done on the page before."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.vocabulary import Language
from runtime.texts import N_, translate


class Notice(StrEnum):
    """What was done; the value travels in a cookie."""

    LOGGED_OUT = "logged_out"
    REGISTERED = "registered"
    DETAILS_SAVED = "details_saved"
    INVITATION_CANCELLED = "invitation_cancelled"


_TEXTS: Mapping[Notice, str] = MappingProxyType(
    {
        Notice.LOGGED_OUT: N_("You have logged out."),
        Notice.REGISTERED: N_("You are registered and logged in. Now answer the invitation."),
        Notice.DETAILS_SAVED: N_("Your details have been saved."),
        Notice.INVITATION_CANCELLED: N_("The invitation has been cancelled."),
    }
)


@dataclass(frozen=True)
class ShownNotice:
    """A notice in words; `kind` is one of success, info, warning, error."""

    kind: str
    text: str


def shown(value: str, language: Language) -> ShownNotice | None:
    """The notice of a cookie's value, if it is one."""
    if value not in set(Notice):
        return None
    return ShownNotice("success", translate(language, _TEXTS[Notice(value)]))
