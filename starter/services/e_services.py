"""The choice of service: the retailer's e-services that a user may use (spec 3, last rule)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from runtime.settings import EService
from starter.services.context import Services
from store import authorizations, policy
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.users import User


@dataclass(frozen=True)
class OpenService:
    """A service, and the relations that the user may use it for: one or more."""

    service: EService
    relations: Sequence[CustomerRelation]


async def open_to(services: Services, user: User) -> Sequence[OpenService]:
    """The configured services that are open to a user now, in their configured order."""
    now = services.clock()
    async with services.database.reading() as session:
        held = await authorizations.of_user(session, user.id, now)
    relations = {each.relation_id: each.relation for each in held}
    by_relation: dict[UUID, list[Authorization]] = {}
    for each in held:
        by_relation.setdefault(each.relation_id, []).append(each)
    levels = {key: policy.levels_of(relations[key], found, now) for key, found in by_relation.items()}
    found = []
    for service in services.settings.e_services:
        usable = [
            relation
            for relation_id, relation in relations.items()
            if levels[relation_id][service.subpage].rank >= service.level.rank
        ]
        if usable:
            found.append(OpenService(service, usable))
    return found
