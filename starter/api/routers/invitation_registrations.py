"""`invitation-registrations`, and what comes before one: the terms, and what an invitation's link shows."""

from fastapi import APIRouter

from starter.api.dependencies import ServicesDep, SourceDep
from starter.api.given import InvitationRegistration, LinkToken
from starter.api.routing import refusals
from starter.api.schemas import (
    LocatedInvitation,
    OwnDetails,
    RelationLabel,
    Terms,
)
from starter.services import invitation_registrations
from starter.services.invitation_registrations import Registration

router = APIRouter(tags=["registrations through an invitation"])


@router.get("/terms")
async def terms(services: ServicesDep) -> Terms:
    """The terms of use in force; a registration names their version."""
    return Terms(version=services.settings.retailer.terms_version)


@router.post("/invitation-lookups", responses=refusals(404, 429))
async def look_up(given: LinkToken, services: ServicesDep, source: SourceDep) -> LocatedInvitation:
    """What an invitation's link leads to. Changes nothing."""
    located = await invitation_registrations.look_up(services, given.token, source)
    invitation = located.invitation
    return LocatedInvitation(
        id=invitation.id,
        state=invitation.state_at(services.clock()),
        relation=RelationLabel.of(invitation.relation),
        role=invitation.role,
        inviter_name=invitation.inviter.full_name,
        first_name=invitation.first_name or None,
        last_name=invitation.last_name or None,
        deadline=invitation.deadline,
        recipient_is_registered=located.recipient_is_registered,
    )


@router.post("/invitation-registrations", status_code=201, responses=refusals(404, 409, 410, 429))
async def register_through_invitation(
    given: InvitationRegistration, services: ServicesDep, source: SourceDep
) -> OwnDetails:
    """Makes a user with the invited address. Then log in, and accept."""
    user = await invitation_registrations.register(
        services,
        given.invitation_token,
        Registration(
            first_name=given.first_name,
            last_name=given.last_name,
            username=given.username,
            password=given.password,
            language=given.language,
            terms_version=given.terms_version,
            declared_accurate=given.declared_accurate,
        ),
        source,
    )
    return OwnDetails.of(user)
