"""Authorizations follow the registry: what becomes of them when relations begin and end (spec section 2).

In the transaction that writes what the registry says, so that there is no moment when a relation has ended
and a right on it has not. Locks relations (by their change) before authorizations, as everything does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from domain.vocabulary import OPEN_INVITATION_STATES, GrantedThrough, Role
from registry.existing import chunks
from registry.grants import grant_on
from store import audit, falling
from store.audit import Actor, Event
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.identifications import StrongIdentity
from store.invitations import Invitation

# Of a private customer: what a relation's end leaves, for reading.
OF_OWNER = and_(Authorization.role == Role.OWNER, Authorization.granted_through == GrantedThrough.CONTRACT)


@dataclass(frozen=True)
class News:
    """What of a change concerns authorizations.

    `ended`: relations whose last contract has ended; `opened`: relations that have a contract (again), new
    ones under customers known before, with when they had ended; `persons`: customers whose number is
    another person's now.
    """

    ended: list[UUID] = field(default_factory=list)
    opened: dict[UUID, datetime | None] = field(default_factory=dict)
    persons: list[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Followed:
    """How many authorizations ended and began, and how many open invitations fall."""

    ended: int = 0
    granted: int = 0
    falling_invitations: int = 0


async def follow(session: AsyncSession, news: News, *, actor: Actor, now: datetime) -> Followed:
    """Ends and grants what the news, already written, entail; each with its audit event.

    On an ended relation all end but the owner's, who may still read for a while (`policy.levels_of`). When a
    customer number is another person's, everybody else's end. Who holds a relation of a customer through a
    contract or a registration holds its new ones too, in the same role.
    """
    ended = falling = granted = 0
    for relations in chunks(news.ended):
        on_these = Authorization.relation_id.in_(relations)
        ended += len(await _end(session, and_(on_these, not_(OF_OWNER)), actor, now))
        falling += await _drop_invitations(session, Invitation.relation_id.in_(relations), now)
    for customers in chunks(news.persons):
        await _hold_relations(session, customers)
        lost = await _end(session, _others_on(customers), actor, now)
        ended += len(lost)
        for authorization in lost:
            falling += await _drop_invitations(session, _rests_on(authorization), now)
    for openings in chunks(news.opened.items()):
        granted += await grant_on(session, dict(openings), actor=actor, now=now)
    return Followed(ended=ended, granted=granted, falling_invitations=falling)


async def end_all(
    session: AsyncSession, authorizations: Iterable[Authorization], *, actor: Actor, now: datetime
) -> None:
    """Ends locked authorizations, each with its audit event."""
    for authorization in authorizations:
        authorization.ended_at = now
        audit.record(
            session,
            Event.AUTHORIZATION_ENDED,
            at=now,
            actor=actor,
            subject_id=authorization.id,
            relation_id=authorization.relation_id,
            role=authorization.role,
        )


async def _end(
    session: AsyncSession, which: ColumnElement[bool], actor: Actor, now: datetime
) -> Sequence[Authorization]:
    query = (
        select(Authorization)
        .where(which, Authorization.ended_at.is_(None))
        .order_by(Authorization.id)
        .options(lazyload(Authorization.user), lazyload(Authorization.relation))
        .with_for_update(of=Authorization)
        .execution_options(populate_existing=True)
    )
    found = (await session.scalars(query)).all()
    await end_all(session, found, actor=actor, now=now)
    return found


async def _hold_relations(session: AsyncSession, customers: Sequence[UUID]) -> None:
    """Whoever is being granted something on these is waited for, and seen then."""
    query = (
        select(CustomerRelation.id)
        .where(CustomerRelation.customer_id.in_(customers))
        .order_by(CustomerRelation.id)
        .with_for_update(key_share=True)
    )
    await session.execute(query)


def _others_on(customers: Sequence[UUID]) -> ColumnElement[bool]:
    """Held on relations of these customers by users who are not known to be the customer."""
    relations = select(CustomerRelation.id).where(CustomerRelation.customer_id.in_(customers))
    by_the_customer = (
        select(StrongIdentity.user_id)
        .join(Customer, Customer.identity_index == StrongIdentity.identity_index)
        .join(CustomerRelation, CustomerRelation.customer_id == Customer.id)
        .where(
            CustomerRelation.id == Authorization.relation_id, StrongIdentity.user_id == Authorization.user_id
        )
        .correlate(Authorization)
    )
    return and_(Authorization.relation_id.in_(relations), not_(by_the_customer.exists()))


def _rests_on(authorization: Authorization) -> ColumnElement[bool]:
    return and_(
        Invitation.inviter_id == authorization.user_id,
        Invitation.relation_id == authorization.relation_id,
    )


async def _drop_invitations(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> int:
    query = select(Invitation.id).where(which, Invitation.state.in_(OPEN_INVITATION_STATES))
    found = (await session.scalars(query)).all()
    falling.drop(session, found, now)
    return len(found)
