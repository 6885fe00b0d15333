"""What the process behind a forgotten or changed password, username or address says to the world (spec 3.7).

It sends the link, waits until it is used or too old, and tells what came of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from domain.messages import ProcessMessage
from domain.vocabulary import AccountLinkPurpose, AccountLinkState


class AccountEmail(StrEnum):
    """An e-mail of the process, by its place in the story; the purpose says which one it is."""

    LINK = "link"
    # To the present address: somebody asked to change it.
    WARNING = "warning"
    OUTCOME = "outcome"
    OUTCOME_TO_OLD_ADDRESS = "outcome_to_old_address"


# What is sent while the link waits, and what once everything is done.
FIRST_EMAILS: Mapping[AccountLinkPurpose, Sequence[AccountEmail]] = MappingProxyType(
    {
        AccountLinkPurpose.PASSWORD_RESET: (AccountEmail.LINK,),
        AccountLinkPurpose.EMAIL_CHANGE: (AccountEmail.LINK, AccountEmail.WARNING),
    }
)
LAST_EMAILS: Mapping[AccountLinkPurpose, Sequence[AccountEmail]] = MappingProxyType(
    {
        AccountLinkPurpose.PASSWORD_RESET: (AccountEmail.OUTCOME,),
        AccountLinkPurpose.EMAIL_CHANGE: (AccountEmail.OUTCOME, AccountEmail.OUTCOME_TO_OLD_ADDRESS),
        AccountLinkPurpose.USERNAME_REMINDER: (AccountEmail.OUTCOME,),
        AccountLinkPurpose.PASSWORD_CHANGE: (AccountEmail.OUTCOME,),
    }
)


def state_at_first(purpose: AccountLinkPurpose) -> AccountLinkState:
    """Without a link there is nothing to wait for: what is left is telling."""
    return AccountLinkState.OPEN if purpose in FIRST_EMAILS else AccountLinkState.DONE


class AccountLinkWaits(ProcessMessage):
    """How long the process waits for what. Settings give these; a running process keeps its own."""

    # For the link to be used, from the request on.
    use: timedelta = timedelta(hours=1)
    # For the mail server, when what was done is told.
    delivery: timedelta = timedelta(days=1)


class AccountLinkStart(ProcessMessage):
    """Input of the process. `deadline` is the row's: until when the link works."""

    account_link_id: UUID
    purpose: AccountLinkPurpose
    deadline: datetime
    waits: AccountLinkWaits


class AccountLinkResult(ProcessMessage):
    """How it ended."""

    state: AccountLinkState


class AccountLinkChanged(ProcessMessage):
    """Signal `row_changed`: the link was used, or a newer one took its place; the row shows which."""


class AccountLinkProgress(ProcessMessage):
    """Reply to query `progress`, for operators and tests."""

    state: AccountLinkState
    deadline: datetime


# Activities


class LookAtAccountLink(ProcessMessage):
    """Read how the link stands in the database."""

    account_link_id: UUID


class ExpireAccountLink(ProcessMessage):
    """End the link, if its time is up and nobody has used it."""

    account_link_id: UUID
    now: datetime


class CloseAccountLink(ProcessMessage):
    """Erase the addresses: nobody needs to be told any more."""

    account_link_id: UUID
    now: datetime


class AccountLinkStands(ProcessMessage):
    """How it stands: the row decides."""

    state: AccountLinkState


class SendAccountEmail(ProcessMessage):
    """Send one of the process's e-mails, if it still has a sense."""

    account_link_id: UUID
    email: AccountEmail
    now: datetime
