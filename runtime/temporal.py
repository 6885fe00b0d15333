"""The one way to reach Temporal: where, as whom, with which converters and search attributes.

Address, namespace, TLS and API key are Temporal's own environment configuration (`TEMPORAL_*` variables or a
profile file), so the same code runs against the embedded server, a cluster or Temporal Cloud.
"""

import logging
from collections.abc import Sequence
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.envconfig import ClientConfig
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError, RPCStatusCode

from runtime.failures import DATA_CONVERTER
from runtime.settings import Address

PROCESS_KIND = SearchAttributeKey.for_keyword("ProcessKind")
PROCESS_STATE = SearchAttributeKey.for_keyword("ProcessState")
CUSTOMER_RELATIONS = SearchAttributeKey.for_keyword_list("CustomerRelations")
DEADLINE = SearchAttributeKey.for_datetime("Deadline")
SEARCH_ATTRIBUTES: Sequence[SearchAttributeKey[Any]] = (
    PROCESS_KIND,
    PROCESS_STATE,
    CUSTOMER_RELATIONS,
    DEADLINE,
)


def telemetry(metrics: Address | None) -> Runtime:
    """The SDK's runtime of a process, with its metrics as a Prometheus page at `metrics`/metrics.

    A process makes one and gives it to every client. Raises RuntimeError when the address is in use.
    """
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
            ),
            metrics=None
            if metrics is None
            else PrometheusConfig(
                bind_address=str(metrics),
                counters_total_suffix=True,
                unit_suffix=True,
                durations_as_seconds=True,
            ),
            attach_service_name=False,
        )
    )


async def connect(*, runtime: Runtime | None = None, lazy: bool = False) -> Client:
    """A client for the Temporal that the environment names.

    `lazy` connects at the first call, so that an API can start while Temporal is down; a worker's client
    cannot be lazy. Raises RuntimeError when Temporal cannot be reached.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(**config, data_converter=DATA_CONVERTER, runtime=runtime, lazy=lazy)


async def register_search_attributes(client: Client) -> None:
    """Makes the namespace know our search attributes; those it knows already are left alone."""
    for key in SEARCH_ATTRIBUTES:
        request = AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={key.name: IndexedValueType.ValueType(key.indexed_value_type)},
        )
        try:
            await client.operator_service.add_search_attributes(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
