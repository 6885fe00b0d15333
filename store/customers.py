"""The customer registry's tables: customers, their relations, their contracts (spec sections 2 and 6).

They are filled by import, never by typing.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.vocabulary import Commodity, CustomerKind
from store.base import Base


class Customer(Base):
    """One customer number. Several may share a business ID."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    customer_number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[CustomerKind]
    name: Mapped[str] = mapped_column(String(200))
    business_id: Mapped[str | None] = mapped_column(String(9), index=True)
    # A keyed hash of the personal identity code: to find a person by it, never to read it.
    identity_index: Mapped[str | None] = mapped_column(String(64), index=True)
    contact_email: Mapped[str | None] = mapped_column(String(254))

    relations: Mapped[list["CustomerRelation"]] = relationship(back_populates="customer")


class CustomerRelation(Base):
    """A customer's relation for one commodity: what authorizations are held on."""

    __tablename__ = "customer_relations"
    __table_args__ = (UniqueConstraint("customer_id", "commodity"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    commodity: Mapped[Commodity]
    ended_at: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship(back_populates="relations", lazy="joined", innerjoin=True)


class Contract(Base):
    """A contract under a relation. `ends_on` is its last day."""

    __tablename__ = "contracts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    contract_number: Mapped[str] = mapped_column(String(20), unique=True)
    relation_id: Mapped[UUID] = mapped_column(ForeignKey("customer_relations.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


async def relation(
    session: AsyncSession, relation_id: UUID, *, lock: bool = False
) -> CustomerRelation | None:
    """The relation with its customer. With `lock`, it cannot end before the current transaction does."""
    if not lock:
        return await session.get(CustomerRelation, relation_id)
    query = (
        select(CustomerRelation)
        .where(CustomerRelation.id == relation_id)
        .with_for_update(read=True, of=CustomerRelation)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def relation_alone(session: AsyncSession, relation_id: UUID) -> CustomerRelation | None:
    """The relation with its customer; nobody else grants or ends anything on it before this transaction ends.

    Take it before what is held on it.
    """
    query = (
        select(CustomerRelation)
        .where(CustomerRelation.id == relation_id)
        .with_for_update(key_share=True, of=CustomerRelation)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def relation_of(
    session: AsyncSession, customer_number: str, commodity: Commodity
) -> CustomerRelation | None:
    """The relation that a customer number has for a commodity."""
    query = (
        select(CustomerRelation)
        .join(Customer)
        .where(Customer.customer_number == customer_number, CustomerRelation.commodity == commodity)
    )
    return (await session.scalars(query)).one_or_none()


async def contracts_of(session: AsyncSession, relation_id: UUID) -> Sequence[Contract]:
    """The relation's contracts, the newest first."""
    query = select(Contract).where(Contract.relation_id == relation_id).order_by(Contract.starts_on.desc())
    return (await session.scalars(query)).all()
