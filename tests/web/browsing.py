"""A browser without scripts: sends forms with what it found in them."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

import httpx2


class _Forms(HTMLParser):
    """By address: the fields of each form that would be sent as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._fields: dict[str, str] = {}
        self._area: str | None = None
        self._list: str | None = None

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        match tag, given.get("type"):
            case "form", _:
                self._fields = self.found.setdefault(given.get("action") or "", {})
            case "input", "radio" | "checkbox":
                if "checked" in given:
                    self._fields[name] = value
            case "input", _:
                self._fields[name] = value
            case "textarea", _:
                self._area = name
                self._fields[name] = ""
            case "select", _:
                self._list = name
            case "option", _:
                if self._list is not None and (self._list not in self._fields or "selected" in given):
                    self._fields[self._list] = value

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # The first line break belongs to the markup.
            self._fields[self._area] = self._fields[self._area].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._list = None
        elif tag == "form":
            self._fields = {}


def forms(page: httpx2.Response) -> Mapping[str, Mapping[str, str]]:
    """The forms on a page, by the address that they are sent to."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.found


def form(page: httpx2.Response, action: str | None = None) -> Mapping[str, str]:
    """The fields of the form that is sent to `action`, else to the page itself."""
    found = forms(page)
    action = action or page.url.path
    assert action in found, (action, list(found))
    return found[action]


async def posted(
    browser: httpx2.AsyncClient, path: str, action: str | None = None, **fields: str
) -> httpx2.Response:
    """What comes of filling in a form of the page at `path` and sending it."""
    page = await browser.get(path)
    assert page.status_code == 200, (path, page.status_code)
    return await sent(browser, page, action, **fields)


async def sent(
    browser: httpx2.AsyncClient, page: httpx2.Response, action: str | None = None, **fields: str
) -> httpx2.Response:
    """What comes of filling in a form of this page and sending it."""
    filled = {**form(page, action), **fields}
    return await browser.post(action or page.url.path, data=filled)
