"""Authorizations that a user may act on: his own, and others' on relations whose users he manages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.codes import Code, Refused
from domain.roles import Levels
from domain.vocabulary import GrantedThrough, Level, Subpage
from store import authorization_acts, authorizations, customers, policy
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.users import User


@dataclass(frozen=True)
class Held:
    """Some of what one user holds on a relation, and how the actor stands there.

    `everybody`: all that anybody holds on it now.
    """

    relation: CustomerRelation
    chosen: Sequence[Authorization]
    everybody: Sequence[Authorization]
    own: bool
    actor_levels: Levels

    @property
    def user(self) -> User:
        """Whose they are."""
        return self.chosen[0].user

    @property
    def is_by_contract(self) -> bool:
        """Whether one of them comes with the contract: it ends and changes only with that."""
        return any(each.granted_through is GrantedThrough.CONTRACT for each in self.chosen)


async def hold(session: AsyncSession, authorization_ids: Collection[UUID]) -> None:
    """Nobody else acts on the relation of these authorizations before the current transaction ends.

    First in a transaction that acts: what is read after it stays so, and the same request, sent twice at
    once, sees what the first one made.
    """
    query = select(Authorization.relation_id).where(Authorization.id.in_(authorization_ids)).distinct()
    for relation_id in sorted(await session.scalars(query)):
        await customers.relation_alone(session, relation_id)


async def find(
    session: AsyncSession,
    actor: User,
    authorization_ids: Collection[UUID],
    now: datetime,
    *,
    alone: bool = False,
) -> Held:
    """Authorizations of one user on one relation. With `alone`, for who has called `hold`, they are locked.

    Raises Refused: `not_found` where the actor holds nothing (any more), for what is another user's or
    relation's than the rest, and for what is suspended; `authorization.missing` for others' on a relation
    where he manages nobody; `authorization.ended` for what has ended.
    """
    relation, seen = await _seen(session, authorization_ids)
    chosen = await authorizations.locked(session, authorization_ids) if alone else seen
    own = seen[0].user_id == actor.id
    levels = await policy.levels(session, actor.id, relation.id, now)
    everybody = await authorizations.of_relation(session, relation.id, now)
    if not any(each.user_id == actor.id for each in everybody):
        raise Refused(Code.NOT_FOUND)
    if not own and levels[Subpage.USERS] is not Level.WRITE:
        raise Refused(Code.AUTHORIZATION_MISSING)
    if len(chosen) != len(seen) or any(each.ended_at is not None for each in chosen):
        raise Refused(Code.AUTHORIZATION_ENDED)
    return Held(relation=relation, chosen=chosen, everybody=everybody, own=own, actor_levels=levels)


async def _seen(
    session: AsyncSession, authorization_ids: Collection[UUID]
) -> tuple[CustomerRelation, Sequence[Authorization]]:
    found = [await session.get(Authorization, each) for each in dict.fromkeys(authorization_ids)]
    seen = [each for each in found if each is not None and each.suspended_at is None]
    holders = {(each.user_id, each.relation_id) for each in seen}
    if not seen or len(seen) != len(found) or len(holders) != 1:
        raise Refused(Code.NOT_FOUND)
    return seen[0].relation, seen


def refuse_without_manager(held: Held, left: Collection[Authorization], now: datetime) -> None:
    """Raises Refused(`authorization.last_manager`) when the user is the last who manages the users, and what
    is left of all authorizations leaves nobody who does.
    """
    before = authorization_acts.managers(held.relation, held.everybody, now)
    if held.user.id in before and not authorization_acts.managers(held.relation, left, now):
        raise Refused(Code.AUTHORIZATION_LAST_MANAGER)
