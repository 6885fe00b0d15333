"""Where the link in an invitation's e-mail leads (spec 3.1, step 3): whose it is, and what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain import roles
from domain.codes import Code, Refused
from runtime.texts import N_, translate
from starter.http.statuses import retry_after, status_of
from starter.http.texts import DETAILS
from starter.services import invitation_registrations, sessions
from starter.services.answers import code_of_end
from starter.services.invitation_registrations import Located
from starter.web.cookies import Cookie
from starter.web.links import Link
from starter.web.pages.answering import allowed
from starter.web.paths import LINK, OPENED
from starter.web.routing import page
from starter.web.visit import Visit
from store.invitations import Invitation

_LINK = Link(LINK, OPENED, Cookie.INVITATION)
_HEADINGS: Mapping[Code, str] = MappingProxyType(
    {
        Code.INVITATION_ACCEPTED: N_("The invitation has been approved"),
        Code.INVITATION_DECLINED: N_("The invitation has been declined"),
        Code.INVITATION_CANCELLED: N_("The invitation has been cancelled"),
        Code.INVITATION_EXPIRED: N_("The invitation has expired"),
        Code.INVITATION_UNDELIVERABLE: N_("The invitation could not be delivered"),
        Code.INVITATION_VOID: N_("The invitation is no longer valid"),
        Code.NOT_FOUND: N_("The invitation was not found"),
        Code.REQUEST_TOO_MANY: N_("Please wait a moment"),
    }
)
_LINK_DOES_NOT_WORK = N_(
    "Open the link in the newest invitation that you have got by e-mail. If that does not help, copy the"
    " whole link into the address bar of your browser. An older link stops working when a newer one is sent."
)


def routes() -> list[BaseRoute]:
    """The link itself, the page behind it, and the way to another user of the same browser."""
    return [
        _LINK.route(),
        page(OPENED, get=_show, login=False),
        page(f"{OPENED}/switch", get=_show_opened, post=_switch_user, login=False),
    ]


async def located(visit: Visit) -> Located:
    """What the link that was opened in this browser leads to.

    Raises Refused(`not_found`), also when none was opened in the last hour; TooMany(`request.too_many`).
    """
    return await invitation_registrations.look_up(visit.services, _LINK.token(visit), visit.source)


async def _show(visit: Visit) -> Response:
    """Says whose invitation it is, how it stands, and what to do."""
    try:
        found = await located(visit)
    except Refused as refused:
        return await _not_found(visit, refused)
    invitation = found.invitation
    if visit.session is not None and visit.user.email_normalised == invitation.email_normalised:
        return visit.redirect(f"/invitations/{invitation.id}")
    state = invitation.state_at(visit.now)
    if not state.is_open:
        return await _over(visit, code_of_end(state), invitation)
    if visit.session is not None:
        return await visit.page("link/other_user.html", invitation=invitation)
    return await visit.page(
        "link/invitation.html",
        invitation=invitation,
        allowed=allowed(visit.language, invitation),
        is_registered=found.recipient_is_registered,
        needs_identification=roles.needs_strong_identification(invitation.levels),
    )


async def _not_found(visit: Visit, refused: Refused) -> Response:
    response = await _over(visit, refused.code, None, status=status_of(refused.code))
    response.headers.update(retry_after(refused))
    return response


async def _over(
    visit: Visit, code: Code, invitation: Invitation | None, *, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """There is nothing to answer: why, and what to do."""
    detail = _LINK_DOES_NOT_WORK if code is Code.NOT_FOUND else DETAILS[code]
    return await visit.page(
        "link/over.html",
        status=status,
        heading=translate(visit.language, _HEADINGS[code]),
        detail=translate(visit.language, detail),
        invitation=invitation,
        is_approved=code is Code.INVITATION_ACCEPTED,
    )


async def _show_opened(visit: Visit) -> Response:
    return visit.redirect(OPENED)


async def _switch_user(visit: Visit) -> Response:
    """Logs out, and keeps the link for the user who logs in next."""
    if visit.session is not None:
        await sessions.log_out(visit.services, visit.session.id)
    response = visit.redirect(f"/login?next={OPENED}")
    visit.cookies.forget(response, Cookie.SESSION)
    return response
