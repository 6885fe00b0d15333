"""Choice of service: what one may use, and where it is."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from starter.services import e_services
from starter.web.paths import HOME
from starter.web.routing import page
from starter.web.visit import Visit


def routes() -> list[BaseRoute]:
    """The one page, where every flow ends."""
    return [page(HOME, get=_choose)]


async def _choose(visit: Visit) -> Response:
    found = await e_services.open_to(visit.services, visit.user)
    return await visit.page("services.html", section="services", found=found)
