"""One request for a page: who asks, in which language and zone, and how he is answered."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from zoneinfo import ZoneInfo, available_timezones

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.codes import Code, Refused
from domain.vocabulary import Language
from runtime.texts import preferred_language
from starter.http.device import device
from starter.http.source import source
from starter.services import Services, rights_requests, sessions
from starter.web import notices
from starter.web.cookies import Cookie, Cookies
from starter.web.forms import Form, read_form, refuse_other_sites, refuse_without_token, refused_form
from starter.web.notices import Notice
from starter.web.paths import asked_path
from starter.web.render import Frame, page
from store import erasures, invitations
from store import rights_requests as requests
from store.sessions import Session
from store.users import User


@dataclass(frozen=True)
class Pending:
    """What every page tells its visitor: how much waits for his answer, and when he is erased, if he is."""

    tasks: int = 0
    erasure_due: datetime | None = None


class Visit:
    """What a page's handler gets. Made by `Visit.of`, or `Visit(...)` when nobody can be recognised."""

    def __init__(self, request: Request, services: Services, session: Session | None = None) -> None:
        self.request = request
        self.services = services
        self.session = session
        self.cookies = Cookies(services.settings)
        self.source = source(request)
        self.device = device(request)
        # What was posted, once it is known to be ours.
        self.posted: Mapping[str, str] = {}
        self._secret = self._cookie(Cookie.SESSION if session else Cookie.VISITOR)
        self._is_new_visitor = not self._secret
        if self._is_new_visitor:
            self._secret = secrets.token_urlsafe(32)

    @classmethod
    async def of(cls, request: Request, services: Services) -> "Visit":
        """The visit, with its session if it has a living one."""
        token = Cookies(services.settings).get(request, Cookie.SESSION)
        try:
            session = (
                await sessions.current(services, token, by_person=not _is_refresh(request)) if token else None
            )
        except Refused:
            session = None
        return cls(request, services, session)

    # Who and when

    @property
    def user(self) -> User:
        """Who is logged in. Raises Refused(`session.required`)."""
        if self.session is None:
            raise Refused(Code.SESSION_REQUIRED)
        return self.session.user

    @property
    def session_has_ended(self) -> bool:
        """Whether this browser was logged in and is not any more."""
        return self.session is None and bool(self._cookie(Cookie.SESSION))

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.services.clock()

    @property
    def language(self) -> Language:
        """The one chosen in this browser, else the user's, else the browser's, else the installation's."""
        chosen = self._cookie(Cookie.LANGUAGE)
        if chosen in set(Language):
            return Language(chosen)
        if self.session is not None:
            return self.session.user.language
        return preferred_language(
            self.request.headers.get("accept-language"), self.services.settings.default_language
        )

    @property
    def zone(self) -> ZoneInfo:
        """The reader's time zone, when the browser has told it; else the retailer's."""
        told = self._cookie(Cookie.ZONE)
        return ZoneInfo(told) if told in _zones() else self.services.brand.time_zone

    @property
    def has_script(self) -> bool:
        """Whether the pages' script runs in this browser: it has told the reader's time zone."""
        return bool(self._cookie(Cookie.ZONE))

    def _cookie(self, cookie: Cookie) -> str:
        return self.cookies.get(self.request, cookie)

    # Forms

    async def read_form(self) -> None:
        """Reads what was posted. Raises Refused (`request.malformed`, `form.foreign`, `form.outdated`)."""
        self.refuse_other_sites()
        fields = await read_form(self.request)
        refuse_without_token(fields, self._form_token)
        self.posted = fields

    def refuse_other_sites(self) -> None:
        """Raises Refused(`form.foreign`) for what another site made this browser send."""
        refuse_other_sites(self.request, self.services.settings.origin_url)

    def refused(self, refusal: Refused, fields: Mapping[Code, str] | None = None) -> Form:
        """What was posted, to be shown again with what is wrong; see `forms.refused_form`."""
        return refused_form(self.language, self.posted, refusal, fields or {})

    @property
    def _form_token(self) -> str:
        return self.services.keys.form_token(self._secret)

    # Answers

    async def page(
        self, template: str, *, section: str = "", status: HTTPStatus = HTTPStatus.OK, **context: object
    ) -> Response:
        """A page. A `form` among its values that was refused gives the page its status."""
        pending, form = await self._pending(), context.get("form")
        if not isinstance(form, Form) or form.status is HTTPStatus.OK:
            return self._answer(template, pending, section, status, context)
        response = self._answer(template, pending, section, form.status, context)
        response.headers.update(form.headers)
        return response

    def plain_page(self, template: str, *, status: HTTPStatus, **context: object) -> Response:
        """A page that needs nothing of the database."""
        return self._answer(template, Pending(), "", status, context)

    def redirect(self, path: str, notice: Notice | None = None) -> Response:
        """On to another page of ours, which shows `notice` once."""
        response = RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER)
        if notice is not None:
            self.cookies.set(response, Cookie.NOTICE, notice.value, lifetime=timedelta(minutes=1))
        return response

    def _answer(
        self,
        template: str,
        pending: Pending,
        section: str,
        status: HTTPStatus,
        context: Mapping[str, object],
    ) -> Response:
        notice = self._cookie(Cookie.NOTICE)
        frame = Frame(
            language=self.language,
            zone=self.zone,
            brand=self.services.brand,
            path=asked_path(self.request),
            form_token=self._form_token,
            user=self.session.user if self.session else None,
            tasks_waiting=pending.tasks,
            erasure_due=pending.erasure_due,
            section=section,
            notice=notices.shown(notice, self.language),
        )
        response = page(template, frame, status, **context)
        if notice:
            self.cookies.forget(response, Cookie.NOTICE)
        if self._is_new_visitor:
            self.cookies.set(response, Cookie.VISITOR, self._secret)
        return response

    async def _pending(self) -> Pending:
        if self.session is None:
            return Pending()
        user, now = self.session.user, self.now
        async with self.services.database.reading() as reading:
            tasks = await invitations.count_to_handle(reading, user.email_normalised, now)
            if managed := await rights_requests.managed_relations(reading, user, now):
                tasks += await requests.count_to_handle(reading, managed, now, besides=user.id)
            erasure = await erasures.under_way(reading, user.id)
        return Pending(tasks, None if erasure is None else erasure.due)


def _is_refresh(request: Request) -> bool:
    """Whether a page asks by itself, to show how a thing stands now."""
    return request.headers.get("hx-request") == "true"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
