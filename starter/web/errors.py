"""Refusals and failures as pages: what is the matter, what to do, whom to ask."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.codes import Code, Refused
from runtime.texts import N_, translate
from starter.http.middleware import SAFE_HEADERS
from starter.http.statuses import STATUSES, retry_after, status_of
from starter.http.texts import DETAILS
from starter.services import Services, refused_access
from starter.web.paths import login_path
from starter.web.visit import Visit

log = structlog.get_logger()

_HEADINGS: Mapping[HTTPStatus, str] = MappingProxyType(
    {
        HTTPStatus.FORBIDDEN: N_("This is not possible"),
        HTTPStatus.NOT_FOUND: N_("The page was not found"),
        HTTPStatus.METHOD_NOT_ALLOWED: N_("The page was not found"),
        HTTPStatus.TOO_MANY_REQUESTS: N_("Please wait a moment"),
        HTTPStatus.SERVICE_UNAVAILABLE: N_("The service is unavailable at the moment"),
        HTTPStatus.INTERNAL_SERVER_ERROR: N_("Something went wrong"),
    }
)
_OTHER_HEADING = N_("This could not be done")
# Where the words for the API's callers would not do.
_DETAILS: Mapping[Code, str] = MappingProxyType(
    {
        Code.NOT_FOUND: N_(
            "There is nothing at this address, or nothing that you are allowed to see. Check the address, or"
            " begin from the choice of service."
        ),
        Code.REQUEST_METHOD_NOT_ALLOWED: N_("Nothing can be sent to this address. Begin from the start."),
        Code.REQUEST_MALFORMED: N_("What was sent could not be read. Go back and try again."),
    }
)


def install(app: Starlette, services: Services) -> None:
    """Makes the pages answer every refusal and failure as a page."""

    async def refused(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, Refused)  # noqa: S101 - how it is registered below
        if status_of(refusal.code) is HTTPStatus.UNAUTHORIZED:
            return _visit(request, services).redirect(login_path(request))
        await _record(request, services, refusal.code)
        return error_page(request, services, refusal)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - how it is registered below
        code = STATUSES.get(HTTPStatus(error.status_code), (Code.REQUEST_INVALID,))[0]
        response = error_page(request, services, Refused(code))
        response.headers.update(error.headers or {})
        return response

    async def database(request: Request, error: Exception) -> Response:
        log.error("request.database_failed", exc_info=error)
        return error_page(request, services, Refused(Code.SERVICE_UNAVAILABLE))

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request.failed", exc_info=error)
        response = error_page(request, services, Refused(Code.INTERNAL))
        # Starlette sends this one from outside all middleware.
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, http)
    for failure in (DBAPIError, PoolTimeout):
        app.add_exception_handler(failure, database)
    app.add_exception_handler(Exception, unexpected)


def error_page(request: Request, services: Services, refusal: Refused) -> Response:
    """The page for a refusal; it needs neither the database nor a session."""
    visit, code = _visit(request, services), refusal.code
    status = status_of(code)
    response = visit.plain_page(
        "error.html",
        status=status,
        heading=translate(visit.language, _HEADINGS.get(status, _OTHER_HEADING)),
        detail=translate(visit.language, _DETAILS.get(code, DETAILS[code])),
        code=code.value,
    )
    response.headers.update(retry_after(refusal))
    return response


def _visit(request: Request, services: Services) -> Visit:
    """The visit, if the request came as far as that."""
    visit: Visit | None = getattr(request.state, "visit", None)
    return visit or Visit(request, services)


async def _record(request: Request, services: Services, code: Code) -> None:
    """Leaves an audit event of what a user tried that he may not."""
    visit = _visit(request, services)
    if status_of(code) is HTTPStatus.FORBIDDEN and visit.session is not None:
        subject = next((each for each in request.path_params.values() if isinstance(each, UUID)), None)
        await refused_access.record(services, visit.session.user_id, code, subject)
