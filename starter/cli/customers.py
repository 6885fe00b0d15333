"""`fullmakt customers`: import of the registry, its sample, and looking customers up (spec 6)."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from registry import Counts, ImportRefused, ImportReport, import_customers, reader
from registry.follow import Followed
from registry.sample import sample_csv
from runtime.clock import system_clock
from runtime.keys import Keys
from runtime.settings import Settings
from starter.cli.common import AsJson, console, fail, load_settings, messages, operator_database, print_json
from starter.customer_lookup import CustomerShown, list_customers, show_customer

app = typer.Typer(help="The customer registry: import, sample, look up.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="A CSV file.", dir_okay=False)]


@app.command("import")
def import_file(file: File, as_json: AsJson = False) -> None:
    """Import customers, relations and contracts from a CSV file: all of it, or nothing when it has errors."""
    settings = load_settings()
    try:
        report = asyncio.run(_import(settings, file))
    except ImportRefused as refused:
        _show_errors(refused, as_json=as_json)
        raise typer.Exit(1) from None
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    if as_json:
        print_json(asdict(report))
    else:
        _show_report(report)


@app.command()
def sample(file: File) -> None:
    """Write the sample registry: 300 invented customers, the same ones every time."""
    try:
        file.write_text(sample_csv(), encoding="utf-8", newline="\n")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
    console.print(f"{file} is written.", soft_wrap=True)


@app.command("list")
def list_command(
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50, as_json: AsJson = False
) -> None:
    """List customers in the order of their numbers."""
    found = asyncio.run(_list(load_settings(), limit))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = Table("Number", "Kind", "Name", "Business ID")
    for each in found:
        table.add_row(each.customer_number, each.kind, Text(each.name), each.business_id or "")
    console.print(table)


@app.command()
def show(number: Annotated[str, typer.Argument(help="A customer number.")], as_json: AsJson = False) -> None:
    """Show a customer with its relations, contracts, and how many people hold which role."""
    customer = asyncio.run(_show(load_settings(), number))
    if customer is None:
        fail(f"There is no customer {number}.")
    if as_json:
        print_json(asdict(customer))
        return
    console.print(f"{customer.customer_number}  {customer.name}  ({customer.kind})")
    console.print(f"Business ID: {customer.business_id or '-'}   Contact: {customer.contact_email or '-'}")
    table = Table("Relation", "Contract", "From", "To", "Roles held")
    for relation in customer.relations:
        state = "" if relation.ended_at is None else " (ended)"
        roles = ", ".join(f"{role} {count}" for role, count in sorted(relation.holders.items()))
        for place, contract in enumerate(relation.contracts):
            first = place == 0
            table.add_row(
                f"{relation.commodity}{state}" if first else "",
                Text(contract.contract_number),
                str(contract.starts_on),
                str(contract.ends_on or ""),
                (roles or "-") if first else "",
            )
    console.print(table)


async def _import(settings: Settings, file: Path) -> ImportReport:
    now = system_clock()
    async with operator_database(settings) as database:
        with _progress() as progress:
            return await import_customers(
                database,
                file,
                keys=Keys(settings.secret_key.get_secret_value()),
                allow_temporary=not settings.production,
                today=now.astimezone(ZoneInfo(settings.retailer.time_zone)).date(),
                now=now,
                progress=progress,
            )


async def _list(settings: Settings, limit: int) -> Sequence[CustomerShown]:
    async with operator_database(settings) as database:
        return await list_customers(database, limit=limit)


async def _show(settings: Settings, number: str) -> CustomerShown | None:
    async with operator_database(settings) as database:
        return await show_customer(database, number, at=system_clock())


@contextmanager
def _progress() -> Iterator[reader.Progress]:
    """A bar for each stage, on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=messages, disable=not messages.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage.capitalize(), total=total)
            bars.update(tasks[stage], completed=done)

        yield progress


def _show_errors(refused: ImportRefused, *, as_json: bool) -> None:
    if as_json:
        print_json({"errors": [error._asdict() for error in refused.errors], "total": refused.total})
        return
    for error in refused.errors:
        messages.print(str(error), soft_wrap=True)
    left = refused.total - len(refused.errors)
    more = f" {left} more are not shown." if left else ""
    messages.print(f"{refused.total} errors; nothing was changed.{more}", style="red", soft_wrap=True)


def _show_report(report: ImportReport) -> None:
    def line(what: str, counts: Counts) -> str:
        return f"{what}: {counts.new} new, {counts.changed} changed, {counts.unchanged} unchanged"

    console.print(line("Customers", report.customers))
    console.print(line("Relations", report.relations))
    console.print(line("Contracts", report.contracts))
    followed = report.followed
    if followed != Followed():
        console.print(
            f"Authorizations: {followed.ended} ended, {followed.granted} granted;"
            f" open invitations that fall: {followed.falling_invitations}"
        )
    console.print(f"{report.seconds:.1f} seconds")
