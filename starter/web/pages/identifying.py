"""To the bank and back: choosing a means of identification, leaving, and the answer (spec 3.7 and 5)."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.codes import Code, Refused
from domain.vocabulary import IdentificationPurpose
from starter.services import Services, identifications, own_identity
from starter.services.identifications import Answer, Begun, Returned
from starter.services.own_identity import OwnIdentity
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.notices import OF_REFUSAL, Notice
from starter.web.paths import HOME, identify_path, own_path
from starter.web.routing import page
from starter.web.visit import Visit

_TO_NOTHING = "/identification/failed"
# As long as what an identification keeps of it.
_LONGEST_GOAL = 500


def routes() -> list[BaseRoute]:
    """The page for who is logged in, and the broker's way back for all."""
    return [
        page("/identify", get=_show, post=_leave),
        page("/identification/callback", get=_come_back, login=False),
        page(_TO_NOTHING, get=_show_to_nothing, login=False),
        Route("/identification/jwks.json", _public_keys, methods=["GET"]),
    ]


async def means_page(visit: Visit, template: str, form: Form, **context: Any) -> Response:
    """A page with the tiles; `template` includes `identification/tiles.html`."""
    return await visit.page(template, form=form, means=identifications.offered(visit.services), **context)


async def identity_of(visit: Visit) -> OwnIdentity | None:
    """The visitor's strong identity, if he is logged in and has one."""
    return None if visit.session is None else await own_identity.own(visit.services, visit.session)


async def leaving(visit: Visit, begun: Begun) -> Response:
    """Sends the browser to the bank.

    By a page of its own: a redirect after a form would need every bank in our `form-action` policy.
    """
    response = await visit.page("identification/leaving.html", address=begun.authorization_url)
    response.headers["Refresh"] = f"0; url={begun.authorization_url}"
    return response


async def _show(visit: Visit) -> Response:
    return await _identify_page(visit, Form())


async def _leave(visit: Visit) -> Response:
    if visit.session is None:
        raise Refused(Code.SESSION_REQUIRED)
    try:
        begun = await identifications.begin_for_session(
            visit.services,
            visit.session,
            visit.cookies.get(visit.request, Cookie.SESSION),
            visit.posted.get("means", ""),
            visit.language,
            return_to=_goal(visit),
        )
    except Refused as refused:
        return await _identify_page(visit, visit.refused(refused))
    return await leaving(visit, begun)


async def _identify_page(visit: Visit, form: Form) -> Response:
    return await means_page(visit, "identification/identify.html", form, action=identify_path(_goal(visit)))


def _goal(visit: Visit) -> str:
    """Where one goes on afterwards. It stays in the address, so that another language does not lose it."""
    given = visit.request.query_params.get("next", HOME)
    return own_path(given) if len(given) <= _LONGEST_GOAL else HOME


async def _come_back(visit: Visit) -> Response:
    """Takes the broker's answer in, and goes on at an address without it."""
    given = visit.request.query_params
    holders = [
        secret
        for cookie in (Cookie.REGISTRATION, Cookie.SESSION)
        if (secret := visit.cookies.get(visit.request, cookie))
    ]
    answer = Answer(
        state=given.get("state", ""),
        code=given.get("code", ""),
        error=given.get("error", ""),
        issuer=given.get("iss"),
        holders=holders,
    )
    try:
        return _on(visit, await identifications.complete(visit.services, answer))
    except Refused as refused:
        if refused.code is not Code.IDENTIFICATION_FAILED:
            raise
        return visit.redirect(_TO_NOTHING)


async def _show_to_nothing(visit: Visit) -> Response:
    """The answer was to nothing that this browser asks (case A35): what may have happened, where to go on."""
    return await visit.page(
        "identification/to_nothing.html",
        registers=bool(visit.cookies.get(visit.request, Cookie.REGISTRATION)),
    )


def _on(visit: Visit, returned: Returned) -> Response:
    """Where one goes on: what refused the identification is said on the page with the tiles."""
    if returned.purpose is IdentificationPurpose.REGISTRATION:
        return visit.redirect(returned.return_to, _notice(returned))
    if returned.refusal is None:
        return visit.redirect(returned.return_to, Notice.IDENTIFIED)
    return visit.redirect(identify_path(returned.return_to), _notice(returned))


def _notice(returned: Returned) -> Notice | None:
    return None if returned.refusal is None else OF_REFUSAL.get(returned.refusal)


async def _public_keys(request: Request) -> Response:
    """Our public keys, for the broker."""
    services: Services = request.app.state.services
    if services.identity_provider is None:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    return JSONResponse(services.identity_provider.public_keys())
