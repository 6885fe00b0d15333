"""What the tests of bringing in and of following share: what a registry says, and who holds what then."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select

from domain.roles import ROLE_LEVELS
from domain.vocabulary import Commodity, GrantedThrough, Level, Role, Subpage
from registry.records import RegistryCustomer
from registry.sync import Brought, bring_in
from store import policy
from store.audit import AuditEvent, Event
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.database import Database
from store.identifications import StrongIdentity
from store.outbox import OutboxRow
from store.users import User
from tests import factories
from tests.factories import KEYS
from tests.registry.stand_in import Said

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def record(said: Said) -> RegistryCustomer:
    """As the adapter reads it."""
    return RegistryCustomer.model_validate_json(json.dumps(said))


async def bring(database: Database, *said: Said, today: date = TODAY, now: datetime = NOW) -> Brought:
    """Brings in what the registry says, in a transaction of its own."""
    async with database.transaction() as session:
        return await bring_in(session, [record(each) for each in said], keys=KEYS, today=today, now=now)


async def relation(
    database: Database, number: str, commodity: Commodity = Commodity.ELECTRICITY
) -> CustomerRelation:
    """A customer's relation as it is now."""
    async with database.reading() as session:
        query = (
            select(CustomerRelation)
            .join(Customer)
            .where(Customer.customer_number == number, CustomerRelation.commodity == commodity)
        )
        return (await session.scalars(query)).one()


async def hold(
    database: Database,
    user: User,
    on: CustomerRelation,
    role: Role,
    through: GrantedThrough,
    *,
    process_id: UUID | None = None,
    levels: dict[Subpage, Level] | None = None,
) -> Authorization:
    """Gives a right, as its process does."""
    held = Authorization(
        user_id=user.id,
        relation_id=on.id,
        role=role,
        levels={**ROLE_LEVELS[role], **(levels or {})},
        valid_from=factories.LONG_AGO,
        granted_through=through,
        process_id=process_id,
    )
    async with database.transaction() as session:
        session.add(held)
    return held


async def owner(database: Database, on: CustomerRelation, *, code: str | None = None) -> User:
    """A new user who owns the relation by contract, identified by a code or not at all."""
    user = await factories.make_user(database)
    await hold(database, user, on, Role.OWNER, GrantedThrough.CONTRACT)
    if code is not None:
        await identify(database, user, code)
    return user


async def identify(database: Database, user: User, code: str) -> None:
    """The user identifies strongly."""
    async with database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=KEYS.identity_index(code),
                identity_sealed="sealed",
                first_name="Åsa",
                last_name="Öhman",
                created_at=factories.LONG_AGO,
                identified_at=factories.LONG_AGO,
            )
        )


async def held_on(database: Database, on: CustomerRelation) -> dict[UUID, set[Role]]:
    """Who holds which roles on a relation, not ended."""
    found: dict[UUID, set[Role]] = {}
    async with database.reading() as session:
        query = select(Authorization).where(
            Authorization.relation_id == on.id, Authorization.ended_at.is_(None)
        )
        for each in await session.scalars(query):
            found.setdefault(each.user_id, set()).add(each.role)
    return found


async def levels(
    database: Database, user: User, on: CustomerRelation, at: datetime = NOW
) -> dict[Subpage, Level]:
    """What somebody can do."""
    async with database.reading() as session:
        return await policy.levels(session, user.id, on.id, at)


async def events(database: Database, event: Event) -> Sequence[AuditEvent]:
    """The audit events of a kind, in order."""
    async with database.reading() as session:
        query = select(AuditEvent).where(AuditEvent.event == event).order_by(AuditEvent.number)
        return (await session.scalars(query)).all()


async def signalled(database: Database) -> dict[UUID, str | None]:
    """Which signals are owed to which processes."""
    async with database.reading() as session:
        return {row.process_id: row.signal for row in await session.scalars(select(OutboxRow)) if row.signal}
