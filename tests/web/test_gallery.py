"""The gallery shows everything that pages are made of, and no page can carry what the policy forbids."""

import hashlib
import re
from html.parser import HTMLParser

import httpx2
import pytest
from jinja2 import Environment, nodes

from domain.vocabulary import Language
from runtime.texts import project_root
from starter.web.gallery import create_gallery, paths
from starter.web.render import CONTENT_SECURITY_POLICY, environment

_TEMPLATES = project_root() / "templates" / "web"
_VENDORED = project_root() / "starter" / "web" / "assets" / "vendor"


class _Page(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.addresses: list[str] = []
        self.inline = 0
        self.language = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Any start tag."""
        given = {name: value or "" for name, value in attrs}
        self.attributes += given
        self.ids += [given["id"]] if "id" in given else []
        for name in ("aria-describedby", "aria-labelledby", "aria-controls", "for"):
            self.references += given.get(name, "").split()
        self.addresses += [given[name] for name in ("src", "href", "action") if name in given]
        self.inline += tag == "style" or (tag == "script" and "src" not in given)
        self.language = given["lang"] if tag == "html" else self.language


def _browser(language: Language) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(create_gallery(language))
    return httpx2.AsyncClient(transport=transport, base_url="http://gallery.example.com")


@pytest.mark.parametrize("language", Language)
async def test_every_sheet_renders_and_obeys_the_policy(language: Language) -> None:
    async with _browser(language) as browser:
        for path in paths():
            response = await browser.get(path)
            shown = _Page(response.text)
            assert response.status_code == 200
            assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert shown.language == language
            assert not shown.inline
            assert not [name for name in shown.attributes if name == "style" or name.startswith("on")]
            assert len(shown.ids) == len(set(shown.ids)), path
            assert set(shown.references) <= set(shown.ids), path
            own = ("/", "#", "tel:", "mailto:")
            assert not [each for each in shown.addresses if not each.startswith(own)], path


async def test_every_asset_of_a_sheet_is_there() -> None:
    async with _browser(Language.SWEDISH) as browser:
        page = await browser.get("/")
        assets = re.findall(r'"(/assets/[^"]+)"', page.text)
        assert len(assets) == 5
        for address in assets:
            assert (await browser.get(address)).status_code == 200, address


async def test_the_language_switch_switches_and_comes_back() -> None:
    async with _browser(Language.SWEDISH) as browser:
        answer = await browser.post("/language", data={"language": "fi", "next": "/lists", "form_token": ""})
        assert answer.headers["location"] == "/lists"
        assert _Page((await browser.get("/lists")).text).language == "fi"


def test_every_part_is_shown() -> None:
    made = environment(Language.ENGLISH)
    defined = {
        macro.name
        for macro in _parsed(made, "_parts/ui.html").find_all(nodes.Macro)
        if not macro.name.startswith("_")
    }
    used = {
        each.attr
        for template in (_TEMPLATES / "gallery").glob("*.html")
        for each in _parsed(made, f"gallery/{template.name}").find_all(nodes.Getattr)
        if isinstance(each.node, nodes.Name) and each.node.name == "ui"
    }
    assert len(defined) > 25
    assert used == defined


def test_vendored_files_are_as_they_were_published() -> None:
    noted = re.findall(r"`(\S+)`: .* sha256 `(\w+)`", (_VENDORED / "README.md").read_text("utf-8"))
    assert {name for name, _ in noted} == {each.name for each in _VENDORED.glob("*.min.*")}
    for name, digest in noted:
        assert hashlib.sha256((_VENDORED / name).read_bytes()).hexdigest() == digest


def _parsed(made: Environment, name: str) -> nodes.Template:
    return made.parse((_TEMPLATES / name).read_text("utf-8"))
