"""Turns a message's props into subject, plain text and HTML, from the templates in `templates/email/`.

The HTML templates produce MJML, which is converted to HTML that mail programs, phones and dark mode handle.
What people wrote is made harmless before a template sees it (`emails.quoting`), and autoescape holds for
everything else that enters HTML, so escaping always comes before the conversion.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from mjml import mjml2html
from pydantic import BaseModel, ConfigDict, EmailStr, Field, field_validator

from domain.vocabulary import Language, Message
from emails import quoting
from emails.labels import abilities, label, others_abilities, role_on
from emails.props import PROPS, Treatment
from runtime.texts import absolute_time, project_root, translations

_LINK = re.compile(r"[!-~]+")
_BLANK_LINES = re.compile(r"\n{3,}")


class Brand(BaseModel):
    """Who the e-mails come from, and where their links go: settings of the installation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_name: str = "Fullmakt"
    retailer_name: str
    customer_service_phone: str
    customer_service_email: EmailStr
    customer_service_hours: Mapping[Language, str]
    origin: str = Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$")
    time_zone: ZoneInfo = ZoneInfo("Europe/Helsinki")

    @field_validator("customer_service_hours")
    @classmethod
    def _in_every_language(cls, hours: Mapping[Language, str]) -> Mapping[Language, str]:
        if set(hours) != set(Language):
            raise ValueError("the opening hours are needed in every language")
        return hours


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """One e-mail in one language, ready for `emails.mime.build`."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Medium:
    """How a person's words are made harmless for a kind of template."""

    inline: Callable[[str], str]
    quoted: Callable[[str], str]


_TEXT = _Medium(quoting.inline_text, quoting.quoted_text)
_HTML = _Medium(quoting.inline_html, quoting.quoted_html)


def render(message: Message, language: Language, props: BaseModel, brand: Brand) -> RenderedEmail:
    """The e-mail `message` in `language`.

    Raises `TypeError` if `props` are another message's, `ValueError` if a link in them leaves
    `brand.origin` (spec 3.8), `jinja2.UndefinedError` if a template asks for what the props do not have.
    """
    if type(props) is not PROPS[message]:
        raise TypeError(f"{message.value} needs {PROPS[message].__name__}")

    def fill(file: str, medium: _Medium, **more: str) -> str:
        context = _presented(props, medium, language, brand)
        template = environment(language).get_template(f"{message.value}/{file}")
        return template.render(context, brand=brand, language=language, **more)

    subject = quoting.one_line(fill("subject.txt", _TEXT))
    text = _BLANK_LINES.sub("\n\n", fill("body.txt", _TEXT)).strip() + "\n"
    html = mjml2html(fill("body.html", _HTML, subject=subject), fonts={})  # no fonts fetched from anybody
    return RenderedEmail(subject, text, html)


@cache
def environment(language: Language) -> Environment:
    """The Jinja environment of the e-mail templates in `language`: strict, escaping all but `.txt`."""
    made = Environment(
        loader=FileSystemLoader(templates_folder()),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=select_autoescape((), ("txt",), default_for_string=True, default=True),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # added by the extension
    made.filters["label"] = partial(label, language)
    made.filters["abilities"] = partial(abilities, language)
    made.filters["others_abilities"] = partial(others_abilities, language)
    made.filters["role_on"] = partial(role_on, language)
    return made


def templates_folder() -> Path:
    """Where the e-mail templates are."""
    return project_root() / "templates" / "email"


def _presented(props: BaseModel, medium: _Medium, language: Language, brand: Brand) -> dict[str, object]:
    """The props as templates get them: every string harmless, every time in words, enumerations as are."""
    context: dict[str, object] = {}
    for name, field in type(props).model_fields.items():
        value = getattr(props, name)
        if isinstance(value, BaseModel):
            context[name] = _presented(value, medium, language, brand)
        elif isinstance(value, tuple) and all(isinstance(one, BaseModel) for one in value):
            context[name] = [_presented(one, medium, language, brand) for one in value]
        elif isinstance(value, datetime):
            context[name] = absolute_time(value, language, brand.time_zone)
        elif value is None or isinstance(value, Enum | bool) or Treatment.CODE in field.metadata:
            context[name] = value
        elif Treatment.LINK in field.metadata:
            context[name] = _own_link(value, brand)
        elif Treatment.QUOTED in field.metadata:
            context[name] = medium.quoted(value)
        elif isinstance(value, str):
            context[name] = medium.inline(value)
        else:
            raise TypeError(f"no way is known to show the field {name}")
    return context


def _own_link(link: str, brand: Brand) -> str:
    if not link.startswith(f"{brand.origin}/") or not _LINK.fullmatch(link):
        raise ValueError("a link in an e-mail must lie under the configured origin")
    return link
