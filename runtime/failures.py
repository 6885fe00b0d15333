"""What of an error may enter Temporal: our own codes, nothing else (spec section 3).

The text of any exception would land in raw history, which operators read and backups keep. So every client
and worker uses this one failure converter. It keeps the shape of a failure (its kind, type and retryability)
and drops messages, stack traces and foreign causes; the logs, scrubbed alike, say where it happened.
"""

from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError

from domain.codes import Code, Refused

_OUR_CODES = frozenset(code.value for code in Code)


def application_error(code: Code, *, non_retryable: bool = True) -> ApplicationError:
    """The one form in which our refusals and failures travel: the code as type, and as message."""
    return ApplicationError(code.value, type=code.value, non_retryable=non_retryable)


class CodesOnlyFailureConverter(DefaultFailureConverter):
    """Writes failures that hold codes alone; reads them as the default does."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        if not isinstance(exception, FailureError):
            exception = _as_application_error(exception)
        super().to_failure(exception, payload_converter, failure)
        _scrub(failure)


def _as_application_error(exception: BaseException) -> ApplicationError:
    if isinstance(exception, Refused):
        return application_error(exception.code)
    return application_error(Code.INTERNAL, non_retryable=False)


def _scrub(failure: Failure) -> None:
    failure.stack_trace = ""
    if failure.HasField("application_failure_info"):
        info = failure.application_failure_info
        if info.type not in _OUR_CODES:
            info.type = Code.INTERNAL.value
        info.ClearField("details")
        failure.message = info.type
        # Whatever our code was raised from is foreign.
        failure.ClearField("cause")
        return
    failure.message = failure.WhichOneof("failure_info") or Code.INTERNAL.value
    if failure.HasField("timeout_failure_info"):
        failure.timeout_failure_info.ClearField("last_heartbeat_details")
    if failure.HasField("canceled_failure_info"):
        failure.canceled_failure_info.ClearField("details")
    if failure.HasField("cause"):
        _scrub(failure.cause)


DATA_CONVERTER = DataConverter(
    payload_converter_class=pydantic_data_converter.payload_converter_class,
    failure_converter_class=CodesOnlyFailureConverter,
)
