"""`service-requests`: asking customer service for help (spec 3.6)."""

from fastapi import APIRouter, Response

from starter.api.dependencies import ServicesDep, SourceDep
from starter.api.registration_given import HelpWanted
from starter.api.routing import refusals
from starter.services import service_requests

router = APIRouter(prefix="/service-requests", tags=["service requests"])


@router.post("", status_code=202, response_class=Response, responses=refusals(429))
async def ask_for_help(given: HelpWanted, services: ServicesDep, source: SourceDep) -> Response:
    """For somebody who wants to register and has no means of identification: customer service calls back."""
    await service_requests.ask_without_means(
        services,
        name=given.name,
        email=given.email or "",
        phone=given.phone or "",
        message=given.message or "",
        source=source,
    )
    return Response(status_code=202)
