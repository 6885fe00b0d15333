"""`me`, one's data: who sees them, all of them as a file, and having oneself erased (spec 3.7)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from starter.api.audit_schemas import DataAccessView
from starter.api.dependencies import ServicesDep, SessionDep, fresh_identification
from starter.api.erasure_schemas import ErasurePreviewView, ErasureView, ErasureWish
from starter.api.problems import reader_language
from starter.api.routing import refusals
from starter.services import data_access, erasures, export

router = APIRouter(prefix="/me", tags=["me"])


@router.get("/data-access", responses=refusals(401))
async def who_sees_my_data(request: Request, services: ServicesDep, session: SessionDep) -> DataAccessView:
    """Who holds what on one's relations, and what customer service did lately."""
    return DataAccessView.of(await data_access.of_user(services, session.user), reader_language(request))


@router.post(
    "/exports",
    dependencies=[fresh_identification()],
    response_model=dict[str, Any],
    responses=refusals(401, 403),
)
async def export_own_data(services: ServicesDep, session: SessionDep) -> JSONResponse:
    """All that the service holds about oneself, as a JSON file."""
    document = await export.of_user(services, session.user)
    return JSONResponse(
        dict(document), headers={"Content-Disposition": 'attachment; filename="fullmakt.json"'}
    )


@router.get("/erasure", responses=refusals(401))
async def preview_erasure(services: ServicesDep, session: SessionDep) -> ErasurePreviewView:
    """What being erased would mean, and until when one may regret it if one has asked for it."""
    return ErasurePreviewView.of(await erasures.preview(services, session.user))


@router.post(
    "/erasure", status_code=201, dependencies=[fresh_identification()], responses=refusals(401, 403, 429)
)
async def ask_for_erasure(given: ErasureWish, services: ServicesDep, session: SessionDep) -> ErasureView:
    """Has oneself erased in 14 days. Again: the one that is under way."""
    return ErasureView.of(await erasures.schedule(services, session, given.password))


@router.delete("/erasure", responses=refusals(401, 404, 409))
async def regret_erasure(services: ServicesDep, session: SessionDep) -> ErasureView:
    """Takes the wish back, as long as it is not due."""
    return ErasureView.of(await erasures.regret(services, session.user))
