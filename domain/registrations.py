"""What the registration process says to the world and the world to it (spec 3.2)."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.codes import Code
from domain.messages import ProcessMessage
from domain.vocabulary import RegistrationState


class RegistrationWaits(ProcessMessage):
    """How long the process waits for what. Settings give these; a running process keeps its own."""

    identification: timedelta = timedelta(minutes=30)
    # From the identification on; then everything typed is erased.
    completion: timedelta = timedelta(hours=24)
    # For how long the customer may say *This was not us*.
    dispute: timedelta = timedelta(days=30)
    delivery: timedelta = timedelta(days=1)


class RegistrationStart(ProcessMessage):
    """Input of the process. `deadline` is the row's: until when one can identify."""

    registration_id: UUID
    deadline: datetime
    waits: RegistrationWaits


class RegistrationResult(ProcessMessage):
    """How it ended."""

    state: RegistrationState


class RowChanged(ProcessMessage):
    """Signal `row_changed`: somebody did a step, which the row shows."""


class Confirm(ProcessMessage):
    """Update `confirm`: the person confirms what he reviewed, the details of this revision."""

    revision: int


class ConfirmOutcome(ProcessMessage):
    """How the registration stands after it. `refusal` is set when it changed nothing."""

    state: RegistrationState
    refusal: Code | None = None


class RegistrationProgress(ProcessMessage):
    """Reply to query `progress`, for operators and tests."""

    state: RegistrationState
    deadline: datetime


# Activities


class LookAtRegistration(ProcessMessage):
    """Read how the registration stands in the database."""

    registration_id: UUID


class RegistrationStands(ProcessMessage):
    """How it stands: the row decides, the process waits and does what follows."""

    state: RegistrationState
    deadline: datetime
    # The details to check, or that were checked.
    revision: int
    # The e-mails asked for so far that confirm an address.
    email_generation: int
    can_be_disputed: bool
    disputed: bool


class CheckDetails(ProcessMessage):
    """Ask the customer registry whether the details of this revision belong together."""

    registration_id: UUID
    revision: int
    now: datetime


class SendConfirmation(ProcessMessage):
    """Send the e-mail whose link confirms the address."""

    registration_id: UUID
    generation: int
    now: datetime


class CompleteRegistration(ProcessMessage):
    """Make the user, and give him his authorizations."""

    registration_id: UUID
    revision: int
    now: datetime


class AbandonRegistration(ProcessMessage):
    """Erase what was typed, if its time is up."""

    registration_id: UUID
    now: datetime


class TellOfRegistration(ProcessMessage):
    """Tell the person and the customer that it was completed; `dispute` is the customer's time to object."""

    registration_id: UUID
    dispute: timedelta
    now: datetime


class TellOfDispute(ProcessMessage):
    """Tell the person that the customer objected, and that his right is suspended."""

    registration_id: UUID
    now: datetime
