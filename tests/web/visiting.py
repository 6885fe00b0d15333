"""A browser at the pages: the real app in-process over a real database, Temporal never reached."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx2
from temporalio.client import Client

from domain.vocabulary import InvitationState, Language
from runtime.failures import DATA_CONVERTER
from runtime.settings import Settings
from starter.identification.provider import IdentityProvider
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.clock import SettableClock
from tests.frontend import Frontend, make_services
from tests.web.browsing import posted

OPENED = "/invitations/opened"
BROWSER = {"Accept": "text/html", "Accept-Language": "sv"}


@asynccontextmanager
async def visiting(
    database: Database, clock: SettableClock, *, bank: IdentityProvider | None = None, **settings: Any
) -> AsyncIterator[Frontend]:
    """The app. Its Temporal client would have to connect to a port where nobody listens."""
    client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=DATA_CONVERTER)
    made = Settings(_env_file=None, database_url="sqlite:///unused.db", **settings)
    frontend = Frontend(make_services(made, database, client, clock, identity_provider=bank))
    yield frontend
    await frontend.close()


def link(token: str) -> str:
    """The path of an e-mail's link."""
    return f"/invitations/open/{token}"


def token_of(invitation: Invitation) -> str:
    """The token in its link."""
    return factories.KEYS.invitation_token(invitation.id, invitation.generation)


async def invited(
    database: Database,
    clock: SettableClock,
    state: InvitationState = InvitationState.PENDING,
    *,
    to: User | None = None,
    ago: timedelta = timedelta(),
    customer: str | None = None,
    inviter: str = "Berg",
    language: Language = Language.SWEDISH,
) -> Invitation:
    """An invitation of Birgitta Berg's to a user or somebody new, made a while ago."""
    relation = await factories.make_relation(database, name=customer)
    manager = await factories.make_manager(database, relation, last_name=inviter)
    return await factories.make_invitation(
        database,
        inviter=manager,
        relation=relation,
        email=to.email if to else "bo.boman@example.com",
        state=state,
        ended_at=None if state.is_open else clock(),
        now=clock() - ago,
        language=language,
    )


async def log_in(browser: httpx2.AsyncClient, user: User) -> httpx2.AsyncClient:
    """The browser, with a session of the user's."""
    response = await posted(browser, "/login", username=user.username, password=factories.PASSWORD)
    assert response.status_code == 303, response.text
    return browser


async def opened(browser: httpx2.AsyncClient, token: str, language: str = "sv") -> httpx2.Response:
    """The page after the link, as a browser shows it."""
    headers = {**BROWSER, "Accept-Language": language}
    return await browser.get(link(token), headers=headers, follow_redirects=True)


@dataclass
class Page(HTMLParser):
    """What a browser would find in some HTML."""

    text: str = ""
    language: str | None = None
    headings: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    # Where the links lead that look like buttons.
    buttons: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str | None]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Notes it, and where it leads."""
        self.tags.append(tag)
        self._open.append(tag)
        self.attributes.extend(attrs)
        self.addresses.extend(value or "" for name, value in attrs if name in {"href", "src", "srcset"})
        if tag == "a" and "button" in (dict(attrs).get("class") or "").split():
            self.buttons.append(dict(attrs)["href"] or "")
        if tag == "html":
            self.language = dict(attrs)["lang"]
        if tag in {"h1", "h2", "h3"}:
            self.headings.append("")

    def handle_data(self, data: str) -> None:
        """Notes what is read."""
        self.text += data
        if self._open and self._open[-1] in {"h1", "h2", "h3"}:
            self.headings[-1] += data

    def handle_endtag(self, tag: str) -> None:
        """Closes it, and the void ones in it."""
        while self._open and self._open.pop() != tag:
            pass


def page(response: httpx2.Response) -> Page:
    """The page in a response, with its white space as a browser would show it."""
    made = Page()
    made.feed(response.text)
    made.text = " ".join(made.text.split())
    return made
