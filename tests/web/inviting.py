"""The pages of those who manage a relation's users, as a browser goes through them."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import httpx2
from sqlalchemy import select

from domain.vocabulary import CustomerKind
from store.customers import CustomerRelation
from store.database import Database
from store.drafts import Draft
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.web.browsing import posted
from tests.web.visiting import page

EMAIL, MESSAGE = "bo.boman@example.com", "Hej Bo!\n\nNu kan du se vår elförbrukning."
TYPED: Mapping[str, Mapping[str, str]] = {
    "contact-details": {"email": EMAIL, "role": "relation_user", "language": "fi"},
    "user-details": {"first_name": "Bo", "last_name": "Boman"},
    "cover-message": {"cover_message": MESSAGE},
    "confirmation": {},
}
PHASES = tuple(TYPED)
TABS = ("authorizations", "users", "invitations", "processes", "events")


def new(relation: CustomerRelation) -> str:
    """Where the buttons *Invite* lead."""
    return f"/relations/{relation.id}/invitations/new"


async def led(browser: httpx2.AsyncClient, path: str, action: str | None = None, **typed: str) -> str:
    """Where filling in a form of a page leads, by default its own."""
    response = await posted(browser, path, action, **typed)
    assert response.status_code == 303, (path, page(response).text)
    location: str = response.headers["location"]
    return location


async def asked(browser: httpx2.AsyncClient, relation: CustomerRelation, **known: str) -> str:
    """A draft in its first phase: where its phases are. `known`: what an *Invite* sends with it."""
    first = await led(browser, f"/relations/{relation.id}/users", new(relation), **known)
    assert first.endswith("/contact-details")
    return first.removesuffix("/contact-details")


async def begun(browser: httpx2.AsyncClient, relation: CustomerRelation, **typed: str) -> str:
    """A draft after its first phase: where its phases are."""
    draft = await asked(browser, relation)
    second = await led(browser, f"{draft}/contact-details", **{**TYPED["contact-details"], **typed})
    assert second == f"{draft}/user-details"
    return draft


async def ready(browser: httpx2.AsyncClient, relation: CustomerRelation, **typed: str) -> str:
    """The confirmation of a draft in which everything has been typed."""
    draft = await begun(browser, relation, **typed)
    for phase in PHASES[1:3]:
        await led(browser, f"{draft}/{phase}", **TYPED[phase])
    return f"{draft}/confirmation"


async def invitations_in(database: Database) -> Sequence[Invitation]:
    """All there are."""
    async with database.reading() as session:
        return (await session.scalars(select(Invitation))).all()


async def drafts_in(database: Database) -> Sequence[Draft]:
    """All there are."""
    async with database.reading() as session:
        return (await session.scalars(select(Draft))).all()


async def a_manager(
    database: Database, kind: CustomerKind = CustomerKind.COMPANY
) -> tuple[User, CustomerRelation]:
    """Somebody who manages a relation's users, and the relation."""
    relation = await factories.make_relation(database, kind=kind)
    return await factories.make_manager(database, relation), relation


def sent_along(response: httpx2.Response, name: str) -> list[str]:
    """What the hidden fields of this name hold, of all forms on a page."""
    attributes = page(response).attributes
    return [value or "" for before, (_, value) in pairwise(attributes) if before == ("name", name)]


def links(response: httpx2.Response, pattern: str) -> list[str]:
    """Where the links on a page lead that match."""
    return [each for each in page(response).addresses if re.fullmatch(pattern, each)]
