"""`fullmakt authorizations`: for operators, first owners and administrators, ending, and who holds what
(spec section 2); what users do over the API is in `starter.cli.changing`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from domain.vocabulary import Commodity, Role
from runtime.clock import system_clock
from starter import operators
from starter.cli import changing
from starter.cli.common import AsJson, console, fail, load_settings, operator_database, print_json
from store.database import Database

app = typer.Typer(
    help="Authorizations. Operators, on the database: grant, end, list. Users, over the API: the others.",
    no_args_is_help=True,
)
_PANEL = "For operators, on the database"

T = TypeVar("T")
Username = Annotated[str, typer.Option(help="The user's username.")]
CustomerNumber = Annotated[str, typer.Option("--customer", help="The customer number.")]
OfCommodity = Annotated[Commodity, typer.Option("--commodity", help="Which of the customer's relations.")]


@app.command(rich_help_panel=_PANEL)
def grant(
    username: Username,
    customer: CustomerNumber,
    commodity: OfCommodity,
    role: Annotated[Role | None, typer.Option(help="By default what fits the customer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a user the owner (private customer) or an administrator (company) of a relation."""
    held = _run(
        lambda database: operators.grant(
            database,
            username=username,
            customer_number=customer,
            commodity=commodity,
            role=role,
            now=system_clock(),
        )
    )
    if as_json:
        print_json(asdict(held))
    else:
        console.print(f"{held.username} is now {held.role} of {customer}, {commodity}.", soft_wrap=True)


@app.command(rich_help_panel=_PANEL)
def end(
    username: Username,
    customer: CustomerNumber,
    commodity: OfCommodity,
    role: Annotated[Role, typer.Option(help="The role that ends.")],
    as_json: AsJson = False,
) -> None:
    """End a user's authorization at once, as customer service; he is told, his invitations fall."""
    ended = _run(
        lambda database: operators.end(
            database,
            username=username,
            customer_number=customer,
            commodity=commodity,
            role=role,
            waits=load_settings().authorization_change,
            now=system_clock(),
        )
    )
    if as_json:
        print_json(asdict(ended))
    else:
        console.print(
            f"{ended.held.username} is no longer {role} of {customer}, {commodity}."
            f" Open invitations that fall: {ended.falling_invitations}.",
            soft_wrap=True,
        )


@app.command("list", rich_help_panel=_PANEL)
def list_command(customer: CustomerNumber, as_json: AsJson = False) -> None:
    """List who holds what on a customer's relations."""
    found = _run(lambda database: operators.list_authorizations(database, customer, now=system_clock()))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = Table("Relation", "Role", "Username", "Name", "Since", "Through")
    for each in found:
        table.add_row(
            each.commodity,
            each.role,
            Text(each.username),
            Text(each.full_name),
            f"{each.valid_from:%Y-%m-%d}",
            each.granted_through,
        )
    console.print(table)


# After those of the operators.
app.add_typer(changing.app)


def _run(act: Callable[[Database], Awaitable[T]]) -> T:
    """Does the act on the operators' database; its refusal ends the command."""
    settings = load_settings()

    async def run() -> T:
        async with operator_database(settings) as database:
            return await act(database)

    try:
        return asyncio.run(run())
    except operators.OperatorError as error:
        fail(str(error))
