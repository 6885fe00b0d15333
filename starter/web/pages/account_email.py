"""Changing one's e-mail address: asked for when logged in, confirmed by a link to the new one (spec 3.7)."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import AccountLinkPurpose
from starter.services import account_links
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.links import Link
from starter.web.notices import Notice
from starter.web.pages.account_parts import again, link_over
from starter.web.routing import page
from starter.web.visit import Visit

_PATH, _SENT = "/account/email", "/account/email/sent"
_CHANGE = Link("/email-changes/open/", "/email-changes", Cookie.EMAIL_CHANGE)
_CONFIRMED = "/email-changes/confirmed"


def routes() -> list[BaseRoute]:
    """Who has a strong identity identifies before he asks; the link works on any device."""
    return [
        page(_PATH, get=_show, post=_ask, fresh=True),
        page(_SENT, get=_say_what_happens),
        _CHANGE.route(),
        page(_CHANGE.opened, get=_show_change, post=_confirm, login=False),
        page(_CONFIRMED, get=_say_that_it_is_changed, login=False),
    ]


async def _show(visit: Visit) -> Response:
    return await _form_page(visit, Form())


async def _ask(visit: Visit) -> Response:
    if visit.session is None:
        raise Refused(Code.SESSION_REQUIRED)
    new_email, password = visit.posted.get("email", ""), visit.posted.get("password", "")
    try:
        await account_links.ask_email_change(visit.services, visit.session, new_email, password)
    except Refused as refused:
        return await _form_page(visit, again(visit, refused))
    return visit.redirect(_SENT)


async def _form_page(visit: Visit, form: Form) -> Response:
    return await visit.page("account/email.html", section="account", form=form, user=visit.user)


async def _say_what_happens(visit: Visit) -> Response:
    return await visit.page(
        "account/email_sent.html",
        section="account",
        user=visit.user,
        lifetime=visit.services.settings.account_link.use,
    )


async def _show_change(visit: Visit) -> Response:
    try:
        link = await account_links.openable(
            visit.services, _CHANGE.token(visit), visit.source, AccountLinkPurpose.EMAIL_CHANGE
        )
    except Refused as refused:
        return await link_over(visit, refused, _PATH)
    return await visit.page("account/email_change.html", new_email=link.new_email, user=link.user)


async def _confirm(visit: Visit) -> Response:
    try:
        user = await account_links.confirm_email_change(visit.services, _CHANGE.token(visit), visit.source)
    except Refused as refused:
        return await link_over(visit, refused, _PATH)
    if visit.session is not None and visit.session.user_id == user.id:
        return visit.redirect("/account", Notice.EMAIL_CHANGED)
    return visit.redirect(_CONFIRMED)


async def _say_that_it_is_changed(visit: Visit) -> Response:
    return await visit.page("account/email_changed.html")
