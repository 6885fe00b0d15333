"""A customer relation behind tabs, and what one may do there oneself (spec section 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain import roles
from domain.codes import Code, Refused
from domain.roles import Levels
from domain.vocabulary import Level, Role, Subpage
from emails.labels import role_on
from starter.web.pages import asking
from starter.web.pages.relation_words import levels_in_words
from starter.web.routing import page
from starter.web.visit import Visit
from store import authorizations, policy
from store.authorizations import Authorization
from store.customers import CustomerRelation


def routes() -> list[BaseRoute]:
    """The relation, and the first of its tabs; the others are with what they list."""
    return [
        page("/relations/{relation_id:uuid}", get=first_tab),
        page("/relations/{relation_id:uuid}/authorizations", get=_authorizations),
    ]


@dataclass(frozen=True)
class Standing:
    """A relation, and what the visitor holds on it."""

    relation: CustomerRelation
    held: Sequence[Authorization]
    levels: Levels
    # Whether anybody can identify strongly here: without it some roles could never be accepted.
    can_identify: bool

    @property
    def manages(self) -> bool:
        """Whether he manages the relation's users."""
        return self.levels[Subpage.USERS] is Level.WRITE

    @property
    def roles_to_give(self) -> Sequence[Role]:
        """The roles that he may give here, with the levels that they begin with."""
        return [
            role
            for role in Role
            if roles.refusal_to_give(
                kind=self.relation.customer.kind,
                role=role,
                levels=roles.ROLE_LEVELS[role],
                giver=self.levels,
            )
            is None
            and (self.can_identify or not roles.needs_strong_identification(roles.ROLE_LEVELS[role]))
        ]


async def standing(visit: Visit, relation_id: UUID) -> Standing:
    """How the visitor stands to a relation. Raises Refused(`not_found`) when he holds nothing on it."""
    user_id, now = visit.user.id, visit.now
    async with visit.services.database.reading() as reading:
        return Standing(
            relation=await policy.require_relation(reading, user_id, relation_id, now),
            held=await authorizations.active_on(reading, user_id, relation_id, now),
            levels=await policy.levels(reading, user_id, relation_id, now),
            can_identify=visit.services.identity_provider is not None,
        )


async def managing(visit: Visit, relation_id: UUID) -> Standing:
    """The same, for those who manage the relation's users.

    Raises Refused: `not_found`, `authorization.missing`.
    """
    found = await standing(visit, relation_id)
    if not found.manages:
        raise Refused(Code.AUTHORIZATION_MISSING)
    return found


async def tab_page(visit: Visit, template: str, found: Standing, tab: str, **context: Any) -> Response:
    """A tab of a relation; `template` extends `relations/relation.html`."""
    return await visit.page(template, section="maintenance", standing=found, tab=tab, **context)


async def first_tab(visit: Visit) -> Response:
    """To the tab that everybody sees who holds something on the relation."""
    relation_id: UUID = visit.request.path_params["relation_id"]
    await standing(visit, relation_id)
    return visit.redirect(f"/relations/{relation_id}/authorizations")


async def _authorizations(visit: Visit) -> Response:
    found = await standing(visit, visit.request.path_params["relation_id"])
    return await tab_page(
        visit,
        "relations/authorizations.html",
        found,
        "authorizations",
        subpages=list(Subpage),
        askable=[each.id for each in found.held if asking.may_be_more(each)],
        roles_to_give=[_to_give(visit, found, role) for role in found.roles_to_give],
    )


@dataclass(frozen=True)
class RoleToGive:
    """A role that the visitor may give to others, in words."""

    role: Role
    name: str
    levels: Sequence[str]
    needs_identification: bool


def _to_give(visit: Visit, found: Standing, role: Role) -> RoleToGive:
    return RoleToGive(
        role,
        role_on(visit.language, role, found.relation.commodity),
        levels_in_words(visit.language, roles.ROLE_LEVELS[role]),
        roles.needs_strong_identification(roles.ROLE_LEVELS[role]),
    )
