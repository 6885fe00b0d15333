"""Coming in and going out: logging in and out, and choosing a language."""

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import Language
from starter.services import sessions
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.paths import HOME, own_path
from starter.web.routing import page
from starter.web.visit import Visit

_YEAR = timedelta(days=365)
_OPENED_OR_BEGUN = (
    Cookie.INVITATION,
    Cookie.EMAIL_CONFIRMATION,
    Cookie.DISPUTE,
    Cookie.PASSWORD_RESET,
    Cookie.EMAIL_CHANGE,
    Cookie.REGISTRATION,
)


def routes() -> list[BaseRoute]:
    """What is there before one has logged in."""
    return [
        page("/", get=_start, login=False),
        page("/login", get=_show_login, post=_log_in, login=False),
        page("/logout", post=_log_out, login=False, too_late=_log_out),
        page("/language", post=_choose_language, login=False),
    ]


async def _start(visit: Visit) -> Response:
    return visit.redirect("/login" if visit.session is None else HOME)


async def _show_login(visit: Visit) -> Response:
    goal = own_path(visit.request.query_params.get("next", HOME))
    if visit.session is not None:
        return visit.redirect(goal)
    return await _login_page(visit, Form(), goal)


async def _log_in(visit: Visit) -> Response:
    """Starts a session, which never is one that the browser had before (case A22)."""
    goal = own_path(visit.posted.get("next", HOME))
    try:
        started = await sessions.log_in(
            visit.services,
            username=visit.posted.get("username", ""),
            password=visit.posted.get("password", ""),
            source=visit.source,
            device=visit.device,
        )
    except Refused as refused:
        return await _login_page(visit, visit.refused(refused), goal)
    if visit.session is not None:
        await sessions.log_out(visit.services, visit.session.id)
    response = visit.redirect(goal)
    visit.cookies.set(response, Cookie.SESSION, started.token)
    return response


async def _login_page(visit: Visit, form: Form, goal: str) -> Response:
    return await visit.page(
        "login.html", form=form, goal=goal, has_ended=visit.session_has_ended and not form.general
    )


async def _log_out(visit: Visit) -> Response:
    if visit.session is not None:
        await sessions.log_out(visit.services, visit.session.id)
    response = visit.redirect("/login", Notice.LOGGED_OUT)
    visit.cookies.forget(response, Cookie.SESSION)
    # Nor does the next person at this browser go on with what this one opened or began.
    for cookie in _OPENED_OR_BEGUN:
        visit.cookies.forget(response, cookie)
    return response


async def _choose_language(visit: Visit) -> Response:
    chosen = visit.posted.get("language")
    if chosen not in set(Language):
        raise Refused(Code.FIELD_INVALID)
    response = visit.redirect(own_path(visit.posted.get("next", HOME)))
    visit.cookies.set(response, Cookie.LANGUAGE, chosen, lifetime=_YEAR)
    return response
