"""The erasure of a user: what the process says to the world and the world to it (spec 3.7)."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.messages import ProcessMessage
from domain.vocabulary import ErasureState


class ErasureWaits(ProcessMessage):
    """How long the process waits for what. Settings give these; a running process keeps its own."""

    regret: timedelta = timedelta(days=14)
    # Between the end of all access and the erasure: others are told by name whose rights ended.
    telling: timedelta = timedelta(hours=1)
    # For the last e-mail; then the address is erased all the same.
    delivery: timedelta = timedelta(days=1)


class ErasureStart(ProcessMessage):
    """Input of the process. `due` is the row's."""

    erasure_id: UUID
    due: datetime
    waits: ErasureWaits


class ErasureResult(ProcessMessage):
    """How it ended."""

    state: ErasureState


class ErasureRowChanged(ProcessMessage):
    """Signal `row_changed`: the person regretted it."""


# Activities


class LookAtErasure(ProcessMessage):
    """How does it stand in the database?"""

    erasure_id: UUID


class ErasureStands(ProcessMessage):
    """How it stands."""

    state: ErasureState


class TellOfErasure(ProcessMessage):
    """Tell the person how his erasure stands: scheduled, cancelled, due."""

    erasure_id: UUID
    state: ErasureState
    now: datetime


class BeginErasing(ProcessMessage):
    """End all that the person may do, unless he regretted it."""

    erasure_id: UUID
    now: datetime


class EraseUser(ProcessMessage):
    """Erase the person's data."""

    erasure_id: UUID
    now: datetime
