"""Bringing what a registry says of some customers into our tables, within the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from registry.ends import end_due
from registry.existing import Existing, existing
from registry.follow import Followed
from registry.plan import Plan, conflicts
from registry.records import KeptCustomer, RegistryCustomer
from registry.rows import Contract, Customer
from registry.said import Said
from registry.writing import wait_for_turn, write
from runtime.keys import Keys
from store.audit import Actor
from store.customers import Customer as CustomerRow

log = structlog.get_logger()


@dataclass(frozen=True)
class Brought:
    """What came of it.

    `customer_ids`: the rows of the customers that are now as the registry says, by customer number.
    `left_out`: how many said something against what is known: another kind, another customer's contract.
    """

    customer_ids: Mapping[str, UUID] = field(default_factory=dict)
    left_out: int = 0
    followed: Followed = field(default_factory=Followed)


class _Planned(NamedTuple):
    plan: Plan
    left_out: int


async def bring_in(
    session: AsyncSession,
    customers: Sequence[RegistryCustomer],
    *,
    keys: Keys,
    today: date,
    now: datetime,
    actor: Actor = Actor.PROCESS,
) -> Brought:
    """Writes these customers with their relations and contracts, and lets authorizations follow.

    Contracts that are not said stay as they are; a private customer said without an identity code keeps the
    known one. Where nothing is new, nothing is written or locked. What our own tables said is not brought in,
    since they may say more by now; but relations whose contracts are over end. `today` is the retailer's day.

    Raises SQLAlchemy's OperationalError when somebody else writes for too long: the caller's transaction is
    then to be tried again as a whole.
    """
    await session.flush()
    kept = [each for each in customers if isinstance(each, KeptCustomer)]
    if kept:
        return await _as_kept(session, kept, today=today, now=now)
    planned = await _plan(session, customers, keys, today=today, now=now)
    followed = Followed()
    if not planned.plan.is_empty:
        await wait_for_turn(session)
        planned = await _plan(session, customers, keys, today=today, now=now)
        if not planned.plan.is_empty:
            followed = await write(session, planned.plan, actor=actor, now=now)
    if planned.left_out:
        log.warning("registry.conflicts", customers=planned.left_out)
    return Brought(planned.plan.customer_ids, planned.left_out, followed)


async def _as_kept(
    session: AsyncSession, customers: Sequence[KeptCustomer], *, today: date, now: datetime
) -> Brought:
    numbers = [each.customer_number for each in customers]
    query = select(CustomerRow.customer_number, CustomerRow.id).where(
        CustomerRow.customer_number.in_(numbers)
    )
    ids = {row.customer_number: row.id for row in await session.execute(query)}
    ended = await end_due(session, today=today, now=now, customers=list(ids.values()))
    return Brought(customer_ids=ids, followed=ended.followed)


async def _plan(
    session: AsyncSession, customers: Sequence[RegistryCustomer], keys: Keys, *, today: date, now: datetime
) -> _Planned:
    # A customer who is said twice is as he is said last.
    latest = list({each.customer_number: each for each in customers}.values())
    said = _said(latest, keys)
    known = await existing(await session.connection(), said)
    _keep_persons(said, known)
    wrong = {conflict.line for conflict in conflicts(said, known)} | _repeating(latest)
    rest = said.without(wrong)
    return _Planned(Plan(rest, known, today=today, now=now), len(wrong))


def _said(customers: Sequence[RegistryCustomer], keys: Keys) -> Said:
    said = Said()
    for place, each in enumerate(customers):
        code = each.personal_identity_code
        customer = Customer(
            customer_number=each.customer_number,
            kind=each.kind,
            name=each.name,
            business_id=each.business_id,
            identity_index=None if code is None else keys.identity_index(code),
            contact_email=each.contact_email,
        )
        said.customers[each.customer_number] = customer, place
        for relation in each.relations:
            for contract in relation.contracts:
                said.contracts.setdefault(
                    contract.contract_number,
                    Contract(
                        customer_number=each.customer_number,
                        commodity=relation.commodity,
                        contract_number=contract.contract_number,
                        starts_on=contract.starts_on,
                        ends_on=contract.ends_on,
                        line=place,
                    ),
                )
    return said


def _repeating(customers: Sequence[RegistryCustomer]) -> set[int]:
    """The places of those who have a contract that an earlier one has."""
    taken: set[str] = set()
    repeating = set()
    for place, each in enumerate(customers):
        contracts = {
            contract.contract_number for relation in each.relations for contract in relation.contracts
        }
        if contracts & taken:
            repeating.add(place)
        taken |= contracts
    return repeating


def _keep_persons(said: Said, known: Existing) -> None:
    """Whose identity code is not said is who he was."""
    for number, (customer, place) in said.customers.items():
        before = known.customers.get(number)
        if customer.identity_index is None and before is not None:
            index = before.fields.identity_index
            said.customers[number] = customer._replace(identity_index=index), place
