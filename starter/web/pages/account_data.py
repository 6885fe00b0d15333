"""One's data: all of them as a file, and having oneself erased (spec 3.7)."""

import json

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import ErasureState
from starter.services import erasures, export, identifications
from starter.web.forms import Form
from starter.web.notices import OF_REFUSAL, Notice
from starter.web.pages.account_parts import again
from starter.web.paths import identify_path
from starter.web.routing import page
from starter.web.visit import Visit
from store.sessions import Session

_EXPORT, _ERASURE = "/account/export", "/account/erasure"
_CANCEL = f"{_ERASURE}/cancel"


def routes() -> list[BaseRoute]:
    """The file, and asking for the erasure, ask for a fresh identification; cancelling it does not."""
    return [
        page(_EXPORT, get=_explain, post=_save, fresh=True),
        page(_ERASURE, get=_show),
        page(_ERASURE, post=_schedule, fresh=True),
        page(_CANCEL, get=_ask_to_cancel, post=_cancel),
    ]


# The file


async def _explain(visit: Visit) -> Response:
    return await visit.page("account/export.html", section="account")


async def _save(visit: Visit) -> Response:
    """The file, written so that people can read it, too."""
    document = await export.of_user(visit.services, visit.user)
    return Response(
        json.dumps(document, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="fullmakt.json"'},
    )


# The erasure


async def _show(visit: Visit) -> Response:
    return await _erasure_page(visit, Form())


async def _schedule(visit: Visit) -> Response:
    """Asks for it; asked for twice, it is one."""
    try:
        await erasures.schedule(visit.services, _session(visit), visit.posted.get("password", ""))
    except Refused as refused:
        return await _erasure_page(visit, again(visit, refused))
    return visit.redirect(_ERASURE)


async def _erasure_page(visit: Visit, form: Form) -> Response:
    """What it means; once it is asked for, until when one may regret it."""
    preview = await erasures.preview(visit.services, visit.user)
    is_stale = await identifications.is_stale(visit.services, _session(visit))
    return await visit.page(
        "account/erasure_scheduled.html" if preview.scheduled else "account/erasure.html",
        section="account",
        form=form,
        preview=preview,
        can_cancel=_can_cancel(visit, preview),
        user=visit.user,
        identify=identify_path(_ERASURE) if is_stale else None,
        days=visit.services.settings.erasure.regret.days,
    )


def _can_cancel(visit: Visit, preview: erasures.ErasurePreview) -> bool:
    scheduled = preview.scheduled
    return scheduled is not None and scheduled.state is ErasureState.SCHEDULED and visit.now < scheduled.due


async def _ask_to_cancel(visit: Visit) -> Response:
    preview = await erasures.preview(visit.services, visit.user)
    if not _can_cancel(visit, preview):
        return visit.redirect(_ERASURE)
    return await visit.page("account/erasure_cancel.html", section="account", preview=preview)


async def _cancel(visit: Visit) -> Response:
    """Takes the wish back. Pressed twice, it is cancelled all the same."""
    try:
        await erasures.regret(visit.services, visit.user)
    except Refused as refused:
        if refused.code is Code.ERASURE_ENDED:
            return visit.redirect(_ERASURE, OF_REFUSAL[refused.code])
        if refused.code is not Code.NOT_FOUND:
            raise
        return visit.redirect(_ERASURE)
    return visit.redirect("/account", Notice.ERASURE_CANCELLED)


def _session(visit: Visit) -> Session:
    if visit.session is None:
        raise Refused(Code.SESSION_REQUIRED)
    return visit.session
