"""Who has forgotten the password or the username (spec 3.7); nobody has to be logged in.

The answer is the same whether or not somebody has registered with the address.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Refused
from domain.vocabulary import AccountLinkPurpose
from starter.services import Services, account_links, sessions
from starter.services.refusals import FieldsRefused
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.links import Link
from starter.web.notices import Notice
from starter.web.pages.account_parts import again, link_over
from starter.web.routing import page
from starter.web.visit import Visit

_RESET = Link("/password-resets/open/", "/password-resets", Cookie.PASSWORD_RESET)


@dataclass(frozen=True)
class _Forgotten:
    """One of the two: the page that asks for one's address, and the page that says what happens then."""

    what: str
    # From the address and the client's source: owes the e-mail, if somebody has that address.
    send: Callable[[Services, str, str], Awaitable[None]]

    @property
    def path(self) -> str:
        return f"/{self.what}/forgotten"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            page(self.path, get=self._show, post=self._ask, login=False),
            page(f"{self.path}/sent", get=self._say_what_happens, login=False),
        ]

    async def _show(self, visit: Visit) -> Response:
        return await self._form_page(visit, Form())

    async def _ask(self, visit: Visit) -> Response:
        try:
            await self.send(visit.services, visit.posted.get("email", ""), visit.source)
        except Refused as refused:
            return await self._form_page(visit, again(visit, refused))
        return visit.redirect(f"{self.path}/sent")

    async def _form_page(self, visit: Visit, form: Form) -> Response:
        return await visit.page(f"account/{self.what}_forgotten.html", form=form)

    async def _say_what_happens(self, visit: Visit) -> Response:
        return await visit.page(
            f"account/{self.what}_forgotten_sent.html", lifetime=visit.services.settings.account_link.use
        )


_PASSWORD = _Forgotten("password", account_links.ask_password_reset)
_USERNAME = _Forgotten("username", account_links.ask_username)


def routes() -> list[BaseRoute]:
    """Asking for an e-mail, and choosing a new password behind the link in it."""
    return [
        *_PASSWORD.routes(),
        *_USERNAME.routes(),
        _RESET.route(),
        page(_RESET.opened, get=_show_reset, post=_reset, login=False),
    ]


async def _show_reset(visit: Visit) -> Response:
    return await _reset_page(visit, Form())


async def _reset(visit: Visit) -> Response:
    """Changes the password. Whoever was logged in here is logged out: the log-in proves the new one."""
    try:
        token, password = _RESET.token(visit), visit.posted.get("password", "")
        await account_links.reset_password(visit.services, token, password, visit.source)
    except FieldsRefused as refused:
        return await _reset_page(visit, visit.refused(refused))
    except Refused as refused:
        return await link_over(visit, refused, _PASSWORD.path)
    if visit.session is not None:
        await sessions.log_out(visit.services, visit.session.id)
    response = visit.redirect("/login", Notice.PASSWORD_RESET)
    for cookie in (Cookie.SESSION, Cookie.PASSWORD_RESET):
        visit.cookies.forget(response, cookie)
    return response


async def _reset_page(visit: Visit, form: Form) -> Response:
    try:
        link = await account_links.openable(
            visit.services, _RESET.token(visit), visit.source, AccountLinkPurpose.PASSWORD_RESET
        )
    except Refused as refused:
        return await link_over(visit, refused, _PASSWORD.path)
    return await visit.page("account/password_reset.html", form=form, user=link.user)
