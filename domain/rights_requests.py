"""*May I have more rights?*: what the process says to the world and the world to it."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.messages import ProcessMessage
from domain.vocabulary import RightsRequestState


class RightsRequestWaits(ProcessMessage):
    """How long the process waits for what. Settings give these; a running process keeps its own."""

    answer: timedelta = timedelta(days=14)
    reminder_after: timedelta = timedelta(days=7)
    delivery: timedelta = timedelta(days=1)


class RightsRequestStart(ProcessMessage):
    """Input of the process. `deadline` is the row's."""

    rights_request_id: UUID
    deadline: datetime
    waits: RightsRequestWaits


class RightsRequestResult(ProcessMessage):
    """How it ended."""

    state: RightsRequestState


class RequestRowChanged(ProcessMessage):
    """Signal `row_changed`: somebody answered or withdrew it, or it fell; the row says which."""


# Activities


class LookAtRightsRequest(ProcessMessage):
    """How does it stand in the database?"""

    rights_request_id: UUID


class ExpireRightsRequest(ProcessMessage):
    """Record that nobody answered in time."""

    rights_request_id: UUID
    now: datetime


class RightsRequestStands(ProcessMessage):
    """How it stands."""

    state: RightsRequestState


class TellOfRightsRequest(ProcessMessage):
    """Tell those who manage the users that somebody asks; for the `sequence`th time (2: a reminder)."""

    rights_request_id: UUID
    sequence: int
    now: datetime


class TellOfRightsRequestEnd(ProcessMessage):
    """Tell the person how it ended, where he does not know."""

    rights_request_id: UUID
    now: datetime
