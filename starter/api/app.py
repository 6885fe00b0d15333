"""The API as an ASGI application."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from starter.api import problems
from starter.api.routers import (
    account_links,
    audit_events,
    authorization_checks,
    authorizations,
    contract_links,
    health,
    identifications,
    invitation_registrations,
    invitations,
    me,
    own_account,
    own_data,
    processes,
    registration_links,
    registrations,
    relations,
    rights_requests,
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
    own_account,
    own_data,
    account_links,
    contract_links,
    relations,
    authorizations,
    rights_requests,
    invitations,
    processes,
    service_requests,
    audit_events,
    authorization_checks,
)


@cache
def _routes() -> Sequence[BaseRoute]:
    """Those of all routers, once for all applications: FastAPI takes long to work out what they take."""
    all_of_them = APIRouter(generate_unique_id_function=lambda route: route.name)
    for router in _ROUTERS:
        all_of_them.include_router(router.router, prefix="/v1")
    all_of_them.include_router(health.router)
    return all_of_them.routes


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
    )
    app.state.services = services
    app.state.default_language = services.settings.default_language
    problems.install(app)
    app.router.routes.extend(_routes())
    guard(app, services, problems.problem)
    return app
