"""Where links in e-mails about registrations lead: confirming an address, and *This was not us* (spec 3.2).

Nobody has to be logged in. Opening a link changes nothing; what is posted on the page behind it does.
"""

from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from runtime.keys import token_hash
from starter.http.statuses import status_of
from starter.services import own_identity, registration_links
from starter.services.registration_links import Disputable
from starter.web.cookies import Cookie
from starter.web.links import Link
from starter.web.routing import page
from starter.web.visit import Visit
from store.registrations import Registration

_CONFIRMATION = Link("/email-confirmations/open/", "/email-confirmations", Cookie.EMAIL_CONFIRMATION)
_DISPUTE = Link("/disputes/open/", "/disputes", Cookie.DISPUTE)


def routes() -> list[BaseRoute]:
    """Both links, and the pages behind them."""
    return [
        _CONFIRMATION.route(),
        page(_CONFIRMATION.opened, get=_show_confirmation, post=_confirm, login=False),
        _DISPUTE.route(),
        page(_DISPUTE.opened, get=_show_dispute, post=_dispute, login=False),
    ]


# Confirming an e-mail address


async def _show_confirmation(visit: Visit) -> Response:
    """What would be confirmed; afterwards, where to go on."""
    try:
        token = _CONFIRMATION.token(visit)
        registration = await registration_links.confirmable(visit.services, token, visit.source)
    except Refused as refused:
        return await _over(visit, "email_over", refused)
    return await _confirmation_page(visit, registration)


async def _confirm(visit: Visit) -> Response:
    """Confirms the address. Again: the same."""
    try:
        token = _CONFIRMATION.token(visit)
        await registration_links.confirm_email(visit.services, token, visit.source)
    except Refused as refused:
        return await _over(visit, "email_over", refused)
    return visit.redirect(_CONFIRMATION.opened)


async def _confirmation_page(visit: Visit, registration: Registration) -> Response:
    if registration.email_confirmed_at is None:
        return await visit.page(
            "registration_links/email.html",
            first_name=registration.details["first_name"],
            company_name=registration.details.get("company_name"),
        )
    return await visit.page(
        "registration_links/email_confirmed.html",
        began_here=_began_here(visit, registration),
        deadline=registration.deadline,
    )


def _began_here(visit: Visit, registration: Registration) -> bool:
    """Whether it is this browser that the registration goes on in."""
    secret = visit.cookies.get(visit.request, Cookie.REGISTRATION)
    return bool(secret) and token_hash(secret) == registration.secret_hash


# This was not us


async def _show_dispute(visit: Visit) -> Response:
    """Who has registered, for which company; once it was objected to, what happens now."""
    try:
        found = await registration_links.disputable(visit.services, _DISPUTE.token(visit), visit.source)
    except Refused as refused:
        return await _over(visit, "dispute_over", refused)
    return await _dispute_page(visit, found)


async def _dispute(visit: Visit) -> Response:
    """Objects. Again: the same."""
    try:
        await registration_links.dispute(visit.services, _DISPUTE.token(visit), visit.source)
    except Refused as refused:
        return await _over(visit, "dispute_over", refused)
    return visit.redirect(_DISPUTE.opened)


async def _dispute_page(visit: Visit, found: Disputable) -> Response:
    return await visit.page(
        "registration_links/dispute.html"
        if found.registration.disputed_at is None
        else "registration_links/disputed.html",
        customer=found.customer,
        person_name=await own_identity.verified_name(visit.services, found.user),
        role=found.registration.role,
        registered_at=found.registration.ended_at,
    )


async def _over(visit: Visit, template: str, refused: Refused) -> Response:
    """The link leads to nothing any more: why that may be, and what to do. Raises what is no such refusal."""
    status = status_of(refused.code)
    if status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise refused
    return await visit.page(
        f"registration_links/{template}.html",
        status=status,
        is_abandoned=refused.code is Code.REGISTRATION_ABANDONED,
        is_too_late=refused.code is Code.LINK_USED,
    )
