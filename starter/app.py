"""The API and the pages as one ASGI application, each with its own way to refuse."""

from starlette.types import ASGIApp, Receive, Scope, Send

from starter.api.app import create_api
from starter.services import Services
from starter.web.app import create_pages

_API = ("/v1", "/healthz", "/readyz")


def create_app(services: Services) -> ASGIApp:
    """The application around these services."""
    api, pages = create_api(services), create_pages(services)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (api if _is_for_api(scope) else pages)(scope, receive, send)

    return app


def _is_for_api(scope: Scope) -> bool:
    path: str = scope.get("path", "")
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _API)
