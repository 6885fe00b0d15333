"""`fullmakt customers import`: the file into the database, all of it or nothing (spec 6).

The file says what it names, no more: customers and contracts that it leaves out stay as they are. A contract
that is over is in the file with its `ends_on`.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from registry.existing import existing
from registry.follow import Followed
from registry.plan import Plan, TableChanges, conflicts
from registry.reader import Progress, RegistryFile, read
from registry.rows import Errors, RowRules
from registry.writing import latest_writing, wait_for_turn, write
from runtime.keys import Keys
from store.audit import Actor
from store.database import Database


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
    # What became of authorizations.
    followed: Followed
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
    followed = Followed()
    async with database.reading() as session:
        latest = await latest_writing(session)
        plan = await _plan(session, file, errors, today=today, now=now)
    if not plan.is_empty:
        async with database.transaction() as session:
            await wait_for_turn(session)
            if await latest_writing(session) != latest:
                plan = await _plan(session, file, errors, today=today, now=now)
            if not plan.is_empty:
                followed = await write(
                    session,
                    plan,
                    actor=Actor.OPERATOR,
                    now=now,
                    written=lambda done, total: progress("writing", done, total),
                )
    return ImportReport(
        customers=_counts(plan.customers),
        relations=_counts(plan.relations),
        contracts=_counts(plan.contracts),
        followed=followed,
        seconds=time.perf_counter() - started,
    )


async def _plan(
    session: AsyncSession, file: RegistryFile, errors: Errors, *, today: date, now: datetime
) -> Plan:
    known = await existing(await session.connection(), file)
    for conflict in conflicts(file, known):
        errors.add(*conflict)
    errors.refuse()
    return Plan(file, known, today=today, now=now)


def _counts(changes: TableChanges) -> Counts:
    return Counts(new=len(changes.new), changed=len(changes.changed), unchanged=changes.unchanged)
