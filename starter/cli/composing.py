"""The four phases of an invitation on a terminal: address, names, cover message, review (spec 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from domain.roles import INVITABLE_ROLES, ROLE_LEVELS
from domain.vocabulary import CustomerKind, Language, Role
from starter.cli import showing
from starter.cli.api_client import Api
from starter.cli.common import asked, choice, messages


@dataclass(frozen=True)
class Composed:
    """What is sent, and for which relation."""

    relation_id: str
    body: Mapping[str, Any]


def compose(
    client: Api,
    relation: Mapping[str, Any],
    *,
    email: str | None,
    first_name: str | None,
    last_name: str | None,
    message: str | None,
    role: Role | None,
    levels: Mapping[str, str],
    language: Language | None,
    confirmed: bool,
) -> Composed:
    """Asks for what is missing, and then for a yes. A no ends the command; nothing is sent."""
    role = role or _asked_role(CustomerKind(relation["customer_kind"]))
    address = asked("1/4 Contact details: e-mail", email)
    if first_name is None or last_name is None:
        suggested = client.post(f"/customer-relations/{relation['id']}/name-suggestions", {"email": address})
        first_name = asked("2/4 Person: first name", first_name, default=suggested["first_name"])
        last_name = asked("2/4 Person: last name", last_name, default=suggested["last_name"])
    body: dict[str, Any] = {
        "email": address,
        "first_name": first_name,
        "last_name": last_name,
        "cover_message": asked("3/4 Cover message", message),
        "role": role.value,
        "levels": dict(levels),
    }
    if language is not None:
        body["language"] = language.value
    if not confirmed:
        _review(relation, body)
        typer.confirm("4/4 Confirm: send the invitation?", abort=True, err=True)
    return Composed(relation["id"], body)


def _asked_role(kind: CustomerKind) -> Role:
    """On a private relation there is one role to give; on a company's it is chosen."""
    roles = [role for role in ROLE_LEVELS if role in INVITABLE_ROLES[kind]]
    if len(roles) == 1:
        return roles[0]
    default = roles.index(Role.RELATION_USER)
    return roles[choice("Which role", [showing.words(role) for role in roles], default=default)]


def _review(relation: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    messages.print(
        f"\n{showing.person(body)} <{body['email']}> is invited as {showing.words(body['role'])} of"
        f" {showing.relation_name(relation)}.\n{body['cover_message']}\n",
        soft_wrap=True,
    )
