"""The API as an ASGI application."""

from typing import Any

from fastapi import FastAPI

from starter.api import problems
from starter.api.routers import (
    contract_links,
    health,
    identifications,
    invitation_registrations,
    invitations,
    me,
    processes,
    registration_links,
    registrations,
    relations,
    service_requests,
    sessions,
)
from starter.http.middleware import guard
from starter.services import Services

_DESCRIPTION = """\
Giving, getting and losing access to an energy retailer's e-services.

Refusals are `application/problem+json` (RFC 9457) with a stable `code` and a `detail` in the reader's
language (`Accept-Language`: sv, fi, en). What one may not see is 404. Where an
`Idempotency-Key` is taken, a request with it can be repeated for 24 hours and is done once.

What is sensitive answers 403 `identification.stale` to users with a strong identity who have not identified
in this session lately: `POST /v1/me/identification`, and again."""


_ROUTERS = (
    sessions,
    identifications,
    registrations,
    registration_links,
    invitation_registrations,
    me,
    contract_links,
    relations,
    invitations,
    processes,
    service_requests,
)


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """FastAPI describes a refusal as plain JSON besides what it is."""
        if self.openapi_schema is None:
            for methods in super().openapi()["paths"].values():
                for operation in methods.values():
                    problems.describe(operation["responses"])
        return super().openapi()


def create_api(services: Services) -> FastAPI:
    """The application around these services."""
    app = _Api(
        title="Fullmakt",
        version="1",
        description=_DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        # A redirect would go to the Host that the request names (case A8).
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    app.state.default_language = services.settings.default_language
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router.router, prefix="/v1")
    app.include_router(health.router)
    guard(app, services, problems.problem)
    return app
