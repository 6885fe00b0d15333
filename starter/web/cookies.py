"""The pages' cookies: for this host alone, out of scripts' reach, not sent along from other sites."""

from datetime import timedelta
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from runtime.settings import Settings


class Cookie(StrEnum):
    """What is kept in the browser. None holds a name, an address or anything that was typed."""

    SESSION = "session"
    # A secret of somebody who is not logged in, for the forms' tokens.
    VISITOR = "visitor"
    # The token of the invitation's link that was opened last.
    INVITATION = "invitation"
    # The same of a link that confirms an address, and of one that objects to a registration.
    EMAIL_CONFIRMATION = "email_confirmation"
    DISPUTE = "dispute"
    # And of those that change a password and an e-mail address.
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a cookie's name
    EMAIL_CHANGE = "email_change"
    # The secret of the registration that goes on in this browser.
    REGISTRATION = "registration"
    LANGUAGE = "language"
    # The reader's time zone, set by the pages' script.
    ZONE = "zone"
    # What the next page shows once.
    NOTICE = "notice"


class Cookies:
    """Reads and sets them. Over https their names begin with `__Host-`, which browsers take there alone."""

    def __init__(self, settings: Settings) -> None:
        self._secure = settings.origin.scheme == "https"

    def get(self, request: Request, cookie: Cookie) -> str:
        """Its value; an empty text when there is none."""
        return request.cookies.get(self._name(cookie), "")

    def set(
        self, response: Response, cookie: Cookie, value: str, *, lifetime: timedelta | None = None
    ) -> None:
        """Keeps a value, without `lifetime` until the browser is closed."""
        response.set_cookie(
            self._name(cookie),
            value,
            max_age=int(lifetime.total_seconds()) if lifetime else None,
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )

    def forget(self, response: Response, cookie: Cookie) -> None:
        """Takes it out of the browser."""
        response.delete_cookie(self._name(cookie), httponly=True, secure=self._secure, samesite="lax")

    def _name(self, cookie: Cookie) -> str:
        return f"__Host-{cookie.value}" if self._secure else cookie.value
