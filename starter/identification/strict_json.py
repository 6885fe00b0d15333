"""JSON from outside: one object, no name twice, nothing that another parser could read differently."""

import json
from typing import Any

from starter.identification.faults import Fault, reject


def json_object(text: bytes | str, fault: Fault) -> dict[str, Any]:
    """The object. Raises Rejected with `fault` for anything else."""
    try:
        found = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refused)
    except (ValueError, RecursionError):
        reject(fault)
    if not isinstance(found, dict):
        reject(fault)
    return found


def _without_repetition(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a name stands twice")
    return found


def _refused(_: str) -> None:
    raise ValueError("not a number of JSON")
