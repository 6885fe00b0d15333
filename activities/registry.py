"""Bringing in what the customer registry says, by schedule. Each page and each batch is one transaction."""

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.asking import asking_registry
from activities.notifications import attempt_time
from domain.registry import ContractsEnded, EndContracts, PullRegistry, RegistryPulled
from registry.client import Changes, CustomerRegistry
from registry.ends import end_due, end_lapsed
from registry.sync import bring_in
from runtime.keys import Keys
from store.database import Database
from store.registry_pulls import RegistryPull

# The one registry there is; a second one would have a cursor of its own.
_NAME = "customers"
_PAGES = 20
_BATCH = 500


class _Page(NamedTuple):
    """What came of a page: None of it when another pull was faster."""

    customers: int
    left_out: int


class RegistryActivities:
    """Run by schedules; safe to run twice, also at the same moment."""

    def __init__(self, *, database: Database, registry: CustomerRegistry, keys: Keys, zone: ZoneInfo) -> None:
        """`zone`: the retailer's, in which a contract's last day ends."""
        self._database = database
        self._registry = registry
        self._keys = keys
        self._zone = zone

    @activity.defn(name="PullRegistry")
    async def pull(self, order: PullRegistry) -> RegistryPulled:
        """Brings in the next pages, each with the cursor behind it. Raises `registry.unavailable`."""
        pulled = RegistryPulled()
        for _ in range(_PAGES):
            cursor = await self._cursor()
            with asking_registry():
                changes = await self._registry.changes(cursor)
            page = await self._bring_in(cursor, changes, attempt_time(order.now))
            if page is None:
                break
            pulled = RegistryPulled(
                pages=pulled.pages + 1,
                customers=pulled.customers + page.customers,
                left_out=pulled.left_out + page.left_out,
                more=changes.more,
            )
            activity.heartbeat()
            if not changes.more:
                break
        self._count_left_out(pulled.left_out)
        return pulled

    @activity.defn(name="EndContracts")
    async def end_contracts(self, order: EndContracts) -> ContractsEnded:
        """Ends relations whose contracts ended by their dates, and rights that give nothing any more."""
        now = attempt_time(order.now)
        relations = authorizations = 0
        while True:
            async with self._database.transaction() as session:
                ended = await end_due(session, today=self._day(now), now=now, limit=_BATCH)
            if not ended.relations:
                break
            relations += ended.relations
            authorizations += ended.followed.ended
            activity.heartbeat()
        while True:
            async with self._database.transaction() as session:
                over = await end_lapsed(session, now=now, limit=_BATCH)
            if not over:
                break
            authorizations += over
            activity.heartbeat()
        return ContractsEnded(relations=relations, authorizations=authorizations)

    async def _cursor(self) -> str | None:
        async with self._database.reading() as session:
            row = await session.get(RegistryPull, _NAME)
            return None if row is None else row.cursor

    async def _bring_in(self, cursor: str | None, changes: Changes, now: datetime) -> _Page | None:
        """The page and the new cursor in one transaction; None when the cursor has moved meanwhile."""
        async with self._database.transaction() as session:
            row = await _locked(session)
            if row is None:
                row = RegistryPull(name=_NAME, cursor=None, pulled_at=now)
                session.add(row)
            if row.cursor != cursor:
                return None
            brought = await bring_in(
                session, changes.customers, keys=self._keys, today=self._day(now), now=now
            )
            row.cursor, row.pulled_at = changes.cursor, now
            return _Page(len(brought.customer_ids), changes.left_out + brought.left_out)

    def _day(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    def _count_left_out(self, customers: int) -> None:
        activity.metric_meter().create_counter(
            "fullmakt_registry_left_out", "Customers of the registry that break its rules, and were left out"
        ).add(customers)


async def _locked(session: AsyncSession) -> RegistryPull | None:
    query = select(RegistryPull).where(RegistryPull.name == _NAME).with_for_update()
    return (await session.scalars(query)).one_or_none()
