"""`authorization-checks`: may this user do this? For the retailer's other e-services (spec section 4)."""

from fastapi import APIRouter

from starter.api.check_schemas import AuthorizationAnswer, AuthorizationCheck
from starter.api.dependencies import ServiceDep, ServicesDep
from starter.api.routing import refusals
from starter.services import authorization_checks

router = APIRouter(prefix="/authorization-checks", tags=["authorization checks"])


@router.post("", responses=refusals(401, 429))
async def check_authorization(
    given: AuthorizationCheck, services: ServicesDep, service: ServiceDep
) -> AuthorizationAnswer:
    """Whether a user may do something now. For the retailer's other e-services, with their own credentials.

    Ask each time: what is removed is gone for the very next check. Nothing else than 200 with `allowed: true`
    is a yes; unknown users and relations are a no like any other.
    """
    checked = await authorization_checks.check(
        services,
        service,
        user_id=given.user_id,
        relation_id=given.relation_id,
        subpage=given.subpage,
        level=given.level,
    )
    return AuthorizationAnswer.of(checked)
