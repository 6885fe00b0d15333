"""What operators look up of customers: numbers, names, contracts, and how many hold which role.

Never an identity code, nor its index.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.vocabulary import Commodity, CustomerKind, Role
from store import authorizations, customers
from store.customers import Customer, CustomerRelation
from store.database import Database


@dataclass(frozen=True)
class ContractShown:
    """A contract. `ends_on` is its last day."""

    contract_number: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class RelationShown:
    """A relation with its contracts, the newest first, and how many people hold each role on it."""

    commodity: Commodity
    ended_at: datetime | None
    contracts: Sequence[ContractShown]
    holders: dict[Role, int]


@dataclass(frozen=True)
class CustomerShown:
    """A customer; in lists without the relations."""

    customer_number: str
    kind: CustomerKind
    name: str
    business_id: str | None
    contact_email: str | None
    relations: Sequence[RelationShown] = ()


async def list_customers(database: Database, *, limit: int) -> Sequence[CustomerShown]:
    """The first customers in the order of their numbers, at most `limit`, without their relations."""
    query = select(Customer).order_by(Customer.customer_number).limit(limit)
    async with database.reading() as session:
        return [_shown(customer) for customer in await session.scalars(query)]


async def show_customer(database: Database, customer_number: str, *, at: datetime) -> CustomerShown | None:
    """A customer with everything under the number as of a moment; None when there is none."""
    async with database.reading() as session:
        query = select(Customer).where(Customer.customer_number == customer_number)
        customer = (await session.scalars(query)).one_or_none()
        if customer is None:
            return None
        of_customer = (
            select(CustomerRelation)
            .where(CustomerRelation.customer_id == customer.id)
            .order_by(CustomerRelation.commodity)
        )
        found = (await session.scalars(of_customer)).all()
        return _shown(customer, [await _relation(session, relation, at) for relation in found])


def _shown(customer: Customer, relations: Sequence[RelationShown] = ()) -> CustomerShown:
    return CustomerShown(
        customer_number=customer.customer_number,
        kind=customer.kind,
        name=customer.name,
        business_id=customer.business_id,
        contact_email=customer.contact_email,
        relations=relations,
    )


async def _relation(session: AsyncSession, relation: CustomerRelation, at: datetime) -> RelationShown:
    contracts = await customers.contracts_of(session, relation.id)
    held = await authorizations.of_relation(session, relation.id, at)
    return RelationShown(
        commodity=relation.commodity,
        ended_at=relation.ended_at,
        contracts=[ContractShown(each.contract_number, each.starts_on, each.ends_on) for each in contracts],
        holders=dict(Counter(each.role for each in held)),
    )
