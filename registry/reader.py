"""The registry's file: from bytes to customers and contracts, with every error on its line (spec 6)."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from registry.rows import COLUMNS, Customer, Errors, RowRules
from registry.rules import plain
from registry.said import Said

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What may be repeated in an error: words alone, so never a personal identity code.
_COLUMN_NAME = re.compile(r"[A-Za-z_ ]{1,40}")
_ROWS_PER_PROGRESS = 1000

Progress = Callable[[str, int, int], None]


class RegistryFile(Said):
    """What a file says: a customer is where its first row is."""

    def __init__(self) -> None:
        super().__init__()
        self._contract_lines: dict[str, int] = {}

    def add(self, line: int, values: dict[str, str], rules: RowRules, errors: Errors) -> None:
        """Takes a row in; what is wrong with it, alone or beside earlier rows, goes to `errors`."""
        customer = rules.customer(line, values, errors)
        customer_number = "" if customer is None else customer.customer_number
        contract = rules.contract(line, values, customer_number, errors)
        if customer is not None:
            first, first_line = self.customers.setdefault(customer.customer_number, (customer, line))
            if first != customer:
                _note_differences(first, customer, first_line, line, errors)
        number = plain(values["contract_number"])
        contract_line = self._contract_lines.setdefault(number, line) if number else line
        if contract_line != line:
            errors.add(line, "contract_number", f"is on line {contract_line} already; remove one of the rows")
        elif contract is not None:
            self.contracts[number] = contract


def _note_differences(first: Customer, other: Customer, first_line: int, line: int, errors: Errors) -> None:
    for field, one, another in zip(Customer._fields, first, other, strict=True):
        if one != another:
            column = "personal_identity_code" if field == "identity_index" else field
            errors.add(
                line,
                column,
                f"differs from line {first_line}, which has the same customer number; make them agree",
            )


def read(path: Path, rules: RowRules, errors: Errors, progress: Progress) -> RegistryFile:
    """Reads the whole file, row by row. Blocking.

    `progress` is called with "reading", the bytes read and the file's size in bytes. Raises OSError for a
    file that cannot be read; what is wrong inside it goes to `errors`.
    """
    result = RegistryFile()
    size = path.stat().st_size
    with path.open("rb") as file:
        lines = _Lines(file)
        try:
            for count, (line, values) in enumerate(_rows(lines, errors)):
                result.add(line, values, rules, errors)
                if count % _ROWS_PER_PROGRESS == 0:
                    progress("reading", lines.bytes_read, size)
        except UnicodeDecodeError:
            errors.add(
                lines.number, None, "is not UTF-8, and nothing after it was read; save the file as UTF-8"
            )
    progress("reading", size, size)
    return result


class _Lines:
    """The file's physical lines as text, one at a time, without a byte order mark."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        self.bytes_read = 0

    def __iter__(self) -> Iterator[str]:
        for raw in self._file:
            self.number += 1
            self.bytes_read += len(raw)
            yield (raw.removeprefix(_BYTE_ORDER_MARK) if self.number == 1 else raw).decode()


def _rows(lines: _Lines, errors: Errors) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows below the header as column -> value, each with the physical line it begins on."""
    source = iter(lines)
    header = next(source, "")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    columns = _columns(header, delimiter, errors)
    if columns is None:
        return
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 2
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            errors.add(
                line,
                None,
                "has a quotation mark or a line end that is wrong, and nothing after it was read; correct it",
            )
            return
        if len(values) == len(columns):
            yield line, dict(zip(columns, values, strict=True))
        elif values:
            errors.add(
                line,
                None,
                f"has {len(values)} values instead of {len(columns)}; check separators and quotation marks",
            )


def _columns(header: str, delimiter: str, errors: Errors) -> list[str] | None:
    """The header's columns in their order; None when one is missing, unknown or repeated."""
    try:
        columns = [plain(name) for name in next(csv.reader([header], delimiter=delimiter, strict=True), [])]
    except csv.Error:
        errors.add(1, None, "is not a header; its columns are " + ", ".join(COLUMNS))
        return None
    before = errors.total
    for column in COLUMNS:
        if column not in columns:
            errors.add(1, column, "is missing from the header; add this column")
        elif columns.count(column) > 1:
            errors.add(1, column, "is in the header more than once; remove one")
    for place, name in enumerate(columns, 1):
        if name not in COLUMNS:
            shown = f"`{name}`" if _COLUMN_NAME.fullmatch(name) else "(not a word)"
            errors.add(1, None, f"column {place} of the header is unknown: {shown}; remove or rename it")
    return columns if errors.total == before else None
