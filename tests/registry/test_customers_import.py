"""`fullmakt customers`: what an import does to the database; the sample; the commands."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.fi import hetu, ytunnus
from typer.testing import CliRunner

from domain.vocabulary import Commodity, CustomerKind, GrantedThrough, Role
from registry import Counts, ImportRefused, ImportReport, import_customers
from registry.ends import end_due
from registry.follow import Followed
from registry.sample import sample_csv
from starter.cli.customers import app
from starter.customer_lookup import list_customers, show_customer
from store.audit import Actor, AuditEvent, Event
from store.customers import Contract, Customer, CustomerRelation
from store.database import Database
from tests import factories
from tests.faulty_database import FaultyDatabase
from tests.registry.following import events, held_on, hold, owner, relation
from tests.registry.registry_files import CODE, COMPANY, KEYS, PRIVATE, SAMPLE, no_progress, written

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NO_CHANGE = Counts(new=0, changed=0, unchanged=1)


async def imported(
    database: Database,
    file: Path,
    *,
    today: date = TODAY,
    now: datetime = NOW,
    allow_temporary: bool = True,
) -> ImportReport:
    """Imports as the command does."""
    return await import_customers(
        database,
        file,
        keys=KEYS,
        allow_temporary=allow_temporary,
        today=today,
        now=now,
        progress=no_progress,
    )


async def relation_end(database: Database, number: str) -> datetime | None:
    """When the electricity relation of a customer number ended."""
    async with database.reading() as session:
        query = select(CustomerRelation.ended_at).join(Customer).where(Customer.customer_number == number)
        return (await session.execute(query)).scalar_one()


async def import_events(database: Database) -> list[dict[str, int]]:
    """The details of the imports' audit events."""
    async with database.reading() as session:
        query = select(AuditEvent.details).where(AuditEvent.event == Event.CUSTOMERS_IMPORTED)
        return list(await session.scalars(query))


# What an import does


async def test_the_sample_is_imported_and_again_changes_nothing(database: Database) -> None:
    first = await imported(database, SAMPLE)
    again = await imported(database, SAMPLE)

    assert first.customers == Counts(new=300, changed=0, unchanged=0)
    assert first.contracts.new == len(SAMPLE.read_text(encoding="utf-8").splitlines()) - 1
    for one, other in zip(counts(first), counts(again), strict=True):
        assert other == Counts(new=0, changed=0, unchanged=one.new)
    assert [event["customers_new"] for event in await import_events(database)] == [300]


def counts(report: ImportReport) -> Sequence[Counts]:
    """Customers, relations, contracts."""
    return report.customers, report.relations, report.contracts


async def test_what_is_kept_of_a_row(database: Database, tmp_path: Path) -> None:
    company = COMPANY | {
        "business_id": COMPANY["business_id"].replace("-", ""),
        "name": " Pa\u030ahittade Oy ",
    }
    await imported(database, written(tmp_path, PRIVATE, company | {"ends_on": "2030-12-31"}))

    async with database.reading() as session:
        private, other = (await session.scalars(select(Customer).order_by(Customer.customer_number))).all()
        contract = (await session.scalars(select(Contract).where(Contract.contract_number == "E-2"))).one()
    assert (private.kind, private.name, private.business_id) == (CustomerKind.PRIVATE, "Åsa Öhman", None)
    assert private.identity_index == KEYS.identity_index(CODE)
    assert (other.name, other.business_id) == ("Påhittade Oy", COMPANY["business_id"])
    assert other.identity_index is None
    assert (contract.starts_on, contract.ends_on) == (date(2020, 1, 1), date(2030, 12, 31))


async def test_changes_are_written(database: Database, tmp_path: Path) -> None:
    await imported(database, written(tmp_path, PRIVATE, COMPANY))
    changed = PRIVATE | {"name": "Åsa Berg", "contact_email": "", "ends_on": "2031-01-31"}
    report = await imported(database, written(tmp_path, changed, COMPANY))

    assert report.customers == Counts(new=0, changed=1, unchanged=1)
    assert report.relations == Counts(new=0, changed=0, unchanged=2)
    assert report.contracts == Counts(new=0, changed=1, unchanged=1)
    shown = await show_customer(database, "300001", at=NOW)
    assert shown is not None
    assert (shown.name, shown.contact_email) == ("Åsa Berg", None)
    assert shown.relations[0].contracts[0].ends_on == date(2031, 1, 31)
    assert len(await import_events(database)) == 2


async def test_a_relation_ends_with_its_last_contract_and_opens_with_a_new_one(
    database: Database, tmp_path: Path
) -> None:
    file = written(tmp_path, COMPANY | {"ends_on": "2026-11-20"})
    await imported(database, file)
    assert await relation_end(database, "300002") is None, "the last day is a day of the contract"

    later = NOW.replace(day=21)
    report = await imported(database, file, today=date(2026, 11, 21), now=later)
    assert report.relations.changed == 1
    assert report.contracts == NO_CHANGE
    assert await relation_end(database, "300002") == later

    renewed = written(tmp_path, COMPANY | {"contract_number": "E-3", "starts_on": "2026-12-01"})
    report = await imported(database, renewed, today=date(2026, 11, 22))
    assert report.contracts == Counts(new=1, changed=0, unchanged=0), (
        "the old one is not in this file, and stays"
    )
    assert await relation_end(database, "300002") is None


async def test_a_running_contract_that_the_file_leaves_out_keeps_the_relation(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await imported(sqlite_database, written(tmp_path, COMPANY, COMPANY | {"contract_number": "E-3"}))
    await imported(sqlite_database, written(tmp_path, COMPANY | {"ends_on": "2026-01-31"}))
    assert await relation_end(sqlite_database, "300002") is None


async def test_a_contract_that_gets_an_end_ends_its_relation(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await imported(sqlite_database, written(tmp_path, COMPANY))
    await imported(sqlite_database, written(tmp_path, COMPANY | {"ends_on": "2026-10-31"}))
    assert await relation_end(sqlite_database, "300002") == NOW


async def test_a_relation_that_is_over_when_first_seen(sqlite_database: Database, tmp_path: Path) -> None:
    await imported(sqlite_database, written(tmp_path, COMPANY | {"ends_on": "2021-01-01"}))
    assert await relation_end(sqlite_database, "300002") == NOW.replace(year=2021, month=1, day=1)


async def test_two_imports_at_once_are_one_after_the_other(database: Database) -> None:
    one, other = await asyncio.gather(imported(database, SAMPLE), imported(database, SAMPLE))
    assert sorted([one.customers.new, other.customers.new]) == [0, 300]
    assert len(await import_events(database)) == 1


async def test_authorizations_follow_an_import(database: Database, tmp_path: Path) -> None:
    await imported(database, written(tmp_path, PRIVATE))
    on = await relation(database, "300001")
    one, relative = await owner(database, on), await factories.make_user(database)
    await hold(database, relative, on, Role.RELATION_USER, GrantedThrough.INVITATION)
    heating = PRIVATE | {"commodity": "district_heating", "contract_number": "D-1"}
    report = await imported(database, written(tmp_path, PRIVATE | {"ends_on": "2026-10-31"}, heating))

    assert report.followed == Followed(ended=1, granted=1)
    warm = await relation(database, "300001", Commodity.DISTRICT_HEATING)
    assert await held_on(database, on) == await held_on(database, warm) == {one.id: {Role.OWNER}}
    [ended] = await events(database, Event.AUTHORIZATION_ENDED)
    assert ended.actor is Actor.OPERATOR


async def test_an_import_that_read_before_something_else_was_written_reads_again(
    database: Database, tmp_path: Path
) -> None:
    """The night's pass ends the relation while the file is being read: its new contract opens it again."""
    await imported(database, written(tmp_path, COMPANY | {"ends_on": "2026-11-19"}), today=date(2026, 11, 1))
    renewed = written(tmp_path, COMPANY | {"contract_number": "E-3", "starts_on": "2026-11-20"})
    other = FaultyDatabase(database)
    began = False

    async def end_meanwhile() -> None:
        async with other.transaction() as session:
            assert (await end_due(session, today=TODAY, now=NOW)).relations == 1

    class Interrupted(Database):
        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[AsyncSession]:
            nonlocal began
            if not began:
                began = True
                await end_meanwhile()
            async with super().transaction() as session:
                yield session

    interrupted = Interrupted(
        database.url.set(drivername=database.url.get_backend_name()).render_as_string(False)
    )
    await imported(interrupted, renewed)
    assert began
    assert await relation_end(database, "300002") is None
    for each in (interrupted, other):
        await each.close()


async def test_nothing_changes_when_anything_is_wrong(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused):
        await imported(database, written(tmp_path, PRIVATE, COMPANY | {"commodity": "gas"}))
    async with database.reading() as session:
        assert (await session.execute(select(func.count()).select_from(Customer))).scalar_one() == 0
    assert await import_events(database) == []


async def test_conflicts_with_the_database(database: Database, tmp_path: Path) -> None:
    await imported(database, written(tmp_path, PRIVATE, COMPANY))
    became_company = COMPANY | {"customer_number": "300001", "contract_number": "E-9"}
    taken = COMPANY | {"contract_number": "E-1"}
    moved = COMPANY | {"commodity": "district_heating"}
    wrong = COMPANY | {"commodity": "gas", "contract_number": "E-8"}
    with pytest.raises(ImportRefused) as refused:
        await imported(database, written(tmp_path, became_company, taken, moved, wrong))

    assert [(error.line, error.column) for error in refused.value.errors] == [
        (2, "kind"),
        (3, "contract_number"),
        (4, "contract_number"),
        (5, "commodity"),
    ]
    assert "300001, electricity" in refused.value.errors[1].message


async def test_a_contract_of_a_customer_who_is_not_in_the_file(database: Database, tmp_path: Path) -> None:
    await imported(database, written(tmp_path, PRIVATE))
    with pytest.raises(ImportRefused) as refused:
        await imported(database, written(tmp_path, COMPANY | {"contract_number": "E-1"}))
    assert [(error.line, error.column) for error in refused.value.errors] == [(2, "contract_number")]


# The sample


def test_the_checked_in_sample_is_the_generators() -> None:
    assert SAMPLE.read_text(encoding="utf-8") == sample_csv()


def test_nobody_in_the_sample_is_real() -> None:
    found = list(csv.DictReader(io.StringIO(sample_csv())))
    codes = {row["personal_identity_code"] for row in found} - {""}
    ids = {row["business_id"] for row in found} - {""}
    assert len(codes) == 219, "one person has two customer numbers"
    assert all(hetu.is_valid(code, allow_temporary=True) and not hetu.is_valid(code) for code in codes)
    assert all(ytunnus.is_valid(each) and re.fullmatch(r"9\d{6}-\d", each) for each in ids)
    assert {row["contact_email"].rpartition("@")[2] for row in found} == {"example.com", "example.org", ""}


async def test_the_well_known_customers(sqlite_database: Database) -> None:
    await imported(sqlite_database, SAMPLE)
    maija = await show_customer(sqlite_database, "100001", at=NOW)
    assert maija is not None
    assert maija.name == "Maija Virtanen"
    assert {each.commodity for each in maija.relations} == set(Commodity)
    one, other, _ = [
        await show_customer(sqlite_database, number, at=NOW) for number in ("200001", "200002", "200003")
    ]
    assert one is not None and other is not None
    assert (one.name, one.business_id) == (other.name, other.business_id)
    assert await list_customers(sqlite_database, limit=1) == [replace(maija, relations=())]
    assert await show_customer(sqlite_database, "999999", at=NOW) is None


# The command


@pytest.fixture
def runner(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """Runs commands on a database of this test's own."""
    monkeypatch.setenv("FULLMAKT_DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def test_the_command_imports_and_shows(runner: CliRunner) -> None:
    result = runner.invoke(app, ["import", str(SAMPLE)])
    assert result.exit_code == 0, result.output
    assert "Customers: 300 new, 0 changed, 0 unchanged" in result.stdout
    again = json.loads(runner.invoke(app, ["import", str(SAMPLE), "--json"]).stdout)
    assert again["customers"] == {"new": 0, "changed": 0, "unchanged": 300}
    assert "Maija Virtanen" in runner.invoke(app, ["show", "100001"]).stdout
    assert json.loads(runner.invoke(app, ["show", "100001", "--json"]).stdout)["kind"] == "private"
    assert "100002" in runner.invoke(app, ["list", "--limit", "2"]).stdout
    assert runner.invoke(app, ["show", "1"]).exit_code == 1


def test_the_command_says_what_is_wrong(runner: CliRunner, tmp_path: Path) -> None:
    file = written(tmp_path, PRIVATE, COMPANY | {"kind": "firm"})
    result = runner.invoke(app, ["import", str(file)])
    assert result.exit_code == 1
    assert "line 3: kind: is neither `private` nor `company`; write one of them" in result.stderr
    assert "1 errors; nothing was changed." in result.stderr
    as_json = runner.invoke(app, ["import", str(file), "--json"])
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["total"] == 1
    assert runner.invoke(app, ["import", "nowhere.csv"]).exit_code == 1


def test_the_command_writes_the_sample(runner: CliRunner, tmp_path: Path) -> None:
    assert runner.invoke(app, ["sample", "sample.csv"]).exit_code == 0
    assert (tmp_path / "sample.csv").read_bytes() == SAMPLE.read_bytes()


def test_without_a_database_the_command_says_so(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FULLMAKT_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    result = runner.invoke(app, ["import", str(SAMPLE)])
    assert result.exit_code == 1
    assert "fullmakt migrate" in result.stderr
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "none.db").touch()
    assert "fullmakt migrate" in runner.invoke(app, ["list"]).stderr
