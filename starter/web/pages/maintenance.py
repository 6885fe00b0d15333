"""The maintenance interface: the customer relations that one holds something on (spec section 7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.vocabulary import Commodity, CustomerKind, Level, Role, Subpage
from starter.web.routing import page
from starter.web.visit import Visit
from store import authorizations
from store.authorizations import Authorization
from store.customers import CustomerRelation

_COMMODITIES = tuple(Commodity)


def routes() -> list[BaseRoute]:
    """The one page, from where the relations are reached."""
    return [page("/maintenance", get=_show)]


@dataclass(frozen=True)
class OwnRelation:
    """A relation and the visitor's roles on it."""

    relation: CustomerRelation
    held: set[Role] = field(default_factory=set)

    @property
    def roles(self) -> Sequence[Role]:
        """In the order of the vocabulary."""
        return [role for role in Role if role in self.held]


async def _show(visit: Visit) -> Response:
    async with visit.services.database.reading() as reading:
        held = await authorizations.of_user(reading, visit.user.id, visit.now)
    return await visit.page(
        "maintenance/maintenance.html", section="maintenance", groups=_groups(held), manages=_manages(held)
    )


def _manages(held: Iterable[Authorization]) -> bool:
    """Whether he manages the users of any relation that is in force."""
    return any(each.levels[Subpage.USERS] is Level.WRITE and each.relation.ended_at is None for each in held)


def _groups(held: Iterable[Authorization]) -> Mapping[CustomerKind, Sequence[OwnRelation]]:
    """By kind of customer; those in force before the ended ones, then by name, number and commodity."""
    found: dict[UUID, OwnRelation] = {}
    for each in held:
        found.setdefault(each.relation_id, OwnRelation(each.relation)).held.add(each.role)
    in_order = sorted(found.values(), key=_order)
    return {kind: [each for each in in_order if each.relation.customer.kind is kind] for kind in CustomerKind}


def _order(own: OwnRelation) -> tuple[bool, str, str, int]:
    relation = own.relation
    customer = relation.customer
    return (
        relation.ended_at is not None,
        customer.name.casefold(),
        customer.customer_number,
        _COMMODITIES.index(relation.commodity),
    )
