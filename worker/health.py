"""`/healthz` and `/readyz` of a worker process, for whoever supervises it."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from temporalio.client import Client

from runtime.health import readiness
from store.database import Database


def health_app(database: Database, client: Client) -> Starlette:
    """Alive when it answers; ready when the database and Temporal answer too."""

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> JSONResponse:
        state = await readiness(database, client)
        return JSONResponse(state.model_dump(), status_code=200 if state.ready else 503)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])
