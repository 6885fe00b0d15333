"""What routes ask for: the use cases' services, the session, the registration, the Idempotency-Key."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, HTTPException, Request
from fastapi.security import (
    APIKeyHeader,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
)

from domain.codes import Code, Refused
from starter.http.device import device
from starter.http.source import source
from starter.services import (
    Services,
    authorization_checks,
    customer_registrations,
    identifications,
    sessions,
)
from starter.services.idempotency import RequestKey
from store.registrations import Registration
from store.sessions import Session

_KEY = re.compile(r"[!-~]{1,200}")
_bearer = HTTPBearer(auto_error=False, description="The token from POST /v1/sessions.")
_secret = APIKeyHeader(
    name="Registration-Secret",
    scheme_name="RegistrationSecret",
    auto_error=False,
    description="The `secret` from POST /v1/registrations.",
)
# For OpenAPI: a session that a route can do without, alone or beside a registration's secret.
SESSION_IF_ANY: dict[str, Any] = {"security": [{}, {"HTTPBearer": []}]}
SECRET_AND_SESSION_IF_ANY: dict[str, Any] = {"security": [{"RegistrationSecret": [], "HTTPBearer": []}]}


# FastAPI sends what is not `async` through a thread: more work than all of these do.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]


async def _token(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    if credentials is None:
        raise Refused(Code.SESSION_REQUIRED)
    return credentials.credentials


SessionTokenDep = Annotated[str, Depends(_token)]


async def _session(request: Request, services: ServicesDep, token: SessionTokenDep) -> Session:
    session = await sessions.current(services, token)
    request.state.language = session.user.language
    request.state.user_id = session.user_id
    return session


SessionDep = Annotated[Session, Depends(_session)]


async def _session_if_any(request: Request, services: ServicesDep) -> Session | None:
    credentials = await _bearer(request)
    return None if credentials is None else await _session(request, services, credentials.credentials)


SessionIfAnyDep = Annotated[Session | None, Depends(_session_if_any)]


async def _nothing_before() -> None:
    pass


def fresh_identification(seen_first: Callable[..., Awaitable[None]] = _nothing_before) -> Any:
    """The dependency of sensitive acts: the user identified strongly a short while ago, or cannot at all.

    Refuses with `identification.stale`. `seen_first`: a dependency that refuses what one may not see.
    """

    async def fresh(
        services: ServicesDep, session: SessionDep, _: Annotated[None, Depends(seen_first)]
    ) -> None:
        await identifications.require_fresh(services, session)

    return Depends(fresh)


@dataclass(frozen=True)
class HeldRegistration:
    """A registration, and the secret by which it was reached."""

    row: Registration
    secret: str


async def _registration(
    request: Request,
    registration_id: UUID,
    services: ServicesDep,
    secret: Annotated[str | None, Depends(_secret)],
) -> HeldRegistration:
    found = await customer_registrations.find(services, secret or "", registration_id)
    if not found.makes_user:
        # What goes on in somebody's name needs his session besides.
        session = await _session_if_any(request, services)
        if session is None or session.user_id != found.user_id:
            raise Refused(Code.NOT_FOUND)
    request.state.language = found.language
    return HeldRegistration(found, secret or "")


RegistrationDep = Annotated[HeldRegistration, Depends(_registration)]


async def _request_key(
    request: Request,
    session: SessionDep,
    idempotency_key: Annotated[
        str | None, Header(description="Any text of your own; a repeat with it is not done twice.")
    ] = None,
) -> RequestKey | None:
    if idempotency_key is None:
        return None
    if not _KEY.fullmatch(idempotency_key):
        raise Refused(Code.IDEMPOTENCY_KEY_INVALID)
    request_hash = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    request_hash.update(await request.body())
    return RequestKey(session.user_id, idempotency_key, request_hash.hexdigest())


RequestKeyDep = Annotated[RequestKey | None, Depends(_request_key)]


async def _source(request: Request) -> str:
    return source(request)


SourceDep = Annotated[str, Depends(_source)]
DeviceDep = Annotated[str, Depends(device)]


class _ServiceCredentials(HTTPBasic):
    async def __call__(self, request: Request) -> HTTPBasicCredentials | None:  # type: ignore[override] # routes here are never websockets
        try:
            return await super().__call__(request)
        except HTTPException:
            return None  # not base64, or without a colon: no credentials


# As OAuth 2.0 clients do it (RFC 6749, 2.3.1): a header of another kind than a user's token.
_service_credentials = _ServiceCredentials(
    scheme_name="ServiceCredentials",
    auto_error=False,
    description="The name and a secret of one of the retailer's e-services.",
)


async def _service(
    services: ServicesDep,
    source: SourceDep,
    given: Annotated[HTTPBasicCredentials | None, Depends(_service_credentials)],
) -> str:
    if given is None:
        raise Refused(Code.SERVICE_CREDENTIALS_REQUIRED)
    return await authorization_checks.require_service(
        services, name=given.username, secret=given.password, source=source
    )


ServiceDep = Annotated[str, Depends(_service)]
