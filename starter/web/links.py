"""Links in e-mails: the token goes from the address into a short-lived cookie that scripts cannot read.

Opening a link changes nothing, since mail scanners open links too; it leads on to an address without a token.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.codes import Code, Refused
from runtime.keys import TOKEN_LENGTH
from starter.services import Services
from starter.web.cookies import Cookie, Cookies
from starter.web.visit import Visit

_COOKIE_LIFETIME = timedelta(hours=1)
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
_METHODS: Sequence[str] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Link:
    """A kind of link: what its addresses begin with, where it leads, and the cookie that keeps its token."""

    prefix: str
    opened: str
    cookie: Cookie

    def route(self) -> BaseRoute:
        """The link itself. A path, so that a mail program's extra slash leads here too.

        Every method, so that no page about a wrong one has to name the address, which holds the token.
        """

        async def open_link(request: Request) -> Response:
            if request.method not in {"GET", "HEAD"}:
                return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
            services: Services = request.app.state.services
            cookies, token = Cookies(services.settings), request.path_params["token"].rstrip("/")
            response = RedirectResponse(self.opened, status_code=HTTPStatus.SEE_OTHER)
            if _TOKEN.fullmatch(token):
                cookies.set(response, self.cookie, token, lifetime=_COOKIE_LIFETIME)
            else:
                # What cannot be a token is forgotten, and an earlier one too.
                cookies.forget(response, self.cookie)
            return response

        return Route(f"{self.prefix}{{token:path}}", open_link, methods=list(_METHODS))

    def token(self, visit: Visit) -> str:
        """The token of the link that was opened last in this browser.

        Raises Refused(`not_found`) when none was in the last hour.
        """
        token = visit.cookies.get(visit.request, self.cookie)
        if not _TOKEN.fullmatch(token):
            raise Refused(Code.NOT_FOUND)
        return token
