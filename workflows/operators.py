"""What operators see of a process in the Temporal UI: search attributes and current details."""

from datetime import datetime
from enum import StrEnum

from temporalio import workflow
from temporalio.common import SearchAttributeKey

_PROCESS_STATE = SearchAttributeKey.for_keyword("ProcessState")
_DEADLINE = SearchAttributeKey.for_datetime("Deadline")


def show_state(state: StrEnum) -> None:
    """Lets operators search by a new state. Each call is an event and a billed action."""
    workflow.upsert_search_attributes([_PROCESS_STATE.value_set(state.value)])


def show_deadline(deadline: datetime) -> None:
    """Lets operators search by a deadline that differs from the one given at the start."""
    workflow.upsert_search_attributes([_DEADLINE.value_set(deadline)])


def say(what: str) -> None:
    """What the process is doing or waiting for, in a sentence or two; costs no event."""
    workflow.set_current_details(what)


def moment(at: datetime) -> str:
    """A time as operators read it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
