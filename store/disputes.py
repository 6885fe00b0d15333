"""What falls when a customer says that a registration was not theirs (spec 3.2, step 4)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.vocabulary import GrantedThrough
from store import audit
from store.audit import Event
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.registrations import Registration

_BY_REGISTRATION = (GrantedThrough.FIRST_REGISTRATION, GrantedThrough.LATER_REGISTRATION)


async def suspend_all(session: AsyncSession, registration: Registration, at: datetime) -> int:
    """Suspends what the registration gave on its customer, and everything there that rests on it in turn.

    Whoever was invited by the person, and by those again: if the registration was a fraud, they may be
    accomplices; if it was not, customer service lifts it. Returns how many were suspended.
    """
    suspended = 0
    # The relations before what is held on them, as everybody does: whoever is granting or ending something
    # there is waited for, and seen then.
    await _hold_relations(session, registration)
    # Again until nothing is found: whoever was invited by those who fall, and by those again.
    while found := await _standing(session, registration):
        for held in found:
            held.suspended_at = at
            audit.record(
                session,
                Event.AUTHORIZATION_SUSPENDED,
                at=at,
                subject_id=held.id,
                relation_id=held.relation_id,
                process_id=registration.id,
            )
        suspended += len(found)
        await session.flush()
    return suspended


async def _hold_relations(session: AsyncSession, registration: Registration) -> None:
    query = (
        select(CustomerRelation.id)
        .where(CustomerRelation.customer_id == registration.customer_id)
        .order_by(CustomerRelation.id)
        .with_for_update(key_share=True)
    )
    await session.execute(query)


async def _standing(session: AsyncSession, registration: Registration) -> Sequence[Authorization]:
    """What is still in force, locked: the registration's own, and what somebody suspended for it granted."""
    of_customer = select(CustomerRelation.id).where(CustomerRelation.customer_id == registration.customer_id)
    fallen = select(Authorization.user_id).where(
        Authorization.relation_id.in_(of_customer), Authorization.suspended_at.is_not(None)
    )
    own = or_(
        Authorization.process_id == registration.id,
        # Also what followed from it to relations that were opened later.
        and_(
            Authorization.user_id == registration.user_id,
            Authorization.granted_through.in_(_BY_REGISTRATION),
        ),
    )
    query = (
        select(Authorization)
        .where(
            Authorization.relation_id.in_(of_customer),
            Authorization.ended_at.is_(None),
            Authorization.suspended_at.is_(None),
            or_(
                own,
                Authorization.granted_by == registration.user_id,
                Authorization.granted_by.in_(fallen),
            ),
        )
        .order_by(Authorization.id)
        .with_for_update(of=Authorization)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def is_suspended_at(session: AsyncSession, user_id: UUID, customer_id: UUID) -> bool:
    """Whether a user has anything suspended, and not ended, on any relation of a customer."""
    query = (
        select(Authorization.id)
        .join(CustomerRelation, Authorization.relation_id == CustomerRelation.id)
        .where(
            CustomerRelation.customer_id == customer_id,
            Authorization.user_id == user_id,
            Authorization.suspended_at.is_not(None),
            Authorization.ended_at.is_(None),
        )
    )
    return (await session.scalars(query.limit(1))).first() is not None
