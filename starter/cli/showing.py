"""How what the API tells is shown on a terminal. Texts of people are shown as they are, never as markup."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from starter.cli.common import console

Shown = Mapping[str, Any]


def moment(value: str | None) -> str:
    """A time of the API's in this machine's zone; nothing for none."""
    return "" if value is None else f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M}"


def words(value: str | None) -> str:
    """`district_heating` as people write it."""
    return (value or "").replace("_", " ")


def relation_name(relation: Shown) -> str:
    """Whose relation it is, and for what."""
    business_id = f" ({relation['business_id']})" if relation.get("business_id") else ""
    return f"{relation['customer_name']}{business_id}, {words(relation['commodity'])}"


def person(of: Shown) -> str:
    """First and last name; a dash once they are erased."""
    return f"{of.get('first_name') or ''} {of.get('last_name') or ''}".strip() or "-"


def identification(of: Shown | None) -> Sequence[tuple[str, str]]:
    """A user's strong identity, as rows of his details."""
    if of is None:
        return [("Strong identification", "none")]
    fresh = "" if of["fresh_until"] is None else f", fresh until {moment(of['fresh_until'])}"
    return [
        ("Personal identity code", of["personal_identity_code"]),
        ("Identified strongly", f"{moment(of['identified_at'])}{fresh}"),
    ]


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, nothing: str) -> None:
    """A table, or a sentence when there is nothing in it. Ids stay whole, so that they can be copied."""
    if not rows:
        console.print(nothing)
        return
    shown = Table(*(Column(each, no_wrap=each == "Id") for each in headings))
    for row in rows:
        shown.add_row(*(Text(cell, overflow="fold") for cell in row))
    console.print(shown)


def details(rows: Sequence[tuple[str, str]]) -> None:
    """One thing: names and values; empty ones are left out."""
    shown = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows:
        if value:
            shown.add_row(name, Text(value, overflow="fold"))
    console.print(shown)


def invitations(items: Sequence[Shown], *, nothing: str) -> None:
    """Invitations, each with its id whole, so that it can be copied."""
    if not items:
        console.print(nothing)
        return
    shown = Table(Column("Id", no_wrap=True), "State", "Invitation", show_lines=True)
    for each in items:
        until = f"until {moment(each['deadline'])}" if each["ended_at"] is None else moment(each["ended_at"])
        whom = f"{person(each)} <{each['email'] or '-'}>"
        what = f"{words(each['role'])} of {relation_name(each['relation'])}"
        shown.add_row(each["id"], Text(f"{each['state']}\n{until}"), Text(f"{whom}\n{what}", overflow="fold"))
    console.print(shown)


def invitation(one: Shown) -> None:
    """An invitation with everything in it."""
    levels = ", ".join(
        f"{words(subpage)} {level}" for subpage, level in one["levels"].items() if level != "none"
    )
    details(
        [
            ("Id", one["id"]),
            ("State", one["state"]),
            ("E-mail", f"sent {moment(one['sent_at'])}" if one["sent_at"] else one["delivery"]),
            ("Person", person(one)),
            ("Address", one["email"] or "-"),
            ("Relation", relation_name(one["relation"])),
            ("Role", f"{words(one['role'])} ({levels})"),
            ("Invited by", one["inviter_name"]),
            ("Made", moment(one["created_at"])),
            ("Answer by", moment(one["deadline"]) if one["ended_at"] is None else ""),
            ("Ended", moment(one["ended_at"])),
            ("Cover message", one["cover_message"] or ""),
        ]
    )
