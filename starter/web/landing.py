"""Where the link in an e-mail leads (spec 3.1, step 3): a plain page that says what to do.

Opening the link changes nothing, since mail scanners open links too. It moves the token into a short-lived
cookie that scripts cannot read, and goes on to an address without it.
"""

from datetime import timedelta
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.codes import Code, Refused
from domain.vocabulary import Language
from emails.labels import label
from runtime.texts import absolute_time, preferred_language, project_root, translate, translations
from starter.api.dependencies import source
from starter.api.texts import DETAILS
from starter.services import Services, registrations
from starter.services.answers import code_of_end
from starter.services.registrations import Located

_COOKIE_LIFETIME = timedelta(hours=1)
_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_TEMPLATES = project_root() / "templates" / "web" / "landing"


def routes(services: Services) -> list[BaseRoute]:
    """The link itself, the page behind it, and its stylesheet."""
    page = _Landing(services)
    return [
        Route("/invitations/open/{token}", page.take_token),
        Route("/invitations/opened", page.show),
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
        """Moves the token out of the address."""
        response = RedirectResponse("/invitations/opened", status_code=303)
        response.set_cookie(
            self._cookie,
            request.path_params["token"],
            max_age=int(_COOKIE_LIFETIME.total_seconds()),
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )
        return response

    async def show(self, request: Request) -> Response:
        """Says whose invitation it is, how it stands, and what to do."""
        token = request.cookies.get(self._cookie, "")
        try:
            located = await registrations.look_up(self._services, token, source(request))
        except Refused as refused:
            return self._page(request, self._default_language, None, refused.code)
        state = located.invitation.state_at(self._services.clock())
        code = None if state.is_open else code_of_end(state)
        return self._page(request, located.invitation.language, located, code)

    @property
    def _default_language(self) -> Language:
        return self._services.settings.default_language

    def _page(
        self, request: Request, default: Language, located: Located | None, code: Code | None
    ) -> Response:
        language = preferred_language(request.headers.get("accept-language"), default)
        invitation = located.invitation if located else None
        html = (
            _environment(language)
            .get_template("landing.html")
            .render(
                language=language,
                brand=self._services.brand,
                refusal=translate(language, DETAILS[code]) if code else None,
                invitation=invitation,
                registered=located.recipient_is_registered if located else False,
                commodity=label(language, invitation.relation.commodity) if invitation else None,
                role=label(language, invitation.role) if invitation else None,
                deadline=absolute_time(invitation.deadline, language, self._services.brand.time_zone)
                if invitation
                else None,
            )
        )
        status = 404 if code is Code.NOT_FOUND else 429 if code is Code.REQUEST_TOO_MANY else 200
        return HTMLResponse(
            html,
            status_code=status,
            headers={"Content-Security-Policy": _CSP, "Content-Language": language.value},
        )


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
