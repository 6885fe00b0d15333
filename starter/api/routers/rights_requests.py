"""`rights-requests`: *May I have more rights?*, asked by a user, answered by who manages the users."""

from uuid import UUID

from fastapi import APIRouter, Response

from domain.codes import Code
from domain.vocabulary import Level, Subpage
from starter.api.dependencies import RequestKeyDep, ServicesDep, SessionDep, fresh_identification
from starter.api.rights_request_schemas import Approval, AskableView, NewRightsRequest, RightsRequestView
from starter.api.routing import refusals
from starter.services import Services, rights_requests
from starter.services.refusals import FieldError, FieldsRefused
from store.sessions import Session

router = APIRouter(tags=["requests for more rights"])


async def _seen(request_id: UUID, services: ServicesDep, session: SessionDep) -> None:
    await rights_requests.view(services, session.user, request_id)


async def _view(services: Services, session: Session, request_id: UUID) -> RightsRequestView:
    return RightsRequestView.of(await rights_requests.view(services, session.user, request_id))


def _complete(levels: dict[Subpage, Level]) -> dict[Subpage, Level]:
    missing = [each for each in Subpage if each not in levels]
    if missing:
        raise FieldsRefused([FieldError(f"/levels/{each}", Code.FIELD_REQUIRED) for each in missing])
    return levels


@router.get("/authorizations/{authorization_id}/rights-requests", responses=refusals(401, 404))
async def show_askable(authorization_id: UUID, services: ServicesDep, session: SessionDep) -> AskableView:
    """What one may ask for on one's own authorization."""
    return AskableView.of(await rights_requests.askable(services, session.user, authorization_id))


@router.post(
    "/authorizations/{authorization_id}/rights-requests",
    status_code=201,
    responses=refusals(401, 404, 409, 429),
)
async def ask_for_rights(
    authorization_id: UUID,
    given: NewRightsRequest,
    services: ServicesDep,
    session: SessionDep,
    key: RequestKeyDep,
    response: Response,
) -> RightsRequestView:
    """Asks those who manage the users for higher levels on one's own authorization; they have 14 days."""
    made = await rights_requests.ask(
        services, session.user, authorization_id, _complete(given.levels), given.message, key
    )
    response.headers["Location"] = f"/v1/rights-requests/{made.id}"
    return await _view(services, session, made.id)


@router.get("/rights-requests/{request_id}", responses=refusals(401, 404))
async def show_rights_request(
    request_id: UUID, services: ServicesDep, session: SessionDep
) -> RightsRequestView:
    """One's own request, or one that one can answer."""
    return await _view(services, session, request_id)


@router.post(
    "/rights-requests/{request_id}/approve",
    dependencies=[fresh_identification(_seen)],
    responses=refusals(401, 403, 404, 409),
)
async def approve_rights_request(
    request_id: UUID,
    services: ServicesDep,
    session: SessionDep,
    key: RequestKeyDep,
    given: Approval | None = None,
) -> RightsRequestView:
    """Gives what was asked for, or a part of it, at once. The user is told by e-mail."""
    levels = None if given is None or given.levels is None else _complete(given.levels)
    await rights_requests.approve(services, session.user, request_id, levels, key)
    return await _view(services, session, request_id)


@router.post("/rights-requests/{request_id}/decline", responses=refusals(401, 404, 409))
async def decline_rights_request(
    request_id: UUID, services: ServicesDep, session: SessionDep
) -> RightsRequestView:
    """Says no. The user keeps what he has, and is told by e-mail."""
    await rights_requests.decline(services, session.user, request_id)
    return await _view(services, session, request_id)


@router.post("/rights-requests/{request_id}/withdraw", responses=refusals(401, 404, 409))
async def withdraw_rights_request(
    request_id: UUID, services: ServicesDep, session: SessionDep
) -> RightsRequestView:
    """Takes one's own request back."""
    await rights_requests.withdraw(services, session.user, request_id)
    return await _view(services, session, request_id)
