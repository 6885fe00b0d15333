"""`fullmakt customers import`: the file into the database, all of it or nothing (spec 6).

The file says what it names, no more: customers and contracts that it leaves out stay as they are. A contract
that is over is in the file with its `ends_on`.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.keys import Keys
from starter.registry.existing import chunks, existing
from starter.registry.plan import Plan, TableChanges, note_conflicts
from starter.registry.reader import Progress, RegistryFile, read
from starter.registry.rows import Errors, RowRules
from store import audit
from store.audit import Actor, AuditEvent, Event
from store.base import Base
from store.database import Database

# Tables instead of classes: the ORM would send rows that leave different columns empty one by one.
_TABLES = tuple(Base.metadata.tables[name] for name in ("customers", "customer_relations", "contracts"))


@dataclass(frozen=True)
class Counts:
    """What became of the rows of one table."""

    new: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class ImportReport:
    """What an import did, and how many seconds it took."""

    customers: Counts
    relations: Counts
    contracts: Counts
    seconds: float


async def import_customers(
    database: Database,
    path: Path,
    *,
    keys: Keys,
    allow_temporary: bool,
    today: date,
    now: datetime,
    progress: Progress,
) -> ImportReport:
    """Imports a CSV file in one transaction, with one audit event when it changed anything.

    A relation whose contracts have all ended before `today` ends at `now`; one with a running contract is
    open (again). `allow_temporary` accepts identity codes 900-999. `progress` is called with a stage
    ("reading", in bytes; "writing", in rows), how much of it is done, and how much there is; while reading,
    from another thread.

    Raises ImportRefused when the file has errors (then nothing changed), OSError when it cannot be read,
    SQLAlchemy's OperationalError when another import is at work.
    """
    started = time.perf_counter()
    errors = Errors()
    rules = RowRules(identity_index=keys.identity_index, allow_temporary=allow_temporary)
    file = await asyncio.to_thread(read, path, rules, errors, progress)
    async with database.reading() as session:
        latest = await _latest_import(session)
        plan = await _plan(session, file, errors, today=today, now=now)
    if not plan.is_empty:
        async with database.transaction() as session:
            if not database.is_sqlite:
                # One import at a time; readers and authorizations being granted are not held up.
                await session.execute(text("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE"))
            if await _latest_import(session) != latest:
                plan = await _plan(session, file, errors, today=today, now=now)
            if not plan.is_empty:
                await _write(session, plan, progress)
                _record(session, plan, now)
    return ImportReport(
        customers=_counts(plan.customers),
        relations=_counts(plan.relations),
        contracts=_counts(plan.contracts),
        seconds=time.perf_counter() - started,
    )


async def _latest_import(session: AsyncSession) -> int | None:
    """The latest import's event: as long as it is the same, so are the tables, which imports alone change."""
    query = select(func.max(AuditEvent.number)).where(AuditEvent.event == Event.CUSTOMERS_IMPORTED)
    return await session.scalar(query)


async def _plan(
    session: AsyncSession, file: RegistryFile, errors: Errors, *, today: date, now: datetime
) -> Plan:
    known = await existing(await session.connection(), file)
    note_conflicts(file, known, errors)
    errors.refuse()
    return Plan(file, known, today=today, now=now)


async def _write(session: AsyncSession, plan: Plan, progress: Progress) -> None:
    total = sum(len(changes.new) + len(changes.changed) for changes in plan.tables)
    done = 0
    progress("writing", done, total)
    for table, changes in zip(_TABLES, plan.tables, strict=True):
        update_one = update(table).where(table.c.id == bindparam("row_id"))
        for statement, rows in ((insert(table), changes.new), (update_one, changes.changed)):
            for chunk in chunks(rows):
                await session.execute(statement, chunk)
                done += len(chunk)
                progress("writing", done, total)


def _counts(changes: TableChanges) -> Counts:
    return Counts(new=len(changes.new), changed=len(changes.changed), unchanged=changes.unchanged)


def _record(session: AsyncSession, plan: Plan, now: datetime) -> None:
    audit.record(
        session,
        Event.CUSTOMERS_IMPORTED,
        at=now,
        actor=Actor.OPERATOR,
        customers_new=len(plan.customers.new),
        customers_changed=len(plan.customers.changed),
        relations_new=len(plan.relations.new),
        relations_changed=len(plan.relations.changed),
        contracts_new=len(plan.contracts.new),
        contracts_changed=len(plan.contracts.changed),
    )
