"""Reading audit events: what happened on a relation, and what concerns a user (spec 2, 3.7)."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.audit import Actor, AuditEvent, Event
from store.authorizations import Authorization


async def of_relation(
    session: AsyncSession, relation_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[AuditEvent]:
    """What happened on a relation, the newest first; older than the event `before`."""
    return await _page(session, AuditEvent.relation_id == relation_id, before, limit)


async def concerning(
    session: AsyncSession, user_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[AuditEvent]:
    """What a user did, and what was done to him and his authorizations, the newest first.

    What others tried in vain is not told to him: who they are is not his to know.
    """
    own = select(Authorization.id).where(Authorization.user_id == user_id)
    done_to_him = or_(AuditEvent.subject_id == user_id, AuditEvent.subject_id.in_(own))
    concerns = or_(
        AuditEvent.actor_id == user_id, and_(done_to_him, AuditEvent.event != Event.ACCESS_REFUSED)
    )
    return await _page(session, concerns, before, limit)


async def by_operators(
    session: AsyncSession, user_id: UUID, relation_ids: Collection[UUID], *, limit: int
) -> Sequence[AuditEvent]:
    """What customer service did to a user, his authorizations, or on these relations, the newest first."""
    own = select(Authorization.id).where(Authorization.user_id == user_id)
    concerns = or_(
        AuditEvent.subject_id == user_id,
        AuditEvent.subject_id.in_(own),
        AuditEvent.relation_id.in_(relation_ids),
    )
    return await _page(session, and_(AuditEvent.actor == Actor.OPERATOR, concerns), None, limit)


async def _page(
    session: AsyncSession, wanted: ColumnElement[bool], before: UUID | None, limit: int
) -> Sequence[AuditEvent]:
    query = select(AuditEvent).where(wanted)
    if before is not None:
        number = select(AuditEvent.number).where(AuditEvent.id == before).scalar_subquery()
        query = query.where(AuditEvent.number < number)
    return (await session.scalars(query.order_by(AuditEvent.number.desc()).limit(limit))).all()
