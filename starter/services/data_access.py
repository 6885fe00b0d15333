"""Who sees my data: who holds what on a user's relations, and what customer service did (spec 3.7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.vocabulary import Level, Subpage
from starter.services import audit_trail as trail
from starter.services.audit_trail import Entry
from starter.services.context import Services
from store import audit_trail, authorization_acts, authorizations, policy
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.users import User

_MOST = 100


@dataclass(frozen=True)
class OnRelation:
    """Who sees what of a relation.

    `managed`: whether the reader manages its users. Then `others` is all that others hold on it, since the
    customer's data are in his care; else only what those hold who manage its users, since they see his name,
    his address and his authorizations.
    """

    relation: CustomerRelation
    managed: bool
    others: Sequence[Authorization]


@dataclass(frozen=True)
class DataAccess:
    """All of it. `by_customer_service`: its latest acts, the newest first."""

    relations: Sequence[OnRelation]
    by_customer_service: Sequence[Entry]


async def of_user(services: Services, reader: User) -> DataAccess:
    """Who sees a user's data, as things stand now."""
    now = services.clock()
    async with services.database.reading() as session:
        own = await authorizations.of_user(session, reader.id, now)
        relations = list({each.relation_id: each.relation for each in own}.values())
        found = []
        for relation in relations:
            everybody = await authorizations.of_relation(session, relation.id, now)
            mine = [each for each in everybody if each.user_id == reader.id]
            managed = policy.levels_of(relation, mine, now)[Subpage.USERS] is Level.WRITE
            managers = authorization_acts.managers(relation, everybody, now)
            others = [
                each
                for each in everybody
                if each.user_id != reader.id and (managed or each.user_id in managers)
            ]
            found.append(OnRelation(relation=relation, managed=managed, others=others))
        managed_ids = [each.relation.id for each in found if each.managed]
        acts = await audit_trail.by_operators(session, reader.id, managed_ids, limit=_MOST)
        return DataAccess(relations=found, by_customer_service=await trail.entries(session, reader, acts))
