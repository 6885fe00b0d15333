"""The base of everything that crosses Temporal: ids, states, enum values and times alone (spec section 3)."""

from pydantic import BaseModel, ConfigDict


class ProcessMessage(BaseModel):
    """One in, one out, for every run, update, signal, query and activity.

    Never a name, an address, a token, a code or free text: histories are read by operators, kept for
    30 days, and end up in backups.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
