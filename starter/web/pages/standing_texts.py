"""Texts that always stand: terms of use, privacy notice, accessibility statement, help."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from starter.web.routing import page
from starter.web.visit import Visit


def routes() -> list[BaseRoute]:
    """For everybody, logged in or not."""
    return [
        page("/terms", get=_show_terms, login=False),
        page("/privacy", get=_show_privacy, login=False),
        page("/accessibility", get=_show_accessibility, login=False),
        page("/help", get=_show_help, login=False),
    ]


async def _show_terms(visit: Visit) -> Response:
    return await visit.page("texts/terms.html", version=visit.services.settings.retailer.terms_version)


async def _show_privacy(visit: Visit) -> Response:
    settings = visit.services.settings
    return await visit.page(
        "texts/privacy.html",
        retention=settings.retention,
        session_rules=settings.sessions,
        registration=settings.registration,
        account_link=settings.account_link,
        cookie_prefix="__Host-" if settings.origin.scheme == "https" else "",
    )


async def _show_accessibility(visit: Visit) -> Response:
    return await visit.page("texts/accessibility.html")


async def _show_help(visit: Visit) -> Response:
    settings = visit.services.settings
    return await visit.page("texts/help.html", waits=settings.waits, retention=settings.retention)
