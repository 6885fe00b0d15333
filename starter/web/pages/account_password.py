"""Changing one's password, by who knows the present one (spec 3.7)."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from starter.services import accounts
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.pages.account_parts import again
from starter.web.routing import page
from starter.web.visit import Visit

_PATH = "/account/password"


def routes() -> list[BaseRoute]:
    """One page."""
    return [page(_PATH, get=_show, post=_change)]


async def _show(visit: Visit) -> Response:
    return await _form_page(visit, Form())


async def _change(visit: Visit) -> Response:
    if visit.session is None:
        raise Refused(Code.SESSION_REQUIRED)
    current, new = visit.posted.get("current_password", ""), visit.posted.get("password", "")
    try:
        await accounts.change_password(visit.services, visit.session, current, new)
    except Refused as refused:
        return await _form_page(visit, again(visit, refused))
    return visit.redirect("/account", Notice.PASSWORD_CHANGED)


async def _form_page(visit: Visit, form: Form) -> Response:
    return await visit.page("account/password.html", section="account", form=form, user=visit.user)
