"""Every part that pages are made of, in every state, for eyes (`fullmakt pages gallery`).

The real layout, stylesheets, script and policy around invented values; nothing is kept and nothing is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.vocabulary import Commodity, CustomerKind, Language
from emails.samples import SAMPLE_BRAND
from starter.web import assets
from starter.web.forms import Form, read_form
from starter.web.notices import ShownNotice
from starter.web.options import Option
from starter.web.paths import own_path
from starter.web.render import Frame, page
from store.customers import Customer, CustomerRelation
from store.users import User

_LANGUAGE = "gallery_language"
_LONG_WORD = "Lämmityssähkösopimusasiakkuudenhallintavaltuutuspyyntö"
_RIGHT_TO_LEFT = "مريم الحسن"
_MESSAGE = (
    "Hei Maija!\n\nSaat tästä oikeuden nähdä mökin sähkön. Soita, jos kysyttävää: 040 123 4567.\n"
    f"<b>Tämä</b> {{{{ ei ole }}}} koodia, ja tämä on pitkä sana: {_LONG_WORD}.\n\nKalle"
)
_TOO_LONG = "Hei! " * 420
_BEGAN = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """A tab or a breadcrumb."""

    href: str | None
    text: str
    current: bool = False


@dataclass(frozen=True)
class Happened:
    """A line of a timeline."""

    at: datetime
    text: str
    by: str | None = None


@dataclass(frozen=True)
class _Sheet:
    """A page of the gallery: its template, who is logged in, and what the frame shows around it."""

    text: str
    template: str
    first_name: str | None = "Maija"
    last_name: str = "Virtanen"
    tasks_waiting: int = 0
    section: str = ""
    notice: ShownNotice | None = None
    form: Form = field(default_factory=Form)


_SHEETS: Mapping[str, _Sheet] = MappingProxyType(
    {
        "/": _Sheet("Empty form", "form.html", tasks_waiting=1, section="services"),
        "/filled": _Sheet(
            "Filled form",
            "form.html",
            tasks_waiting=2,
            section="tasks",
            form=Form(
                {
                    "email": "matti.meikalainen@example.com",
                    "first_name": _LONG_WORD,
                    "note": _RIGHT_TO_LEFT,
                    "message": _MESSAGE,
                    "role": "viewer",
                    "relation": "2",
                    "terms": "yes",
                }
            ),
        ),
        "/refused": _Sheet(
            "Refused form",
            "form.html",
            tasks_waiting=12,
            section="maintenance",
            form=Form(
                {"email": "matti.example.com", "message": _TOO_LONG, "first_name": "Matti"},
                {
                    "email": "Write an e-mail address, such as name@example.com.",
                    "password": "Write a password of at least 8 characters.",
                    "message": "The message is longer than 2000 characters.",
                    "role": "Choose a role.",
                    "relation": f"Choose a relation: {_LONG_WORD}.",
                    "terms": "Accept the terms of use.",
                },
            ),
        ),
        "/ways": _Sheet("Ways", "ways.html", section="account"),
        "/telling": _Sheet(
            "Telling",
            "telling.html",
            first_name=_RIGHT_TO_LEFT,
            last_name="",
            notice=ShownNotice("success", "Your details have been saved."),
        ),
        "/lists": _Sheet("Lists", "lists.html", first_name=_LONG_WORD, tasks_waiting=3),
        "/end": _Sheet("End of a flow", "end.html"),
        "/nobody": _Sheet(
            "Logged out",
            "nobody.html",
            first_name=None,
            form=Form({}, {}, "Too many attempts. Wait a while before you try again."),
        ),
    }
)


def create_gallery(default: Language) -> Starlette:
    """The gallery as an application; `default` is the language until another one is chosen there."""

    async def show(request: Request) -> Response:
        sheet = _SHEETS[request.url.path]
        language = Language(request.cookies.get(_LANGUAGE, default))
        frame = _frame(sheet, language, request.url.path)
        return page(f"gallery/{sheet.template}", frame, HTTPStatus.OK, **_values(sheet))

    async def choose_language(request: Request) -> Response:
        posted = await read_form(request)
        response = RedirectResponse(own_path(posted["next"]), status_code=HTTPStatus.SEE_OTHER)
        response.set_cookie(_LANGUAGE, Language(posted["language"]), samesite="lax")
        return response

    async def nowhere(_: Request) -> Response:
        """Where buttons and links of invented pages lead."""
        return RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)

    return Starlette(
        routes=[
            *assets.routes(),
            *(Route(path, show) for path in _SHEETS),
            Route("/language", choose_language, methods=["POST"]),
            Route("/{anywhere:path}", nowhere, methods=["GET", "POST"]),
        ]
    )


def paths() -> Sequence[str]:
    """Where the sheets are."""
    return list(_SHEETS)


def _frame(sheet: _Sheet, language: Language, path: str) -> Frame:
    user = None if sheet.first_name is None else User(first_name=sheet.first_name, last_name=sheet.last_name)
    return Frame(
        language=language,
        zone=SAMPLE_BRAND.time_zone,
        brand=SAMPLE_BRAND,
        path=path,
        form_token="invented",  # noqa: S106 - opens nothing
        user=user,
        tasks_waiting=sheet.tasks_waiting,
        section=sheet.section,
        notice=sheet.notice,
    )


def _values(sheet: _Sheet) -> Mapping[str, object]:
    return {
        "sheets": [Place(path, each.text, each is sheet) for path, each in _SHEETS.items()],
        "form": sheet.form,
        "long_word": _LONG_WORD,
        "right_to_left": _RIGHT_TO_LEFT,
        "message": _MESSAGE,
        "roles": [
            Option("relation_user", "User of the customer relation", "Sees everything, changes nothing."),
            Option("viewer", "Viewer", "Sees the consumption and the reports."),
            Option("administrator", _LONG_WORD),
        ],
        "relations": [Option("", "Choose"), Option("1", "Electricity"), Option("2", "District heating")],
        "crumbs": [Place("/", "Maintenance"), Place("/ways", "Kalle Virtanen"), Place(None, "Invitations")],
        "home": _relation("Kalle Virtanen", CustomerKind.PRIVATE),
        "company": _relation(f"{_LONG_WORD} Oy", CustomerKind.COMPANY, "1234567-1"),
        "people": ["Maija Virtanen", _RIGHT_TO_LEFT, f"Matti {_LONG_WORD}"],
        "happened": [
            Happened(_BEGAN, "The invitation was made.", "Kalle Virtanen"),
            Happened(_BEGAN + timedelta(minutes=1), "The e-mail was sent."),
            Happened(_BEGAN + timedelta(days=5), f"A reminder was sent. {_LONG_WORD}", _RIGHT_TO_LEFT),
        ],
        "deadline": _BEGAN + timedelta(days=7),
    }


def _relation(name: str, kind: CustomerKind, business_id: str | None = None) -> CustomerRelation:
    customer = Customer(customer_number="100001", kind=kind, name=name, business_id=business_id)
    return CustomerRelation(customer=customer, commodity=Commodity.ELECTRICITY)
