"""The registry in our own tables, filled by `fullmakt customers import` (spec 6)."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.vocabulary import Commodity, CustomerKind
from registry.client import Changes
from registry.records import KeptCustomer, RegistryContract, RegistryCustomer, RegistryRelation
from store.customers import Contract, Customer, CustomerRelation
from store.database import Database


class SqlRegistry:
    """A `CustomerRegistry`. It is always there: a database that is away is an error of its own.

    Relations without contracts, and identity codes, are not told: the tables do not have them.
    """

    def __init__(self, database: Database, identity_index: Callable[[str], str]) -> None:
        self._database = database
        self._identity_index = identity_index

    async def by_customer_number(self, customer_number: str) -> RegistryCustomer | None:
        """As `CustomerRegistry.by_customer_number`."""
        found = await self._customers(Customer.customer_number == customer_number)
        return found[0] if found else None

    async def by_identity(self, personal_identity_code: str) -> Sequence[RegistryCustomer]:
        """As `CustomerRegistry.by_identity`, by the blind index."""
        index = self._identity_index(personal_identity_code)
        return await self._customers(
            (Customer.identity_index == index) & (Customer.kind == CustomerKind.PRIVATE)
        )

    async def changes(self, cursor: str | None) -> Changes:
        """As `CustomerRegistry.changes`: what is imported is here already, so there is never anything."""
        return Changes(customers=(), cursor=cursor, more=False)

    async def _customers(self, which: ColumnElement[bool]) -> Sequence[KeptCustomer]:
        async with self._database.reading() as session:
            found = await session.scalars(select(Customer).where(which).order_by(Customer.customer_number))
            return [await _customer(session, each) for each in found.all()]


async def _customer(session: AsyncSession, customer: Customer) -> KeptCustomer:
    query = (
        select(CustomerRelation.commodity, Contract)
        .join(CustomerRelation, CustomerRelation.id == Contract.relation_id)
        .where(CustomerRelation.customer_id == customer.id)
        .order_by(CustomerRelation.commodity, Contract.starts_on, Contract.contract_number)
    )
    contracts: dict[Commodity, list[RegistryContract]] = {}
    for commodity, contract in await session.execute(query):
        contracts.setdefault(commodity, []).append(_contract(contract))
    # Not checked again: the rules may have become stricter since.
    return KeptCustomer.model_construct(
        customer_number=customer.customer_number,
        kind=customer.kind,
        name=customer.name,
        business_id=customer.business_id,
        contact_email=customer.contact_email,
        relations=tuple(
            RegistryRelation.model_construct(commodity=commodity, contracts=tuple(its_contracts))
            for commodity, its_contracts in contracts.items()
        ),
    )


def _contract(contract: Contract) -> RegistryContract:
    return RegistryContract.model_construct(
        contract_number=contract.contract_number, starts_on=contract.starts_on, ends_on=contract.ends_on
    )
