"""Making this worker's version the one that processes run on (Temporal's Worker Versioning)."""

import asyncio

import structlog
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from worker.bootstrap import DEPLOYMENT

_PAUSE_SECONDS = 1.0
log = structlog.get_logger()


async def make_current(client: Client, build_id: str) -> None:
    """Sends all processes to this version, as soon as its first poll has made it known to the server.

    Raises RPCError when the server refuses for another reason.
    """
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace,
        deployment_name=DEPLOYMENT,
        build_id=build_id,
        identity=client.identity,
        ignore_missing_task_queues=True,
    )
    while True:
        try:
            await client.workflow_service.set_worker_deployment_current_version(request)
        except RPCError as error:
            if error.status not in {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            log.info("worker.version_current", build_id=build_id)
            return
