"""`sessions`: logging in and out."""

from fastapi import APIRouter, Response

from starter.api.dependencies import DeviceDep, ServicesDep, SessionDep, SourceDep
from starter.api.given import LogIn
from starter.api.routing import refusals
from starter.api.schemas import OwnDetails, StartedSession
from starter.services import sessions

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.post("", status_code=201, responses=refusals(401, 429))
async def log_in(given: LogIn, services: ServicesDep, source: SourceDep, device: DeviceDep) -> StartedSession:
    """Logs in. The token goes into `Authorization: Bearer` of later requests."""
    started = await sessions.log_in(
        services, username=given.username, password=given.password, source=source, device=device
    )
    return StartedSession(
        token=started.token,
        expires_at=started.session.expires_at,
        user=OwnDetails.of(started.session.user),
    )


@router.delete("/current", status_code=204, responses=refusals(401))
async def log_out(services: ServicesDep, session: SessionDep) -> Response:
    """Logs out: the token is worth nothing from now on."""
    await sessions.log_out(services, session.id)
    return Response(status_code=204)
