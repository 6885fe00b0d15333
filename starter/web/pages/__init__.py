"""The pages, one module an area; each only translates between a browser and a use case."""

from starlette.routing import BaseRoute

from starter.web.pages import (
    account,
    answering,
    confirming,
    e_services,
    entrance,
    invitations,
    inviting,
    link,
    maintenance,
    processes,
    registering,
    relations,
    standing_texts,
    tasks,
)

_AREAS = (
    entrance,
    link,
    registering,
    e_services,
    tasks,
    answering,
    account,
    standing_texts,
    maintenance,
    relations,
    inviting,
    confirming,
    invitations,
    processes,
)
ROUTES: list[BaseRoute] = [route for area in _AREAS for route in area.routes()]
