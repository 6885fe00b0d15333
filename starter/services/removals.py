"""Removing authorizations from a user, and giving up one's own (spec 3.4).

One transaction: the next check says no, whether Temporal is there or not. What follows is telling.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.codes import Code, Refused
from domain.roles import Levels
from runtime.settings import EService
from starter.services import held as holdings
from starter.services.context import Services
from starter.services.held import Held
from starter.services.idempotency import RequestKey, earlier_result, remember
from starter.services.processes import deliver_owed
from store import authorization_acts, falling, policy
from store.authorization_changes import AuthorizationChange
from store.invitations import Invitation
from store.users import User


@dataclass(frozen=True)
class RemovalPreview:
    """What removing would do.

    `before`, `after`: what the user may do on the relation, all that he holds there together; `closing`: the
    e-services that close to him for this relation; `falling`: his open invitations that fall.
    """

    held: Held
    before: Levels
    after: Levels
    closing: Sequence[EService]
    falling: Sequence[Invitation]


async def preview(services: Services, actor: User, authorization_ids: Collection[UUID]) -> RemovalPreview:
    """What removing these authorizations of one user on one relation would do. Changes nothing.

    Raises Refused: what `held.find` raises, `authorization.by_contract`, `authorization.last_manager`.
    """
    now = services.clock()
    async with services.database.reading() as session:
        held = await _removable(session, actor, authorization_ids, now, alone=False)
        own = [each for each in held.everybody if each.user_id == held.user.id]
        before = policy.levels_of(held.relation, own, now)
        after = policy.levels_of(held.relation, [each for each in own if each not in held.chosen], now)
        fallen = await falling.falling_with(session, held.user.id, held.relation.id, after)
    closing = [
        each
        for each in services.settings.e_services
        if before[each.subpage].rank >= each.level.rank > after[each.subpage].rank
    ]
    return RemovalPreview(held=held, before=before, after=after, closing=closing, falling=fallen)


async def remove(
    services: Services, actor: User, authorization_ids: Collection[UUID], key: RequestKey | None = None
) -> AuthorizationChange:
    """Removes these authorizations of one user on one relation, at once; or the actor gives up his own.

    The same request with the same key returns what it did before. Raises what `preview` raises.
    """
    now = services.clock()
    async with services.database.transaction() as session:
        await holdings.hold(session, authorization_ids)
        if (earlier := await earlier_change(services, session, actor, key, now)) is not None:
            return earlier
        held = await _removable(session, actor, authorization_ids, now, alone=True)
        change = await authorization_acts.end(
            session,
            held.relation,
            held.chosen,
            actor=await session.get_one(User, actor.id),
            waits=services.settings.authorization_change,
            now=now,
        )
        remember(services, session, key, change.id)
    await follow_up(services, change)
    return change


async def earlier_change(
    services: Services, session: AsyncSession, actor: User, key: RequestKey | None, now: datetime
) -> AuthorizationChange | None:
    """What the same request did before; of others' authorizations, as long as the actor sees the relation.

    Raises Refused: `not_found`, `idempotency.key_reused`.
    """
    if (earlier := await earlier_result(services, session, key)) is None:
        return None
    change = await session.get_one(AuthorizationChange, earlier)
    if change.user_id != actor.id:
        await policy.require_relation(session, actor.id, change.relation_id, now)
    return change


async def _removable(
    session: AsyncSession, actor: User, authorization_ids: Collection[UUID], now: datetime, *, alone: bool
) -> Held:
    held = await holdings.find(session, actor, authorization_ids, now, alone=alone)
    if held.is_by_contract:
        raise Refused(Code.AUTHORIZATION_BY_CONTRACT)
    chosen = {each.id for each in held.chosen}
    left = [each for each in held.everybody if each.id not in chosen]
    holdings.refuse_without_manager(held, left, now)
    return held


async def follow_up(services: Services, change: AuthorizationChange) -> None:
    """Tries at once to have everybody told, and what fell ended; the schedule does what fails."""
    processes = [change.id, *(UUID(each) for each in change.fallen_invitations)]
    await asyncio.gather(*(deliver_owed(services, each) for each in processes))
