"""Writing what a registry says: one writer at a time, and what follows from it in the same transaction."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from registry.existing import chunks
from registry.follow import Followed, follow
from registry.plan import Plan
from store.audit import Actor, AuditEvent, Event
from store.base import Base
from store.customers import Customer, CustomerRelation

# Tables instead of classes: the ORM would send rows that leave different columns empty one by one.
_TABLES = tuple(Base.metadata.tables[name] for name in ("customers", "customer_relations", "contracts"))

# Called with how many rows of how many are written.
Written = Callable[[int, int], None]


def _unwatched(done: int, total: int) -> None:
    """Nobody waits at a terminal."""


async def wait_for_turn(session: AsyncSession) -> None:
    """One writer at a time until the transaction ends; readers and authorizations being granted go on.

    Raises SQLAlchemy's OperationalError when another one takes too long.
    """
    # SQLite's transactions that write are one at a time anyway.
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE"))


async def latest_writing(session: AsyncSession) -> int | None:
    """The latest writing's event: as long as it is the same, so are the tables."""
    query = select(func.max(AuditEvent.number)).where(AuditEvent.event == Event.CUSTOMERS_IMPORTED)
    return await session.scalar(query)


async def write(
    session: AsyncSession, plan: Plan, *, actor: Actor, now: datetime, written: Written = _unwatched
) -> Followed:
    """Inserts and updates the plan's rows, lets authorizations follow, and records that it was done."""
    await _write_rows(session, plan, written)
    record_writing(
        session,
        actor=actor,
        now=now,
        customers_new=len(plan.customers.new),
        customers_changed=len(plan.customers.changed),
        relations_new=len(plan.relations.new),
        relations_changed=len(plan.relations.changed),
        contracts_new=len(plan.contracts.new),
        contracts_changed=len(plan.contracts.changed),
    )
    await _refresh_loaded(session)
    return await follow(session, plan.news, actor=actor, now=now)


def record_writing(session: AsyncSession, *, actor: Actor, now: datetime, **counts: int) -> None:
    """Records that the tables were written, with how many rows of what were new or changed."""
    session.add(AuditEvent(event=Event.CUSTOMERS_IMPORTED, at=now, actor=actor, details=counts))


async def _write_rows(session: AsyncSession, plan: Plan, written: Written) -> None:
    total = sum(len(changes.new) + len(changes.changed) for changes in plan.tables)
    done = 0
    written(done, total)
    for table, changes in zip(_TABLES, plan.tables, strict=True):
        update_one = update(table).where(table.c.id == bindparam("row_id"))
        for statement, rows in ((insert(table), changes.new), (update_one, changes.changed)):
            for chunk in chunks(rows):
                await session.execute(statement, chunk)
                done += len(chunk)
                written(done, total)


async def _refresh_loaded(session: AsyncSession) -> None:
    """The rows were written past the session: what it has loaded of them before is read again."""
    for loaded in list(session.identity_map.values()):
        if isinstance(loaded, Customer | CustomerRelation):
            await session.refresh(loaded)
