"""What a page says once, after something was done on the page before."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.codes import Code
from domain.vocabulary import Language
from runtime.texts import N_, translate
from starter.http.texts import DETAILS


class Notice(StrEnum):
    """What was done; the value travels in a cookie."""

    LOGGED_OUT = "logged_out"
    REGISTERED = "registered"
    DETAILS_SAVED = "details_saved"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - no password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    EMAIL_CHANGED = "email_changed"
    SESSION_ENDED = "session_ended"
    OTHER_SESSIONS_ENDED = "other_sessions_ended"
    INVITATION_CANCELLED = "invitation_cancelled"
    LEVELS_CHANGED = "levels_changed"
    LEVELS_CHANGED_INVITATIONS_ENDED = "levels_changed_invitations_ended"
    LEVELS_UNCHANGED = "levels_unchanged"
    AUTHORIZATION_ENDED = "authorization_ended"
    RIGHTS_REQUEST_ENDED = "rights_request_ended"
    ERASURE_CANCELLED = "erasure_cancelled"
    ERASURE_ENDED = "erasure_ended"
    IDENTIFIED = "identified"
    IDENTIFICATION_CANCELLED = "identification_cancelled"
    IDENTIFICATION_FAILED = "identification_failed"
    IDENTIFICATION_UNAVAILABLE = "identification_unavailable"
    IDENTIFICATION_OTHER_PERSON = "identification_other_person"
    IDENTIFICATION_IN_USE = "identification_in_use"
    CONFIRMATION_SENT_AGAIN = "confirmation_sent_again"
    USER_REGISTERED = "user_registered"
    REGISTRATION_COMPLETED = "registration_completed"


# The refusals that one is told of on another page than where they happened.
OF_REFUSAL: Mapping[Code, Notice] = MappingProxyType(
    {
        Code.IDENTIFICATION_CANCELLED: Notice.IDENTIFICATION_CANCELLED,
        Code.IDENTIFICATION_FAILED: Notice.IDENTIFICATION_FAILED,
        Code.IDENTIFICATION_UNAVAILABLE: Notice.IDENTIFICATION_UNAVAILABLE,
        Code.IDENTIFICATION_OTHER_PERSON: Notice.IDENTIFICATION_OTHER_PERSON,
        Code.IDENTIFICATION_IN_USE: Notice.IDENTIFICATION_IN_USE,
        Code.AUTHORIZATION_ENDED: Notice.AUTHORIZATION_ENDED,
        Code.RIGHTS_REQUEST_ENDED: Notice.RIGHTS_REQUEST_ENDED,
        Code.ERASURE_ENDED: Notice.ERASURE_ENDED,
    }
)

_TEXTS: Mapping[Notice, str] = MappingProxyType(
    {
        Notice.LOGGED_OUT: N_("You have logged out."),
        Notice.REGISTERED: N_("You are registered and logged in. Now answer the invitation."),
        Notice.DETAILS_SAVED: N_("Your details have been saved."),
        Notice.PASSWORD_RESET: N_("Your password has been changed. Log in with it."),
        Notice.PASSWORD_CHANGED: N_(
            "Your password has been changed. All other browsers have been logged out."
        ),
        Notice.EMAIL_CHANGED: N_("Your e-mail address has been changed."),
        Notice.SESSION_ENDED: N_("That browser is not logged in any more."),
        Notice.OTHER_SESSIONS_ENDED: N_("All other browsers have been logged out."),
        Notice.INVITATION_CANCELLED: N_("The invitation has been cancelled."),
        Notice.LEVELS_CHANGED: N_("The rights have been changed. The user is told by e-mail."),
        Notice.LEVELS_CHANGED_INVITATIONS_ENDED: N_(
            "The rights have been changed. The user is told by e-mail. Open invitations that the user may not"
            " send any more have ended."
        ),
        Notice.LEVELS_UNCHANGED: N_("The rights are as they were: you chose nothing else."),
        Notice.ERASURE_CANCELLED: N_(
            "The erasure has been cancelled. Your user and your authorizations stay as they are."
        ),
        Notice.IDENTIFIED: N_("You have identified. Now continue with what you were doing."),
        Notice.CONFIRMATION_SENT_AGAIN: N_(
            "We have sent the e-mail again. Earlier links do not work any more."
        ),
        Notice.USER_REGISTERED: N_("You are registered and logged in."),
        Notice.REGISTRATION_COMPLETED: DETAILS[Code.REGISTRATION_COMPLETED],
        **{notice: DETAILS[code] for code, notice in OF_REFUSAL.items()},
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
    notice = Notice(value)
    kind = "warning" if notice in OF_REFUSAL.values() else "success"
    return ShownNotice(kind, translate(language, _TEXTS[notice]))
