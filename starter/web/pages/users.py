"""Who may do what on a customer relation, as those see it who manage its users (spec 3.4, 3.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import GrantedThrough, Subpage
from starter.web.pages import relations
from starter.web.pages.relation_words import levels_in_words
from starter.web.pages.relations import Standing
from starter.web.routing import page
from starter.web.visit import Visit
from store import authorizations, policy
from store.authorizations import Authorization
from store.users import User

USERS = "/relations/{relation_id:uuid}/users"
USER = f"{USERS}/{{user_id:uuid}}"


def routes() -> list[BaseRoute]:
    """The tab *Users*, and one user."""
    return [page(USERS, get=_list), page(USER, get=_show)]


@dataclass(frozen=True)
class Holder:
    """A user with all that he holds on the relation. `levels`: what that allows together, in words."""

    user: User
    held: Sequence[Authorization]
    levels: Sequence[str]
    is_visitor: bool

    @property
    def changeable(self) -> Sequence[Authorization]:
        """What can be removed and levelled: all but what comes with the contract."""
        return [each for each in self.held if each.granted_through is not GrantedThrough.CONTRACT]

    @property
    def is_by_contract(self) -> bool:
        """Whether something of it comes with the contract."""
        return len(self.changeable) < len(self.held)


async def _list(visit: Visit) -> Response:
    """Each user once, who has been there longest first."""
    found = await relations.managing(visit, visit.request.path_params["relation_id"])
    held: dict[UUID, list[Authorization]] = {}
    for each in await _everybody(visit, found):
        held.setdefault(each.user_id, []).append(each)
    holders = [_holder(visit, found, each) for each in held.values()]
    return await relations.tab_page(visit, "relations/users.html", found, "users", holders=holders)


async def _show(visit: Visit) -> Response:
    found = await relations.managing(visit, visit.request.path_params["relation_id"])
    user_id = visit.request.path_params["user_id"]
    held = [each for each in await _everybody(visit, found) if each.user_id == user_id]
    if not held:
        raise Refused(Code.NOT_FOUND)
    return await relations.tab_page(
        visit,
        "relations/user.html",
        found,
        "users",
        holder=_holder(visit, found, held),
        subpages=list(Subpage),
    )


async def _everybody(visit: Visit, found: Standing) -> Iterable[Authorization]:
    async with visit.services.database.reading() as reading:
        return await authorizations.of_relation(reading, found.relation.id, visit.now)


def _holder(visit: Visit, found: Standing, held: Sequence[Authorization]) -> Holder:
    levels = policy.levels_of(found.relation, held, visit.now)
    user = held[0].user
    return Holder(user, held, levels_in_words(visit.language, levels), user.id == visit.user.id)
