"""Delivers to Temporal what the outbox owes it: by the API at once, by the schedule later."""

from datetime import timedelta
from uuid import UUID

import structlog
from pydantic import ValidationError
from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain import ids
from domain.processes import SUMMARY, WORKFLOW_TYPE, Drained, ProcessStart
from runtime.clock import Clock
from runtime.temporal import CUSTOMER_RELATIONS, DEADLINE, PROCESS_KIND, PROCESS_STATE
from store import outbox
from store.database import Database
from store.outbox import OutboxRow, Owed

_BATCH = 200
_RPC_TIMEOUT = timedelta(seconds=5)

log = structlog.get_logger()


class Outbox:
    """The way from rows to Temporal. Delivering twice is harmless: a duplicate start is refused there.

    `eager` asks Temporal to hand a started process straight to the worker in this very process.
    """

    def __init__(
        self, *, client: Client, database: Database, task_queue: str, clock: Clock, eager: bool = False
    ) -> None:
        self._client = client
        self._database = database
        self._task_queue = task_queue
        self._clock = clock
        self._eager = eager

    async def deliver(self, process_id: UUID) -> bool:
        """Delivers all that is owed to one process, in order. False when Temporal did not take it."""
        async with self._database.reading() as session:
            rows = await outbox.of_process(session, process_id)
        for row in rows:
            if not await self._deliver(row):
                return False
        return True

    async def drain(self, older_than: timedelta) -> Drained:
        """Delivers what has been left for longer than `older_than`."""
        async with self._database.reading() as session:
            rows = await outbox.older_than(session, self._clock() - older_than, _BATCH)
        waiting = list(dict.fromkeys(row.process_id for row in rows))
        taken = [process_id for process_id in waiting if await self.deliver(process_id)]
        async with self._database.reading() as session:
            return Drained(taken=len(taken), left=await outbox.depth(session))

    async def _deliver(self, row: OutboxRow) -> bool:
        try:
            await self._call(row)
        except (RPCError, RuntimeError, ValidationError) as error:
            status = _status(error)
            log.warning("outbox.not_taken", process_id=str(row.process_id), owed=row.owed, status=status)
            async with self._database.transaction() as session:
                await outbox.tried(session, row.id)
            return False
        async with self._database.transaction() as session:
            await outbox.taken(session, row.id)
        return True

    async def _call(self, row: OutboxRow) -> None:
        if row.owed is Owed.START:
            await self._start(row)
            return
        handle = self._client.get_workflow_handle(ids.workflow_id(row.process_kind, row.process_id))
        try:
            if row.owed is Owed.SIGNAL and row.signal is not None:
                await handle.signal(row.signal, row.payload, rpc_timeout=_RPC_TIMEOUT)
            else:
                await handle.terminate(rpc_timeout=_RPC_TIMEOUT)
        except RPCError as error:
            # It ended by itself meanwhile: nothing is owed any more.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _start(self, row: OutboxRow) -> None:
        start = ProcessStart.model_validate(row.payload)
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(PROCESS_KIND, row.process_kind.value),
                SearchAttributePair(PROCESS_STATE, start.state),
                SearchAttributePair(CUSTOMER_RELATIONS, [str(each) for each in start.relations]),
                SearchAttributePair(DEADLINE, start.deadline),
            ]
        )
        try:
            await self._client.start_workflow(
                WORKFLOW_TYPE[row.process_kind],
                start.input,
                id=ids.workflow_id(row.process_kind, row.process_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=attributes,
                static_summary=SUMMARY[row.process_kind],
                request_eager_start=self._eager,
                rpc_timeout=_RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return


def _status(error: RPCError | RuntimeError | ValidationError) -> str:
    match error:
        case RPCError():
            return error.status.name
        case ValidationError():
            return "UNREADABLE"
        case _:
            return "NEVER_CONNECTED"  # what a lazy client raises until Temporal is there for the first time
