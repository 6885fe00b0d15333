"""To handle: the invitations that wait for one's answer."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from starter.web.routing import page
from starter.web.visit import Visit
from store import invitations


def routes() -> list[BaseRoute]:
    """The one list."""
    return [page("/tasks", get=_show)]


async def _show(visit: Visit) -> Response:
    async with visit.services.database.reading() as reading:
        waiting = await invitations.to_handle(reading, visit.user.email_normalised, visit.now)
    return await visit.page("tasks/tasks.html", section="tasks", waiting=waiting)
