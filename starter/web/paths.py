"""Addresses within the pages, to go on or back to; never another host's."""

import re
from urllib.parse import quote

from starlette.requests import Request

from runtime.keys import TOKEN_LENGTH

HOME = "/services"
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
# An e-mail's link: its path holds a token, which no page may repeat. It leads on to the second address.
LINK = "/invitations/open/"
OPENED = "/invitations/opened"


def own_path(given: str) -> str:
    """`given` when it is a path of ours, else the choice of service.

    Anything that a browser could take for another host's address is not.
    """
    is_plain = given.isascii() and given.isprintable() and "\\" not in given
    return given if is_plain and given.startswith("/") and not given.startswith("//") else HOME


def asked_path(request: Request) -> str:
    """The path and query that a request asks for; of an e-mail's link, whole or mangled, where it leads."""
    if request.url.path.startswith(LINK) or _TOKEN.search(request.url.path):
        return OPENED
    query = request.url.query
    return own_path(request.url.path + (f"?{query}" if query else ""))


def login_path(request: Request) -> str:
    """The log-in page, which leads back to where one was going."""
    return f"/login?next={quote(asked_path(request))}"
