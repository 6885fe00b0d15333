"""What routes ask for: the use cases' services, the session, the Idempotency-Key."""

import hashlib
import re
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.codes import Code, Refused
from starter.http.source import source
from starter.services import Services, sessions
from starter.services.idempotency import RequestKey
from store.sessions import Session

_KEY = re.compile(r"[!-~]{1,200}")
_bearer = HTTPBearer(auto_error=False, description="The token from POST /v1/sessions.")


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]


async def _session(
    request: Request,
    services: ServicesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Session:
    if credentials is None:
        raise Refused(Code.SESSION_REQUIRED)
    session = await sessions.current(services, credentials.credentials)
    request.state.language = session.user.language
    request.state.user_id = session.user_id
    return session


SessionDep = Annotated[Session, Depends(_session)]


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


SourceDep = Annotated[str, Depends(source)]
