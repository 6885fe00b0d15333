"""Where the link in an e-mail leads (spec 3.1, step 3): a plain page that says what to do.

Opening the link changes nothing, since mail scanners open links too. It moves the token into a short-lived
cookie that scripts cannot read, and goes on to an address without it.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from types import MappingProxyType

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.codes import Code, Refused
from domain.roles import ROLE_LEVELS
from domain.vocabulary import Language
from emails.labels import abilities, label
from runtime.keys import TOKEN_LENGTH
from runtime.texts import N_, absolute_time, preferred_language, project_root, translate, translations
from starter.api.dependencies import source
from starter.api.texts import DETAILS
from starter.services import Services, registrations
from starter.services.answers import code_of_end
from starter.services.refusals import TooMany
from starter.services.registrations import Located

_ADDRESS = "/invitations/opened"
_COOKIE_LIFETIME = timedelta(hours=1)
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_TEMPLATES = project_root() / "templates" / "web" / "landing"
_RETRY_AFTER_OUTAGE = timedelta(seconds=5)
log = structlog.get_logger()

# Each in itself, as a choice for its readers.
_LANGUAGE_NAMES = {Language.SWEDISH: "Svenska", Language.FINNISH: "Suomi", Language.ENGLISH: "English"}

_HEADINGS: Mapping[Code, str] = MappingProxyType(
    {
        Code.INVITATION_ACCEPTED: N_("The invitation has been approved"),
        Code.INVITATION_DECLINED: N_("The invitation has been declined"),
        Code.INVITATION_CANCELLED: N_("The invitation has been cancelled"),
        Code.INVITATION_EXPIRED: N_("The invitation has expired"),
        Code.INVITATION_UNDELIVERABLE: N_("The invitation could not be delivered"),
        Code.INVITATION_VOID: N_("The invitation is no longer valid"),
        Code.NOT_FOUND: N_("The invitation was not found"),
        Code.REQUEST_TOO_MANY: N_("Please wait a moment"),
        Code.SERVICE_UNAVAILABLE: N_("The invitation cannot be shown now"),
    }
)
_LINK_DOES_NOT_WORK = N_(
    "Open the link in the newest invitation that you have got by e-mail. If that does not help, copy the"
    " whole link into the address bar of your browser. An older link stops working when a newer one is sent."
)
# An invitation that has ended is shown as a page; these are failures to show one.
_STATUSES = {
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.REQUEST_TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Code.SERVICE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def routes(services: Services) -> list[BaseRoute]:
    """The link itself, the page behind it, and its stylesheet."""
    page = _Landing(services)
    return [
        # A path, so that a mail program's extra slash leads here and not to a redirect to the Host header's.
        Route("/invitations/open/{token:path}", page.take_token),
        Route(_ADDRESS, page.show),
        Route("/assets/landing.css", _style),
    ]


async def _style(_: Request) -> Response:
    return FileResponse(_TEMPLATES / "landing.css", headers={"Cache-Control": "max-age=3600"})


class _Landing:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._secure = services.settings.origin.scheme == "https"
        # Browsers take a __Host- cookie over https alone.
        self._cookie = "__Host-invitation" if self._secure else "invitation"

    async def take_token(self, request: Request) -> Response:
        """Moves the token out of the address. What cannot be a token is forgotten, and an earlier one too."""
        response = RedirectResponse(_ADDRESS, status_code=HTTPStatus.SEE_OTHER)
        token = request.path_params["token"].rstrip("/")
        is_token = _TOKEN.fullmatch(token) is not None
        response.set_cookie(
            self._cookie,
            token if is_token else "",
            max_age=int(_COOKIE_LIFETIME.total_seconds()) if is_token else 0,
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )
        return response

    async def show(self, request: Request) -> Response:
        """Says whose invitation it is, how it stands, and what to do."""
        try:
            located = await self._located(request)
        except TooMany as refused:
            return self._page(request, None, refused.code, retry_after=refused.retry_after)
        except Refused as refused:
            return self._page(request, None, refused.code)
        except DBAPIError as error:
            log.error("request.database_failed", exc_info=error)
            code = Code.SERVICE_UNAVAILABLE
            return self._page(request, None, code, retry_after=_RETRY_AFTER_OUTAGE)
        state = located.invitation.state_at(self._services.clock())
        return self._page(request, located, None if state.is_open else code_of_end(state))

    async def _located(self, request: Request) -> Located:
        token = request.cookies.get(self._cookie, "")
        if not _TOKEN.fullmatch(token):
            raise Refused(Code.NOT_FOUND)
        return await registrations.look_up(self._services, token, source(request))

    def _page(
        self,
        request: Request,
        located: Located | None,
        code: Code | None,
        *,
        retry_after: timedelta | None = None,
    ) -> Response:
        language = self._language(request, located)
        html = (
            _environment(language).get_template("landing.html").render(self._shown(language, located, code))
        )
        response = HTMLResponse(
            html,
            status_code=_STATUSES.get(code, HTTPStatus.OK) if code else HTTPStatus.OK,
            headers={"Content-Security-Policy": _CSP, "Content-Language": language.value},
        )
        if retry_after is not None:
            response.headers["Retry-After"] = str(max(1, round(retry_after.total_seconds())))
        return response

    def _language(self, request: Request, located: Located | None) -> Language:
        """The one that was chosen on the page, else the browser's, else the invitation's."""
        chosen = request.query_params.get("language")
        if chosen in set(Language):
            return Language(chosen)
        default = located.invitation.language if located else self._services.settings.default_language
        return preferred_language(request.headers.get("accept-language"), default)

    def _shown(self, language: Language, located: Located | None, code: Code | None) -> dict[str, object]:
        """What the template needs; `refusal` says why there is nothing to answer, and what to do."""
        invitation, refusal = located.invitation if located else None, DETAILS[code] if code else None
        if code is Code.NOT_FOUND:
            refusal = _LINK_DOES_NOT_WORK
        return {
            "language": language,
            "languages": _LANGUAGE_NAMES,
            "brand": self._services.brand,
            "heading": translate(language, _HEADINGS[code]) if code else None,
            "refusal": translate(language, refusal) if refusal else None,
            "invitation": invitation,
            "registered": located.recipient_is_registered if located else False,
            "commodity": label(language, invitation.relation.commodity) if invitation else None,
            "role": label(language, invitation.role) if invitation else None,
            "abilities": abilities(language, invitation.role)
            if invitation and invitation.levels == ROLE_LEVELS[invitation.role]
            else None,
            "deadline": absolute_time(invitation.deadline, language, self._services.brand.time_zone)
            if invitation
            else None,
        }


@cache
def _environment(language: Language) -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # added by the extension
    return made
