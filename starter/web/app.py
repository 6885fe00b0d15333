"""The pages as an ASGI application."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from domain.codes import Code, Refused
from starter.http.middleware import guard
from starter.services import Services
from starter.web import assets, errors
from starter.web.pages import ROUTES
from starter.web.routing import page
from starter.web.visit import Visit


def create_pages(services: Services) -> Starlette:
    """The application around these services."""
    everything_else = page("/{path:path}", get=_nothing, login=False)
    app = Starlette(routes=[*assets.routes(), *ROUTES, everything_else])
    # A redirect would go to the Host that the request names (case A8).
    app.router.redirect_slashes = False
    app.state.services = services
    errors.install(app, services)

    def refuse(request: Request, code: Code) -> Response:
        return errors.error_page(request, services, Refused(code))

    guard(app, services, refuse)
    return app


async def _nothing(_: Visit) -> Response:
    """An address of nothing, in the frame of whoever is logged in."""
    raise Refused(Code.NOT_FOUND)
