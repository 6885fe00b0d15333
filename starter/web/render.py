"""Turns a template and its values into a page: in the reader's language and zone, under a strict policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from http import HTTPStatus
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from domain.vocabulary import Language
from emails import quoting
from emails.labels import abilities, label, role_on
from emails.render import Brand
from runtime.texts import absolute_time, project_root, translations
from starter.web.assets import asset
from starter.web.notices import ShownNotice
from starter.web.times import short_time
from store.users import User

# Nothing inline, nothing from elsewhere. Pictures in Pico's stylesheet are data: addresses.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# Each in itself, as a choice for its readers.
LANGUAGE_NAMES: Mapping[Language, str] = {
    Language.SWEDISH: "Svenska",
    Language.FINNISH: "Suomi",
    Language.ENGLISH: "English",
}


@dataclass(frozen=True)
class Frame:
    """What is around every page. `path`: where one comes back to after choosing another language."""

    language: Language
    zone: ZoneInfo
    brand: Brand
    path: str
    form_token: str
    user: User | None = None
    tasks_waiting: int = 0
    # When the user is erased, if he has asked for that.
    erasure_due: datetime | None = None
    section: str = ""
    notice: ShownNotice | None = None

    @property
    def languages(self) -> Mapping[Language, str]:
        """All languages, each named in itself."""
        return LANGUAGE_NAMES


def page(template: str, frame: Frame, status: HTTPStatus = HTTPStatus.OK, **context: object) -> HTMLResponse:
    """The page. Raises `jinja2.UndefinedError` if the template asks for what it was not given."""
    html = environment(frame.language).get_template(template).render(context, frame=frame)
    return HTMLResponse(
        html,
        status_code=status,
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Content-Language": frame.language.value,
        },
    )


@cache
def environment(language: Language) -> Environment:
    """The Jinja environment of the pages in `language`: strict, escaping everything."""
    made = Environment(
        loader=FileSystemLoader(project_root() / "templates" / "web"),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # added by the extension
    made.globals["asset"] = asset
    made.filters["label"] = partial(label, language)
    made.filters["abilities"] = partial(abilities, language)
    made.filters["role_on"] = partial(role_on, language)
    made.filters["moment"] = _moment
    made.filters["short_moment"] = _short_moment
    made.filters["person"] = person
    made.filters["lines"] = lines
    return made


@pass_context
def _moment(context: Context, moment: datetime) -> str:
    frame: Frame = context["frame"]
    return absolute_time(moment, frame.language, frame.zone)


@pass_context
def _short_moment(context: Context, moment: datetime) -> str:
    frame: Frame = context["frame"]
    return short_time(moment, frame.language, frame.zone, frame.brand.time_zone)


def person(name: str) -> Markup:
    """A name that somebody typed, on one line; it cannot reorder what is around it (case A31)."""
    return Markup("<bdi>{}</bdi>").format(quoting.one_line(name))


def lines(text: str) -> Markup:
    """Text of several lines that somebody typed, its line breaks kept."""
    return Markup("<br>").join(
        Markup('<bdi dir="auto">{}</bdi>').format(escape(line)) for line in quoting.clean(text).split("\n")
    )
