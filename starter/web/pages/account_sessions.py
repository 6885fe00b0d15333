"""Where one is logged in: all browsers, and logging out the others (spec 3.7)."""

from collections.abc import Sequence
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from starter.services import own_sessions
from starter.web.notices import Notice
from starter.web.routing import page
from starter.web.visit import Visit
from store.sessions import Session

_PATH = "/account/sessions"


def routes() -> list[BaseRoute]:
    """The list; ending one of them, or all but this one, is asked about first."""
    return [
        page(_PATH, get=_show),
        page(f"{_PATH}/{{session_id:uuid}}/end", get=_ask_about_one, post=_end_one),
        page(f"{_PATH}/others/end", get=_ask_about_others, post=_end_others),
    ]


async def _show(visit: Visit) -> Response:
    return await visit.page(
        "account/sessions.html", section="account", own=_own(visit), others=await _others(visit)
    )


async def _ask_about_one(visit: Visit) -> Response:
    asked = _asked(visit)
    for other in await _others(visit):
        if other.id == asked:
            return await visit.page("account/session_end.html", section="account", other=other)
    return _not_living(visit, asked)


async def _end_one(visit: Visit) -> Response:
    asked = _asked(visit)
    # This browser logs out by the button at the top of each page.
    if asked != _own(visit).id:
        try:
            await own_sessions.end_one(visit.services, visit.user, asked)
        except Refused as refused:
            if refused.code is not Code.NOT_FOUND:
                raise
    return _not_living(visit, asked)


def _not_living(visit: Visit, asked: UUID) -> Response:
    """Back to the list. The same for one that has ended, and for one that never was this user's."""
    return visit.redirect(_PATH, None if asked == _own(visit).id else Notice.SESSION_ENDED)


async def _ask_about_others(visit: Visit) -> Response:
    others = await _others(visit)
    if not others:
        return visit.redirect(_PATH)
    return await visit.page("account/sessions_end.html", section="account", others=others)


async def _end_others(visit: Visit) -> Response:
    await own_sessions.end_others(visit.services, _own(visit))
    return visit.redirect(_PATH, Notice.OTHER_SESSIONS_ENDED)


def _own(visit: Visit) -> Session:
    if visit.session is None:
        raise Refused(Code.SESSION_REQUIRED)
    return visit.session


async def _others(visit: Visit) -> Sequence[Session]:
    """The user's other living sessions, the newest first."""
    own = _own(visit)
    return [each for each in await own_sessions.living(visit.services, visit.user) if each.id != own.id]


def _asked(visit: Visit) -> UUID:
    asked: UUID = visit.request.path_params["session_id"]
    return asked
