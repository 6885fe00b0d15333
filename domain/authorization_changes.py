"""What the process that tells of a changed authorization says to the world (spec 3.4, 3.5)."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.messages import ProcessMessage
from domain.vocabulary import AuthorizationChangeState


class AuthorizationChangeWaits(ProcessMessage):
    """How long the process tries. Settings give it; a running process keeps its own."""

    delivery: timedelta = timedelta(days=1)


class AuthorizationChangeStart(ProcessMessage):
    """Input of the process. The change itself holds already."""

    change_id: UUID
    waits: AuthorizationChangeWaits


class AuthorizationChangeResult(ProcessMessage):
    """How it ended."""

    state: AuthorizationChangeState


# Activities


class TellOfAuthorizationChange(ProcessMessage):
    """Tell everybody concerned, each once."""

    change_id: UUID
    now: datetime


class CloseAuthorizationChange(ProcessMessage):
    """Record that nobody needs to be told any more."""

    change_id: UUID
    now: datetime
