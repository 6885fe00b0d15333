"""Contracts that end by their date alone, and rights that give nothing any more (spec section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from registry.follow import OF_OWNER, Followed, News, end_all, follow
from registry.writing import record_writing, wait_for_turn
from store import policy
from store.audit import Actor
from store.authorizations import Authorization
from store.customers import Contract, CustomerRelation


@dataclass(frozen=True)
class Ended:
    """How many relations ended, and what followed."""

    relations: int = 0
    followed: Followed = field(default_factory=Followed)


async def end_due(
    session: AsyncSession,
    *,
    today: date,
    now: datetime,
    limit: int | None = None,
    customers: Sequence[UUID] | None = None,
) -> Ended:
    """Ends relations whose contracts have all ended before `today`, with what follows.

    At most `limit`; only those of some customers, if these are given.
    """
    due = _due(today).limit(limit)
    if customers is not None:
        due = due.where(CustomerRelation.customer_id.in_(customers))
    if not (await session.scalars(due.limit(1))).first():
        return Ended()
    # A contract that is just being written would keep its relation.
    await wait_for_turn(session)
    relations = list(await session.scalars(due))
    if not relations:
        return Ended()
    ending = update(CustomerRelation).where(CustomerRelation.id.in_(relations)).values(ended_at=now)
    await session.execute(ending, execution_options={"synchronize_session": "fetch"})
    record_writing(session, actor=Actor.PROCESS, now=now, relations_changed=len(relations))
    followed = await follow(session, News(ended=relations), actor=Actor.PROCESS, now=now)
    return Ended(len(relations), followed)


async def end_lapsed(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Ends at most `limit` authorizations that give nothing, their relations having ended.

    An owner's after the time he may read; others', should any be left, at once.
    """
    long_ago = CustomerRelation.ended_at <= now - policy.OWNER_READS_AFTER_END
    query = (
        select(Authorization)
        .join(CustomerRelation, CustomerRelation.id == Authorization.relation_id)
        .where(
            Authorization.ended_at.is_(None),
            CustomerRelation.ended_at.is_not(None),
            or_(not_(OF_OWNER), long_ago),
        )
        .order_by(Authorization.id)
        .limit(limit)
        .options(lazyload(Authorization.user), lazyload(Authorization.relation))
        .with_for_update(of=Authorization)
        .execution_options(populate_existing=True)
    )
    found = (await session.scalars(query)).all()
    await end_all(session, found, actor=Actor.PROCESS, now=now)
    return len(found)


def _due(today: date) -> Select[UUID]:
    of_relation = select(Contract.id).where(Contract.relation_id == CustomerRelation.id)
    running = of_relation.where(or_(Contract.ends_on.is_(None), Contract.ends_on >= today))
    return (
        select(CustomerRelation.id)
        .where(CustomerRelation.ended_at.is_(None), of_relation.exists(), ~running.exists())
        .order_by(CustomerRelation.id)
    )
