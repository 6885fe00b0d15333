"""Authorizations: user x relation x role. Ended ones stay as history (spec section 2)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.vocabulary import GrantedThrough, Level, Role, Subpage
from store.base import Base
from store.customers import CustomerRelation
from store.users import User


class Authorization(Base):
    """What one user may do on one relation, in one role."""

    __tablename__ = "authorizations"
    __table_args__ = (
        # Twice the same right cannot be held at once, whoever grants at the same moment.
        Index(
            "uq_authorizations_active",
            "user_id",
            "relation_id",
            "role",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("ix_authorizations_relation_id", "relation_id"),
        # One grant per process and relation, however often it is tried.
        UniqueConstraint("process_id", "relation_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    relation_id: Mapped[UUID] = mapped_column(ForeignKey("customer_relations.id"))
    role: Mapped[Role]
    levels: Mapped[dict[Subpage, Level]]
    valid_from: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    granted_through: Mapped[GrantedThrough]
    # Whose right it rests on; None for what the retailer granted itself.
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    # The process that granted it.
    process_id: Mapped[UUID | None]
    # Disputed by the customer: gives nothing until customer service has looked into it.
    suspended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=user_id, lazy="joined", innerjoin=True)
    relation: Mapped[CustomerRelation] = relationship(lazy="joined", innerjoin=True)


def _gives_at(moment: datetime) -> ColumnElement[bool]:
    """Whether an authorization gives something at a moment."""
    return and_(
        Authorization.valid_from <= moment,
        Authorization.ended_at.is_(None),
        Authorization.suspended_at.is_(None),
    )


async def active_on(
    session: AsyncSession, user_id: UUID, relation_id: UUID, at: datetime, *, lock: bool = False
) -> Sequence[Authorization]:
    """The authorizations that a user holds on a relation at a moment.

    With `lock`, they cannot end before the current transaction does.
    """
    query = select(Authorization).where(
        Authorization.user_id == user_id,
        Authorization.relation_id == relation_id,
        _gives_at(at),
    )
    if lock:
        # In the order in which everybody locks them: nobody waits crosswise.
        query = query.order_by(Authorization.id).with_for_update(of=Authorization)
        query = query.execution_options(populate_existing=True)
    return (await session.scalars(query)).all()


async def locked(
    session: AsyncSession, ids: Collection[UUID], *, suspended: bool = False
) -> Sequence[Authorization]:
    """Authorizations that have not ended, with these ids, locked; `suspended`: also those that are."""
    wanted = and_(Authorization.id.in_(ids), Authorization.ended_at.is_(None))
    if not suspended:
        wanted = and_(wanted, Authorization.suspended_at.is_(None))
    query = (
        select(Authorization)
        .where(wanted)
        .order_by(Authorization.id)
        .with_for_update(of=Authorization)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def in_role(
    session: AsyncSession, user_id: UUID, relation_id: UUID, role: Role
) -> Authorization | None:
    """The authorization in this role that has not ended, whether or not it has begun; it is locked.

    There is at most one, and as long as it is there no other can be.
    """
    query = (
        select(Authorization)
        .where(
            Authorization.user_id == user_id,
            Authorization.relation_id == relation_id,
            Authorization.role == role,
            Authorization.ended_at.is_(None),
        )
        .with_for_update(of=Authorization)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def held_by(session: AsyncSession, user_id: UUID, relation_id: UUID) -> bool:
    """Whether a user holds anything on a relation that has not ended, be it suspended or yet to begin."""
    query = select(Authorization.id).where(
        Authorization.user_id == user_id,
        Authorization.relation_id == relation_id,
        Authorization.ended_at.is_(None),
    )
    return (await session.scalars(query.limit(1))).first() is not None


async def of_user(session: AsyncSession, user_id: UUID, at: datetime) -> Sequence[Authorization]:
    """Everything that a user holds at a moment, with the relations."""
    query = (
        select(Authorization)
        .where(
            Authorization.user_id == user_id,
            _gives_at(at),
        )
        .order_by(Authorization.valid_from, Authorization.id)
    )
    return (await session.scalars(query)).all()


async def of_relation(session: AsyncSession, relation_id: UUID, at: datetime) -> Sequence[Authorization]:
    """Everybody's authorizations on a relation at a moment, with the users."""
    query = (
        select(Authorization)
        .where(
            Authorization.relation_id == relation_id,
            _gives_at(at),
        )
        .order_by(Authorization.valid_from, Authorization.id)
    )
    return (await session.scalars(query)).all()


async def share_a_relation(session: AsyncSession, one: UUID, other: UUID, at: datetime) -> bool:
    """Whether two users both hold something on the same relation."""
    mine = select(Authorization.relation_id).where(Authorization.user_id == one, _gives_at(at))
    query = select(Authorization.id).where(
        Authorization.user_id == other,
        _gives_at(at),
        Authorization.relation_id.in_(mine),
    )
    return (await session.scalars(query.limit(1))).first() is not None


async def of_customer(session: AsyncSession, customer_id: UUID) -> Sequence[Authorization]:
    """Everything that anybody ever held on any relation of a customer, in the order of granting."""
    query = (
        select(Authorization)
        .join(CustomerRelation, Authorization.relation_id == CustomerRelation.id)
        .where(CustomerRelation.customer_id == customer_id)
        .order_by(Authorization.valid_from, Authorization.id)
    )
    return (await session.scalars(query)).all()


async def of_process(session: AsyncSession, process_id: UUID) -> Sequence[Authorization]:
    """What a process granted."""
    query = select(Authorization).where(Authorization.process_id == process_id).order_by(Authorization.id)
    return (await session.scalars(query)).all()
