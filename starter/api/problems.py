"""Refusals as problem+json (RFC 9457): a stable code, and what to do in the reader's language."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from domain.codes import Code, Refused
from domain.vocabulary import Language
from runtime.texts import preferred_language, translate
from starter.http.middleware import SAFE_HEADERS
from starter.http.statuses import STATUSES, retry_after, status_of
from starter.http.texts import DETAILS
from starter.services import refused_access
from starter.services.refusals import AlreadyPending, FieldError, FieldsRefused

MEDIA_TYPE = "application/problem+json"
# Nobody reads more; thousands of wrong fields must not make an answer many times the request's size.
_MOST_ERRORS = 50
log = structlog.get_logger()

_SERVICE_CODES = {Code.SERVICE_CREDENTIALS_REQUIRED, Code.SERVICE_BAD_CREDENTIALS}
# pydantic's own kinds of errors, as codes of ours.
_FIELD_CODES = {
    "missing": Code.FIELD_REQUIRED,
    "extra_forbidden": Code.FIELD_UNKNOWN,
    "string_too_long": Code.FIELD_TOO_LONG,
    "string_unicode": Code.FIELD_NOT_TEXT,
}


class FieldProblem(BaseModel):
    """What is wrong with one field. `pointer`: JSON Pointer (RFC 6901) into the request's body."""

    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """A refusal. `code` is stable; `detail` says in the reader's language what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None
    invitation_id: UUID | None = None


def reader_language(request: Request) -> Language:
    """The language of the request's header, else of its user, else of the installation."""
    default: Language = getattr(request.state, "language", None) or request.app.state.default_language
    return preferred_language(request.headers.get("accept-language"), default)


def problem(
    request: Request,
    code: Code,
    *,
    errors: Sequence[FieldError] = (),
    invitation_id: UUID | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response for a refusal."""
    status, language = status_of(code), reader_language(request)
    body = Problem(
        title=status.phrase,
        status=status.value,
        detail=translate(language, DETAILS[code]),
        code=code.value,
        errors=[
            FieldProblem(
                pointer=each.pointer, code=each.code.value, detail=translate(language, DETAILS[each.code])
            )
            for each in errors
        ]
        or None,
        invitation_id=invitation_id,
    )
    headers = {"Content-Language": language.value, **(headers or {})}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="services"' if code in _SERVICE_CODES else "Bearer"
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True),
        status_code=status.value,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Makes the app answer every refusal and failure as a problem."""

    @app.exception_handler(Refused)
    async def refused(request: Request, refusal: Refused) -> JSONResponse:
        if isinstance(refusal, FieldsRefused):
            return problem(request, refusal.code, errors=refusal.errors)
        if isinstance(refusal, AlreadyPending):
            return problem(request, refusal.code, invitation_id=refusal.invitation_id)
        if status_of(refusal.code) is HTTPStatus.FORBIDDEN:
            await refused_access.record(
                request.app.state.services, request.state.user_id, refusal.code, _subject(request)
            )
        return problem(request, refusal.code, headers=retry_after(refusal))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        details = error.errors()
        if any(each["type"] == "json_invalid" for each in details):
            return problem(request, Code.REQUEST_MALFORMED)
        if any(each["loc"][0] == "path" for each in details):
            # An id that is none names nothing.
            return problem(request, Code.NOT_FOUND)
        errors = [
            FieldError(_pointer(each["loc"]), _FIELD_CODES.get(each["type"], Code.FIELD_INVALID))
            for each in details[:_MOST_ERRORS]
        ]
        return problem(request, Code.REQUEST_INVALID, errors=errors)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        codes = STATUSES.get(HTTPStatus(error.status_code), (Code.REQUEST_INVALID,))
        response = problem(request, codes[0])
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeout)
    async def database(request: Request, error: SQLAlchemyError) -> JSONResponse:
        log.error("request.database_failed", exc_info=error)
        refusal = Refused(Code.SERVICE_UNAVAILABLE)
        return problem(request, refusal.code, headers=retry_after(refusal))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request.failed", exc_info=error)
        response = problem(request, Code.INTERNAL)
        # Starlette sends this one from outside all middleware.
        response.headers.update(SAFE_HEADERS)
        return response


def describe(responses: Mapping[str, dict[str, Any]]) -> None:
    """Brings an operation's responses in OpenAPI to the one media type that a problem has."""
    for response in responses.values():
        content = response.get("content", {})
        if MEDIA_TYPE in content:
            content[MEDIA_TYPE] = content.pop("application/json")


def _subject(request: Request) -> UUID | None:
    """The id in the address, if there is one; a route that refuses access has read it already."""
    return next((UUID(each) for each in request.path_params.values()), None)


def _pointer(location: Sequence[str | int]) -> str:
    where = location[1:] if location[0] == "body" else location
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in where)
