"""What the database knows of the customers that a registry speaks of, read in bulk."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.vocabulary import Commodity
from registry import rows
from registry.said import Said
from store.customers import Contract, Customer, CustomerRelation

CHUNK = 5000

T = TypeVar("T")
RelationKey = tuple[str, Commodity]


class KnownCustomer(NamedTuple):
    """A customer's key and what the registry said of it last time."""

    id: UUID
    fields: rows.Customer


class KnownRelation(NamedTuple):
    """A relation's key and its end."""

    id: UUID
    ended_at: datetime | None


class KnownContract(NamedTuple):
    """A contract's key, the relation that it is of, and its dates."""

    id: UUID
    relation: RelationKey
    starts_on: date
    ends_on: date | None


class Existing(NamedTuple):
    """The rows that an import may meet."""

    customers: dict[str, KnownCustomer]
    relations: dict[RelationKey, KnownRelation]
    contracts: dict[str, KnownContract]


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


async def existing(connection: AsyncConnection, said: Said) -> Existing:
    """The customers with all their relations and contracts, and whoever has the contracts that are said."""
    known = Existing({}, {}, {})
    for numbers in chunks(said.customers):
        await _customers(connection, numbers, known)
    # A contract that its own customer does not have may be another's.
    for numbers in chunks(number for number in said.contracts if number not in known.contracts):
        of_others = _contracts().where(Contract.contract_number.in_(numbers))
        _add_contracts(known, (await connection.execute(of_others)).all())
    return known


async def _customers(connection: AsyncConnection, numbers: Sequence[str], known: Existing) -> None:
    these = Customer.customer_number.in_(numbers)
    customers = select(
        Customer.id,
        Customer.customer_number,
        Customer.kind,
        Customer.name,
        Customer.business_id,
        Customer.identity_index,
        Customer.contact_email,
    ).where(these)
    found = (await connection.execute(customers)).all()
    if not found:
        return
    for customer_id, *fields in found:
        customer = rows.Customer._make(fields)
        known.customers[customer.customer_number] = KnownCustomer(customer_id, customer)
    relations = (
        select(
            CustomerRelation.id,
            Customer.customer_number,
            CustomerRelation.commodity,
            CustomerRelation.ended_at,
        )
        .join(Customer)
        .where(these)
    )
    for relation_id, number, commodity, ended_at in await connection.execute(relations):
        known.relations[number, commodity] = KnownRelation(relation_id, ended_at)
    _add_contracts(known, (await connection.execute(_contracts().where(these))).all())


def _contracts() -> Select[UUID, str, str, Commodity, date, date | None]:
    return (
        select(
            Contract.id,
            Contract.contract_number,
            Customer.customer_number,
            CustomerRelation.commodity,
            Contract.starts_on,
            Contract.ends_on,
        )
        .join(CustomerRelation, Contract.relation_id == CustomerRelation.id)
        .join(Customer)
    )


def _add_contracts(
    known: Existing, found: Sequence[Row[UUID, str, str, Commodity, date, date | None]]
) -> None:
    for contract_id, number, customer_number, commodity, starts_on, ends_on in found:
        known.contracts[number] = KnownContract(contract_id, (customer_number, commodity), starts_on, ends_on)
