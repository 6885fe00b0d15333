"""How long an import of many rows takes: `python bench/customers_import.py [--rows N] [--database URL]`.

Prints rows, seconds and peak memory of a first import, of the same file again, and of a file in which every
contract ends, beside a floor: one plain csv.reader pass and one executemany of as many narrow rows.
Without --database a new SQLite file is used; a PostgreSQL database must be empty.
"""

import argparse
import asyncio
import csv
import resource
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from registry import COLUMNS, import_customers
from registry.sample import business_id, identity_code
from runtime.keys import Keys
from store import migrate
from store.database import Database

_TODAY = date(2026, 11, 1)
_NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def write_rows(path: Path, rows: int, ends_on: str) -> None:
    """A file of so many contracts: every fourth customer has two, every tenth is a company."""
    companies = [business_id(number) for number in range(1, 101)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        customer = written = 0
        while written < rows:
            customer += 1
            number = str(1_000_000 + customer)
            company = customer % 10 == 0
            commodities = ("electricity", "district_heating") if customer % 4 == 0 else ("electricity",)
            for commodity in commodities[: rows - written]:
                written += 1
                writer.writerow(
                    (
                        number,
                        "company" if company else "private",
                        f"Åsa Öhman {customer}",
                        companies[customer % 100] if company else "",
                        "" if company else identity_code(customer),
                        f"kund{customer}@example.com",
                        commodity,
                        f"{commodity[0]}{number}",
                        "2020-01-01",
                        ends_on,
                    )
                )


def floor(path: Path, database_url: str) -> float:
    """Seconds of a csv.reader pass and an executemany into a temporary table, on the same database."""
    started = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)]
    columns = ", ".join(f"{column} text" for column in COLUMNS)
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(path.with_suffix(".floor")) as connection:
            connection.execute(f"CREATE TABLE floor ({columns})")
            connection.executemany("INSERT INTO floor VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.close()
    else:
        with psycopg.connect(database_url) as postgresql, postgresql.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE floor ({columns})".encode())
            cursor.executemany("INSERT INTO floor VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)
    return time.perf_counter() - started


async def measured(database_url: str, path: Path, what: str) -> None:
    """Imports the file and prints how long it took, and how long nobody else could write to SQLite."""
    database = Database(database_url)
    writing_from: float | None = None

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal writing_from
        if stage == "writing" and writing_from is None:
            writing_from = time.perf_counter()

    report = await import_customers(
        database,
        path,
        keys=Keys("k" * 32),
        allow_temporary=True,
        today=_TODAY,
        now=_NOW,
        progress=progress,
    )
    held = 0.0 if writing_from is None else time.perf_counter() - writing_from
    await database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    contracts = report.contracts
    print(
        f"{what:12} {report.seconds:6.1f} s, of these {held:4.1f} s writing; peak {peak:4.0f} MB;"
        f" contracts: {contracts.new} new, {contracts.changed} changed, {contracts.unchanged} unchanged"
    )


def main() -> int:
    """Runs it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        database_url = arguments.database or f"sqlite:///{directory}/bench.db"
        first, ended = Path(directory, "first.csv"), Path(directory, "ended.csv")
        write_rows(first, arguments.rows, "")
        write_rows(ended, arguments.rows, "2026-10-31")
        migrate.upgrade(database_url)
        print(f"{arguments.rows} rows, {make_url(database_url).get_backend_name()}")
        asyncio.run(measured(database_url, first, "first"))
        asyncio.run(measured(database_url, first, "again"))
        asyncio.run(measured(database_url, ended, "all ended"))
        print(f"{'floor':12} {floor(first, database_url):6.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
