"""The pages, one module an area; each only translates between a browser and a use case."""

from starlette.routing import BaseRoute

from starter.web.pages import (
    account,
    answering,
    confirming,
    contract_links,
    customer_registrations,
    e_services,
    entrance,
    identifying,
    invitations,
    inviting,
    link,
    maintenance,
    processes,
    registering,
    registration_form,
    registration_help,
    registration_links,
    registration_review,
    relations,
    standing_texts,
    tasks,
)

_AREAS = (
    entrance,
    identifying,
    link,
    registering,
    customer_registrations,
    registration_form,
    registration_review,
    registration_help,
    registration_links,
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
    contract_links,
)
ROUTES: list[BaseRoute] = [route for area in _AREAS for route in area.routes()]
