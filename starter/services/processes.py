"""Steering running processes: a person's act as a Temporal Update with its answer (spec section 3)."""

import asyncio
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain import ids
from domain.codes import Code, Refused
from domain.messages import ProcessMessage
from domain.vocabulary import ProcessKind
from starter.services.context import Services
from starter.services.refusals import OutcomeUnknown

Reply = TypeVar("Reply", bound=ProcessMessage)

_PATIENCE = timedelta(seconds=5)
_START_PATIENCE = timedelta(seconds=2)
# What a finished (or never started) workflow answers; the row knows which.
_PERHAPS_FINISHED = frozenset({RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE})

log = structlog.get_logger()


class ProcessFinished(Exception):
    """The process takes no more acts, as far as Temporal says: look at its row."""


async def update(
    services: Services,
    kind: ProcessKind,
    process_id: UUID,
    name: str,
    argument: ProcessMessage,
    *,
    update_id: str,
    reply: type[Reply],
) -> Reply:
    """Sends an act to a process and waits 5 s for its answer.

    Raises Refused with the code of the process's own refusal, OutcomeUnknown, or ProcessFinished.
    """
    handle = services.client.get_workflow_handle(ids.workflow_id(kind, process_id))
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            answer: Reply = await handle.execute_update(
                name, argument, id=update_id, result_type=reply, rpc_timeout=_PATIENCE
            )
            return answer
    except WorkflowUpdateFailedError as error:
        raise _refusal(error.cause) from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise OutcomeUnknown from None
    except RPCError as error:
        log.info("process.update_not_taken", process_id=str(process_id), status=error.status.name)
        if error.status in _PERHAPS_FINISHED:
            raise ProcessFinished from None
        raise OutcomeUnknown from None
    except RuntimeError:
        # A lazy client that has not reached Temporal yet.
        log.info("process.update_not_taken", process_id=str(process_id), status="NEVER_CONNECTED")
        raise OutcomeUnknown from None


def _refusal(cause: BaseException | None) -> Refused:
    """What the process refused with. Anything else than one of our codes: the process ended meanwhile."""
    if isinstance(cause, ApplicationError) and cause.type in set(Code):
        return Refused(Code(cause.type))
    return OutcomeUnknown()


async def deliver_owed(services: Services, process_id: UUID) -> None:
    """Tries at once to give Temporal what the outbox owes it; what fails is left to the schedule."""
    try:
        async with asyncio.timeout(_START_PATIENCE.total_seconds()):
            await services.outbox.deliver(process_id)
    except TimeoutError:
        log.warning("process.start_left_to_schedule", process_id=str(process_id))
