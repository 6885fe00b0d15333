"""The inbox as pages and as JSON. Whatever stands in a message is shown, never obeyed."""

import re
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from starter.mailcatcher.inbox import Inbox
from starter.mailcatcher.message import CaughtMessage, headers_of, part_of

_TEMPLATES = Path(__file__).parents[2] / "templates" / "web" / "mailcatcher"
_HEADERS_FOR_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_CSP_OF_PAGES = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_CSP_OF_MESSAGES = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""A message's own HTML: no scripts, forms or remote loads; a link opens in a tab of its own."""


def mailcatcher_app(inbox: Inbox) -> Starlette:
    """The ASGI application that shows `inbox`."""
    pages = _Pages(inbox)
    return Starlette(
        routes=[
            Route("/", pages.inbox),
            Route("/style.css", pages.style),
            Route("/messages/{number:int}", pages.message),
            Route("/messages/{number:int}/html", pages.html),
            Route("/messages/{number:int}/raw", pages.raw),
            Route("/api/messages", pages.list_json),
            Route("/api/messages", pages.clear, methods=["DELETE"]),
        ]
    )


class _Pages:
    """The handlers."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
        )

    async def inbox(self, request: Request) -> Response:
        """The list, newest first; `?to=` chooses a recipient."""
        to = request.query_params.get("to", "").strip()
        return self._page("inbox.html", to=to, messages=self._inbox.messages(to or None))

    async def style(self, _request: Request) -> Response:
        """The stylesheet."""
        return Response(
            (_TEMPLATES / "style.css").read_text("utf-8"), media_type="text/css", headers=_HEADERS_FOR_ALL
        )

    async def message(self, request: Request) -> Response:
        """One message: headers, text, and the HTML part in a frame without rights."""
        message = self._asked_for(request)
        parsed = self._inbox.parsed(message.number)
        return self._page(
            "message.html",
            message=message,
            headers=headers_of(parsed),
            has_html=part_of(parsed, "text/html") is not None,
        )

    async def html(self, request: Request) -> Response:
        """The HTML part itself, for the frame."""
        html = part_of(self._inbox.parsed(self._asked_for(request).number), "text/html")
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        # Inside the frame a link would open in the frame, which may load nothing.
        framed = re.sub(r"(<head\b[^>]*>)", r'\1<base target="_blank">', html, count=1, flags=re.IGNORECASE)
        return HTMLResponse(framed, headers=_HEADERS_FOR_ALL | {"Content-Security-Policy": _CSP_OF_MESSAGES})

    async def raw(self, request: Request) -> Response:
        """The stored file as plain text."""
        raw = self._inbox.raw(self._asked_for(request).number)
        return PlainTextResponse(
            raw, headers=_HEADERS_FOR_ALL | {"Content-Security-Policy": _CSP_OF_MESSAGES}
        )

    async def list_json(self, request: Request) -> Response:
        """The same list for programs."""
        messages = self._inbox.messages(request.query_params.get("to"))
        return JSONResponse([_as_json(message) for message in messages], headers=_HEADERS_FOR_ALL)

    async def clear(self, _request: Request) -> Response:
        """Empty the inbox."""
        self._inbox.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _asked_for(self, request: Request) -> CaughtMessage:
        message = self._inbox.get(request.path_params["number"])
        if message is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such message.")
        return message

    def _page(self, template: str, **values: object) -> Response:
        page = self._templates.get_template(template).render(values)
        return HTMLResponse(page, headers=_HEADERS_FOR_ALL | {"Content-Security-Policy": _CSP_OF_PAGES})


def _as_json(message: CaughtMessage) -> dict[str, object]:
    fields = asdict(message)
    return fields | {"from": fields.pop("sender"), "date": message.date.isoformat()}
