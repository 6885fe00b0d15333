"""The broker's pages: whom to be, and what went wrong. In the person's language, under a strict policy."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from domain.vocabulary import Language
from runtime.texts import project_root, translations
from starter.testbroker.people import PEOPLE
from starter.testbroker.requests import Asked
from starter.web.assets import asset

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'{returning};"
    " frame-ancestors 'none'; base-uri 'none'"
)


def choosing(
    interaction: str, asked: Asked, given: Mapping[str, str], *, wrong: bool = False
) -> HTMLResponse:
    """Whom to be. `given`: what was typed; `wrong`: it is no person."""
    parts = urlsplit(asked.redirect_uri)
    return _page(
        "choosing.html",
        asked.language,
        HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        # A browser that follows the policy holds it against the redirect after the form as well.
        returning=f" {parts.scheme}://{parts.netloc}",
        interaction=interaction,
        means=asked.means,
        people=PEOPLE,
        given=given,
        wrong=wrong,
    )


def refused(language: Language = Language.ENGLISH) -> HTMLResponse:
    """For a request that cannot be answered through the browser."""
    return _page("refused.html", language, HTTPStatus.BAD_REQUEST)


def _page(
    template: str, language: Language, status: HTTPStatus, *, returning: str = "", **values: object
) -> HTMLResponse:
    html = _environment(language).get_template(template).render(values, language=language)
    policy = {"Content-Security-Policy": _POLICY.format(returning=returning)}
    return HTMLResponse(html, status_code=status, headers=HEADERS | policy)


@cache
def _environment(language: Language) -> Environment:
    made = Environment(
        loader=FileSystemLoader(project_root() / "templates" / "web" / "testbroker"),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # added by the extension
    made.globals["asset"] = asset
    return made
