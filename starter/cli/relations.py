"""`fullmakt relations`: what one holds something on; and choosing one of them for other commands."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, choice, fail, print_json

app = typer.Typer()


@app.command()
def relations(api: ApiUrl = None, as_json: AsJson = False) -> None:
    """List the customer relations that you hold something on."""
    found = Api(api, as_json=as_json).get("/customer-relations")
    if as_json:
        print_json(found)
        return
    rows = [
        (
            short_name(each),
            showing.relation_name(each),
            ", ".join(map(showing.words, each["my_roles"])),
            "yes" if manages(each) else "no",
        )
        for each in found["items"]
    ]
    headings = ("Relation", "Customer", "Your roles", "You manage its users")
    showing.table(headings, rows, nothing="You hold nothing on any customer relation.")


def short_name(relation: Mapping[str, Any]) -> str:
    """`100001/electricity`: easier to type than an id."""
    return f"{relation['customer_number']}/{relation['commodity']}"


def chosen(client: Api, wanted: str | None) -> Mapping[str, Any]:
    """The relation of a short name or an id; without one, the only one that is managed, or the one chosen."""
    found: Sequence[Mapping[str, Any]] = client.get("/customer-relations")["items"]
    if wanted is not None:
        relation = next((each for each in found if wanted in {short_name(each), each["id"]}), None)
        if relation is None:
            fail(f"You hold nothing on a customer relation {wanted}. See `fullmakt relations`.")
        return relation
    managed = [each for each in found if manages(each)]
    if not managed:
        fail("There is no customer relation whose users you manage.")
    if len(managed) == 1:
        return managed[0]
    options = [f"{short_name(each)}  {showing.relation_name(each)}" for each in managed]
    return managed[choice("Which customer relation", options)]


def manages(relation: Mapping[str, Any]) -> bool:
    """Whether one manages its users."""
    return bool(relation["my_levels"]["users"] == "write" and not relation["ended"])
