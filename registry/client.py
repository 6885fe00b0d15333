"""Asking the retailer's customer registry: one small interface with two adapters (spec 6).

`registry.tables.SqlRegistry` is our own tables, filled by import; `registry.http.HttpRegistry` a server of
the retailer's. `registry.opening.open_registry` gives the one that the settings name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from domain.codes import Code
from registry.records import RegistryCustomer


class RegistryTrouble(StrEnum):
    """Why there is no answer; safe to log."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BUSY = "busy"
    # It fails, or says that what was asked does not exist.
    FAILING = "failing"
    # It does not take our credentials: operators must mend that.
    REJECTS_US = "rejects_us"
    # It answers something that is no answer to what was asked.
    MALFORMED = "malformed"


class RegistryUnavailable(Exception):
    """No answer that can be used; asking again later is right. Carries `registry.unavailable` alone.

    `status`: the HTTP status of the answer, if there was one; `retry_after`: how long the registry asks to
    be left alone.
    """

    code = Code.REGISTRY_UNAVAILABLE

    def __init__(
        self,
        trouble: RegistryTrouble,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(self.code.value)
        self.trouble = trouble
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class Changes:
    """A page of what has changed: each customer as it is now, oldest change first.

    `cursor` is where the next page begins, and `more` whether there is one already. `left_out` counts
    records that break the rules: they cannot be brought in, and must not hold up the others.
    """

    customers: Sequence[RegistryCustomer]
    cursor: str | None
    more: bool
    left_out: int = 0


class CustomerRegistry(Protocol):
    """What the retailer's registry says. All methods raise RegistryUnavailable."""

    async def by_customer_number(self, customer_number: str) -> RegistryCustomer | None:
        """The customer with a (checked) number; None when the registry has none."""
        ...

    async def by_identity(self, personal_identity_code: str) -> Sequence[RegistryCustomer]:
        """The private customers of the person with a (checked) identity code: all customer numbers."""
        ...

    async def changes(self, cursor: str | None) -> Changes:
        """A page of changes since a cursor; None is the beginning, with all customers there are."""
        ...
