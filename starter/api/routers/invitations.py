"""`invitations`: one invitation, and what people do to it."""

from uuid import UUID

from fastapi import APIRouter

from domain.invitations import Act
from starter.api.dependencies import RequestKeyDep, ServicesDep, SessionDep, fresh_identification
from starter.api.given import Answer
from starter.api.routing import refusals
from starter.api.schemas import InvitationView
from starter.services import Services, answers
from starter.services.idempotency import RequestKey
from store.sessions import Session

router = APIRouter(prefix="/invitations", tags=["invitations"])


async def _seen(invitation_id: UUID, services: ServicesDep, session: SessionDep) -> None:
    await answers.view(services, session.user, invitation_id)


@router.get("/{invitation_id}", responses=refusals(401, 404))
async def show(invitation_id: UUID, services: ServicesDep, session: SessionDep) -> InvitationView:
    """An invitation, for its recipient and those who manage the relation's users."""
    viewed = await answers.view(services, session.user, invitation_id)
    return InvitationView.of(viewed.invitation, services.clock())


@router.post("/{invitation_id}/accept", responses=refusals(401, 403, 404, 410))
async def accept(
    invitation_id: UUID,
    services: ServicesDep,
    session: SessionDep,
    key: RequestKeyDep,
    given: Answer | None = None,
) -> InvitationView:
    """Accepts: the authorization is there when this answers. Again by the same person: the same answer."""
    return await _decide(services, session, invitation_id, Act.ACCEPT, given, key)


@router.post("/{invitation_id}/decline", responses=refusals(401, 403, 404, 410))
async def decline(
    invitation_id: UUID,
    services: ServicesDep,
    session: SessionDep,
    key: RequestKeyDep,
    given: Answer | None = None,
) -> InvitationView:
    """Declines; the inviter is told."""
    return await _decide(services, session, invitation_id, Act.DECLINE, given, key)


@router.post(
    "/{invitation_id}/cancel",
    dependencies=[fresh_identification(_seen)],
    responses=refusals(401, 403, 404, 409),
)
async def cancel(
    invitation_id: UUID, services: ServicesDep, session: SessionDep, key: RequestKeyDep
) -> InvitationView:
    """Takes an open invitation back; the invited person is told."""
    return await _decide(services, session, invitation_id, Act.CANCEL, None, key)


async def _decide(
    services: Services,
    session: Session,
    invitation_id: UUID,
    act: Act,
    given: Answer | None,
    key: RequestKey | None,
) -> InvitationView:
    token = given.token if given else None
    invitation = await answers.decide(services, session.user, invitation_id, act, token=token, key=key)
    return InvitationView.of(invitation, services.clock())
