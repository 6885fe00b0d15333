"""Removing authorizations and setting levels, as a browser goes through the pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx2
from sqlalchemy import select

from domain.vocabulary import CustomerKind, GrantedThrough, Level, Role, Subpage
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.users import User
from tests import factories


@dataclass(frozen=True)
class Company:
    """A relation that Birgitta manages, and Eva with two roles on it."""

    relation: CustomerRelation
    birgitta: User
    eva: User
    administrator: Authorization
    viewer: Authorization

    @property
    def users(self) -> str:
        """The tab."""
        return f"/relations/{self.relation.id}/users"

    @property
    def removal(self) -> str:
        """The first phase, for Eva."""
        return f"{self.users}/{self.eva.id}/removal"

    def confirmation(self, *chosen: Authorization) -> str:
        """The second phase, for Eva."""
        return f"{self.removal}/confirmation?{query(*chosen)}"


async def a_company(database: Database) -> Company:
    """All of it."""
    relation = await factories.make_relation(database)
    birgitta = await factories.make_manager(database, relation)
    eva = await factories.make_user(database, first_name="Eva", last_name="Ek")
    administrator = await factories.make_authorization(database, eva, relation, role=Role.ADMINISTRATOR)
    viewer = await factories.make_authorization(database, eva, relation, role=Role.VIEWER)
    return Company(relation, birgitta, eva, administrator, viewer)


@dataclass(frozen=True)
class Home:
    """A private relation: its owner, by contract, and somebody whom the owner invited."""

    relation: CustomerRelation
    owner: User
    owned: Authorization
    guest: User
    given: Authorization


async def a_home(database: Database) -> Home:
    """All of it."""
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    owner, guest = [await factories.make_user(database, first_name=name) for name in ("Olle", "Greta")]
    owned = await factories.make_authorization(database, owner, relation, role=Role.OWNER)
    await comes_with_the_contract(database, owned)
    given = await factories.make_authorization(database, guest, relation, role=Role.RELATION_USER)
    return Home(relation, owner, owned, guest, given)


async def comes_with_the_contract(database: Database, authorization: Authorization) -> None:
    """From now on."""
    async with database.transaction() as session:
        row = await session.get_one(Authorization, authorization.id)
        row.granted_through = GrantedThrough.CONTRACT


def query(*chosen: Authorization) -> str:
    """How the addresses of the phases say what was chosen."""
    return "&".join(f"{each.role.value}={each.id}" for each in chosen)


def fields(*chosen: Authorization) -> Mapping[str, str]:
    """What the first phase sends."""
    return {each.role.value: str(each.id) for each in chosen}


def levels_of(authorization: Authorization, **changed: Level) -> Mapping[str, str]:
    """What the page of levels sends."""
    levels = {subpage.value: authorization.levels[subpage].value for subpage in Subpage}
    return levels | {name: level.value for name, level in changed.items()}


async def changes_in(database: Database) -> Sequence[AuthorizationChange]:
    """All there are, the oldest first."""
    async with database.reading() as session:
        query = select(AuthorizationChange).order_by(AuthorizationChange.created_at)
        return (await session.scalars(query)).all()


async def is_held(database: Database, authorization: Authorization) -> bool:
    """Whether it has not ended."""
    async with database.reading() as session:
        return (await session.get_one(Authorization, authorization.id)).ended_at is None


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[tuple[str, str], Mapping[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") in {"radio", "checkbox"}:
            self.found[given.get("name") or "", given.get("value") or ""] = given


def boxes(response: httpx2.Response) -> Mapping[tuple[str, str], Mapping[str, str | None]]:
    """The attributes of a page's radio buttons and check boxes, by name and value."""
    parser = _Inputs()
    parser.feed(response.text)
    return parser.found


def cells(response: httpx2.Response) -> Sequence[str]:
    """What is in the cells of a page's tables, row by row."""
    found = re.findall(r'<div class="cell">(.*?)</div></t[hd]>', response.text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]
