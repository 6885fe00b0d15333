"""Files of the customer registry for tests, and two rows that are right."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from registry import COLUMNS
from registry.sample import business_id, identity_code
from runtime.keys import Keys

SAMPLE = Path(__file__).parents[2] / "data" / "customers.sample.csv"
KEYS = Keys("a key for tests, long enough for it")
CODE = identity_code(7)

PRIVATE = {
    "customer_number": "300001",
    "kind": "private",
    "name": "Åsa Öhman",
    "business_id": "",
    "personal_identity_code": CODE,
    "contact_email": "asa@example.com",
    "commodity": "electricity",
    "contract_number": "E-1",
    "starts_on": "2020-01-01",
    "ends_on": "",
}
COMPANY = PRIVATE | {
    "customer_number": "300002",
    "kind": "company",
    "name": "Påhittade Oy",
    "business_id": business_id(3),
    "personal_identity_code": "",
    "contract_number": "E-2",
}


def no_progress(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


def written(directory: Path, *lines: dict[str, str], columns: Sequence[str] = COLUMNS) -> Path:
    """A file of these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    file = directory / "customers.csv"
    file.write_text(text.getvalue(), encoding="utf-8")
    return file
