"""One row of the registry's file: what each column may hold (spec 6).

A row is a contract with its customer. Errors never repeat a value: somebody may have put a personal identity
code in any column.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

from domain.vocabulary import Commodity, CustomerKind
from registry import rules
from registry.rules import Wrong, required

CUSTOMER_COLUMNS = (
    "customer_number",
    "kind",
    "name",
    "business_id",
    "personal_identity_code",
    "contact_email",
)
CONTRACT_COLUMNS = ("commodity", "contract_number", "starts_on", "ends_on")
COLUMNS = CUSTOMER_COLUMNS + CONTRACT_COLUMNS

ERRORS_KEPT = 50
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

T = TypeVar("T")


class Customer(NamedTuple):
    """The customer's part of a row, in normal form. The identity code is here as its blind index only."""

    customer_number: str
    kind: CustomerKind
    name: str
    business_id: str | None
    identity_index: str | None
    contact_email: str | None


class Contract(NamedTuple):
    """The contract's part of a row, with the customer it is of and the file's line it begins on."""

    customer_number: str
    commodity: Commodity
    contract_number: str
    starts_on: date
    ends_on: date | None
    line: int


class RowError(NamedTuple):
    """What is wrong on a line of the file (the first is 1), in a column or in the line as a whole."""

    line: int
    column: str | None
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.column is None else f"line {self.line}: {self.column}"
        return f"{where}: {self.message}"


class ImportRefused(Exception):
    """The file has errors and nothing was changed. `errors` holds the first 50 of `total`."""

    def __init__(self, errors: list[RowError], total: int) -> None:
        super().__init__(f"{total} errors in the file; nothing was changed")
        self.errors = errors
        self.total = total


class Errors:
    """Collects the errors of a file: counts all of them, keeps the first 50."""

    def __init__(self) -> None:
        self._kept: list[RowError] = []
        self.total = 0

    def add(self, line: int, column: str | None, message: str) -> None:
        """Notes an error."""
        self.total += 1
        if len(self._kept) < ERRORS_KEPT:
            self._kept.append(RowError(line, column, message))

    def refuse(self) -> None:
        """Raises ImportRefused, errors in the order of lines, when there are any."""
        if self.total:
            raise ImportRefused(sorted(self._kept, key=lambda error: error.line), self.total)


class RowRules:
    """The rules, with what they depend on.

    `identity_index` makes the blind index of a personal identity code (the only form kept);
    `allow_temporary` accepts codes with individual numbers 900-999, which belong to nobody.
    """

    def __init__(self, *, identity_index: Callable[[str], str], allow_temporary: bool) -> None:
        self._identity_index = identity_index
        self._allow_temporary = allow_temporary

    def customer(self, line: int, values: Mapping[str, str], errors: Errors) -> Customer | None:
        """The customer's part of a row; None when something in it is wrong, which is then in `errors`."""
        check = _Check(line, values, errors)
        number = check.take("customer_number", rules.customer_number)
        kind = check.take("kind", _kind)
        name = check.take("name", rules.name)
        email = check.take("contact_email", _email)
        business_id = identity_index = None
        if kind is CustomerKind.COMPANY:
            business_id = check.take("business_id", rules.business_id)
            check.take("personal_identity_code", _empty_for_company)
        elif kind is CustomerKind.PRIVATE:
            check.take("business_id", _empty_for_private)
            identity_index = check.take("personal_identity_code", self._identity)
        if check.failed or number is None or kind is None or name is None:
            return None
        return Customer(number, kind, name, business_id, identity_index, email)

    def contract(
        self, line: int, values: Mapping[str, str], customer_number: str, errors: Errors
    ) -> Contract | None:
        """The contract's part of a row; None when something in it is wrong, which is then in `errors`."""
        check = _Check(line, values, errors)
        commodity = check.take("commodity", _commodity)
        number = check.take("contract_number", rules.contract_number)
        starts_on = check.take("starts_on", _date)
        ends_on = check.take("ends_on", _optional_date)
        if starts_on is not None and ends_on is not None and ends_on < starts_on:
            errors.add(line, "ends_on", "is before starts_on; correct one of them")
            return None
        if check.failed or commodity is None or number is None or starts_on is None:
            return None
        return Contract(customer_number, commodity, number, starts_on, ends_on, line)

    def _identity(self, value: str) -> str:
        return self._identity_index(rules.identity_code(value, allow_temporary=self._allow_temporary))


class _Check:
    """Applies rules to the values of one row and notes what is wrong."""

    def __init__(self, line: int, values: Mapping[str, str], errors: Errors) -> None:
        self._line = line
        self._values = values
        self._errors = errors
        self.failed = False

    def take(self, column: str, rule: Callable[[str], T]) -> T | None:
        """The column's value as the rule makes it; None when it is wrong."""
        try:
            return rule(rules.printable(self._values[column]))
        except Wrong as wrong:
            self._errors.add(self._line, column, str(wrong))
            self.failed = True
            return None


def _kind(value: str) -> CustomerKind:
    try:
        return CustomerKind(required(value))
    except ValueError:
        raise Wrong("is neither `private` nor `company`; write one of them") from None


def _empty_for_company(value: str) -> None:
    if value:
        raise Wrong("must be empty for a company; remove it")


def _empty_for_private(value: str) -> None:
    if value:
        raise Wrong("must be empty for a private customer; remove it")


def _email(value: str) -> str | None:
    return rules.email(value) if value else None


def _commodity(value: str) -> Commodity:
    try:
        return Commodity(required(value))
    except ValueError:
        raise Wrong("is neither `electricity` nor `district_heating`; write one of them") from None


def _date(value: str) -> date:
    if not _DATE.fullmatch(required(value)):
        raise Wrong("is not a date; write it as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Wrong("is a day that does not exist; correct it") from None


def _optional_date(value: str) -> date | None:
    return _date(value) if value else None
