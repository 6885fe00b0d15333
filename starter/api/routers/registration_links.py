"""What links in e-mails about registrations do. Their tokens are in bodies, never in addresses."""

from fastapi import APIRouter

from starter.api.dependencies import ServicesDep, SourceDep
from starter.api.given import LinkToken
from starter.api.registration_schemas import EmailConfirmation, RegistrationDispute
from starter.api.routing import refusals
from starter.services import Services, own_identity, registration_links
from starter.services.registration_links import Disputable

router = APIRouter(tags=["registrations"])


@router.post("/email-confirmation-lookups", responses=refusals(404, 410, 429))
async def look_up_email_confirmation(
    given: LinkToken, services: ServicesDep, source: SourceDep
) -> EmailConfirmation:
    """What a link confirms. Changes nothing."""
    return EmailConfirmation.of(await registration_links.confirmable(services, given.token, source))


@router.post("/email-confirmations", responses=refusals(404, 410, 429))
async def confirm_email(given: LinkToken, services: ServicesDep, source: SourceDep) -> EmailConfirmation:
    """Confirms the address of a registration; again: the same answer."""
    return EmailConfirmation.of(await registration_links.confirm_email(services, given.token, source))


@router.post("/registration-dispute-lookups", responses=refusals(404, 410, 429))
async def look_up_dispute(given: LinkToken, services: ServicesDep, source: SourceDep) -> RegistrationDispute:
    """Who registered which company, for those who were told of it. Changes nothing."""
    return await _dispute(services, await registration_links.disputable(services, given.token, source))


@router.post("/registration-disputes", responses=refusals(404, 410, 429))
async def dispute_registration(
    given: LinkToken, services: ServicesDep, source: SourceDep
) -> RegistrationDispute:
    """*This was not us*: the right is suspended at once, and customer service looks into it.

    Again: the same answer.
    """
    return await _dispute(services, await registration_links.dispute(services, given.token, source))


async def _dispute(services: Services, found: Disputable) -> RegistrationDispute:
    return RegistrationDispute.of(found, await own_identity.verified_name(services, found.user))
