"""Whether this process is alive and can do its work; for whoever supervises it."""

from fastapi import APIRouter, Response

from runtime.health import Readiness, readiness
from starter.api.dependencies import ServicesDep

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive, when it answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(services: ServicesDep, response: Response) -> Readiness:
    """Ready, when the database and Temporal answer too; 503 otherwise, naming which does not."""
    state = await readiness(services.database, services.client)
    response.status_code = 200 if state.ready else 503
    return state
