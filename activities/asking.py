"""How activities ask the customer registry: what it cannot answer now is asked again, by Temporal."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from temporalio.exceptions import ApplicationError

from registry.client import RegistryUnavailable

log = structlog.get_logger()


@contextmanager
def asking_registry() -> Iterator[None]:
    """Around a question. Raises ApplicationError `registry.unavailable`, worth another try: as soon as the
    registry wants to be asked again, if it says when.
    """
    try:
        yield
    except RegistryUnavailable as unavailable:
        log.warning("registry.unavailable", trouble=unavailable.trouble.value)
        code = unavailable.code.value
        raise ApplicationError(code, type=code, next_retry_delay=unavailable.retry_after) from None
