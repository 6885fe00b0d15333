"""Routes of pages: each handler gets a `Visit`; what changes something was posted from a page of ours."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from starter.services import Services, identifications
from starter.web.paths import asked_path, identify_path, login_path
from starter.web.visit import Visit

Handler = Callable[[Visit], Awaitable[Response]]


class _PageRoute(Route):
    """Leaves itself in the scope, so that requests are logged by their route, never by their address."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        return match, {**child, "route": self}


def page(
    path: str,
    *,
    get: Handler | None = None,
    post: Handler | None = None,
    login: bool = True,
    fresh: bool = False,
    too_late: Handler | None = None,
) -> Route:
    """A page: what shows it, what its form does. With `login`, one has to log in first.

    With `fresh`, who has a strong identity has to have used it a short while ago (spec 3.7): he identifies in
    between, and comes back to the page. `too_late` answers a form whose session has ended, and with it the
    form's token.
    """
    handlers = {"GET": get, "HEAD": get, "POST": post}

    async def endpoint(request: Request) -> Response:
        services: Services = request.app.state.services
        visit = request.state.visit = await Visit.of(request, services)
        handler = handlers[request.method]
        if handler is None:  # the route's methods are those that have one
            return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED)
        if login and visit.session is None:
            return visit.redirect(login_path(request))
        if fresh and visit.session is not None and await identifications.is_stale(services, visit.session):
            return visit.redirect(identify_path(asked_path(request)))
        if request.method == "POST" and too_late is not None and visit.session_has_ended:
            visit.refuse_other_sites()
            return await too_late(visit)
        if request.method == "POST":
            await visit.read_form()
        return await handler(visit)

    return _PageRoute(path, endpoint, methods=[method for method in ("GET", "POST") if handlers[method]])
