"""Forgotten password and username, and what links in e-mails about accounts do (spec 3.7).

Tokens are in bodies, never in addresses. What asks for an e-mail answers the same whether somebody has the
address or not.
"""

from fastapi import APIRouter, Response

from domain.vocabulary import AccountLinkPurpose
from starter.api.account_given import KnownBy, NewPassword
from starter.api.account_schemas import ChangedEmail, EmailChangeView, PasswordReset
from starter.api.dependencies import ServicesDep, SourceDep
from starter.api.given import LinkToken
from starter.api.routing import refusals
from starter.services import account_links

router = APIRouter(tags=["accounts"])


@router.post("/password-resets", status_code=202, response_class=Response, responses=refusals(429))
async def ask_for_password_reset(given: KnownBy, services: ServicesDep, source: SourceDep) -> Response:
    """Sends a link to choose a new password, if somebody has this address."""
    await account_links.ask_password_reset(services, given.email, source)
    return Response(status_code=202)


@router.post("/password-reset-lookups", responses=refusals(404, 410, 429))
async def look_up_password_reset(given: LinkToken, services: ServicesDep, source: SourceDep) -> PasswordReset:
    """Whose password a link changes. Changes nothing."""
    return PasswordReset.of(
        await account_links.openable(services, given.token, source, AccountLinkPurpose.PASSWORD_RESET)
    )


@router.post(
    "/password-reset-completions", status_code=204, response_class=Response, responses=refusals(404, 410, 429)
)
async def complete_password_reset(given: NewPassword, services: ServicesDep, source: SourceDep) -> Response:
    """Sets the new password, once, and ends all the user's sessions. Then log in."""
    await account_links.reset_password(services, given.token, given.password, source)
    return Response(status_code=204)


@router.post("/username-reminders", status_code=202, response_class=Response, responses=refusals(429))
async def ask_for_username(given: KnownBy, services: ServicesDep, source: SourceDep) -> Response:
    """Sends the username, if somebody has this address."""
    await account_links.ask_username(services, given.email, source)
    return Response(status_code=202)


@router.post("/email-change-lookups", responses=refusals(404, 410, 429))
async def look_up_email_change(given: LinkToken, services: ServicesDep, source: SourceDep) -> EmailChangeView:
    """Which address a link confirms. Changes nothing."""
    return EmailChangeView.of(
        await account_links.openable(services, given.token, source, AccountLinkPurpose.EMAIL_CHANGE)
    )


@router.post("/email-change-confirmations", responses=refusals(404, 409, 410, 429))
async def confirm_email_change(given: LinkToken, services: ServicesDep, source: SourceDep) -> ChangedEmail:
    """Makes the address the user's own, once; links that were sent to the old one end."""
    user = await account_links.confirm_email_change(services, given.token, source)
    return ChangedEmail(email=user.email, username=user.username)
