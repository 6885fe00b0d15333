"""Addresses within the pages, to go on or back to; never another host's."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from starlette.requests import Request

from runtime.keys import TOKEN_LENGTH

HOME = "/services"
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
# Their addresses hold what no page may repeat, and lead on to the second one: links in e-mails with their
# tokens, and the broker's answer.
LINK = "/invitations/open/"
OPENED = "/invitations/opened"
_LINKS: Mapping[str, str] = MappingProxyType(
    {
        LINK: OPENED,
        "/email-confirmations/open/": "/email-confirmations",
        "/disputes/open/": "/disputes",
        "/password-resets/open/": "/password-resets",
        "/email-changes/open/": "/email-changes",
        "/identification/callback": HOME,
    }
)


def own_path(given: str) -> str:
    """`given` when it is a path of ours, else the choice of service.

    Anything that a browser could take for another host's address is not.
    """
    is_plain = given.isascii() and given.isprintable() and "\\" not in given
    return given if is_plain and given.startswith("/") and not given.startswith("//") else HOME


def asked_path(request: Request) -> str:
    """The path and query that a request asks for; of an e-mail's link, whole or mangled, where it leads."""
    for prefix, opened in _LINKS.items():
        if request.url.path.startswith(prefix):
            return opened
    if _TOKEN.search(request.url.path):
        return OPENED
    query = request.url.query
    return own_path(request.url.path + (f"?{query}" if query else ""))


def login_path(request: Request) -> str:
    """The log-in page, which leads back to where one was going."""
    return f"/login?next={quote(asked_path(request))}"


def identify_path(goal: str) -> str:
    """The page to identify on, which leads to `goal` afterwards."""
    return f"/identify?next={quote(goal, safe='')}"
