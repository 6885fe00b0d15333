"""What all processes share: the names of their workflows, and what a start consists of."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from domain.messages import ProcessMessage
from domain.vocabulary import ProcessKind

# Workflow types are names in histories and never change; Python classes may.
WORKFLOW_TYPE: Mapping[ProcessKind, str] = MappingProxyType(
    {
        ProcessKind.INVITATION: "Invitation",
        ProcessKind.REGISTRATION: "Registration",
        ProcessKind.CONTRACT_LINK: "ContractLink",
        ProcessKind.AUTHORIZATION_CHANGE: "AuthorizationChange",
        ProcessKind.RIGHTS_REQUEST: "RightsRequest",
        ProcessKind.ERASURE: "Erasure",
        ProcessKind.ACCOUNT_LINK: "AccountLink",
    }
)

# What operators read in the Temporal UI's list, one line.
SUMMARY: Mapping[ProcessKind, str] = MappingProxyType(
    {
        ProcessKind.INVITATION: "Invitation to hold a role on a customer relation",
        ProcessKind.REGISTRATION: "Registration of a customer by strong identification",
        ProcessKind.CONTRACT_LINK: "Fetching of a person's contracts from the customer registry",
        ProcessKind.AUTHORIZATION_CHANGE: "Telling of an authorization that was removed or changed",
        ProcessKind.RIGHTS_REQUEST: "Request for more rights on a customer relation",
        ProcessKind.ERASURE: "Erasure of a user, after time for regret",
        ProcessKind.ACCOUNT_LINK: "Link or e-mail about somebody's password, username or e-mail address",
    }
)


class ProcessStart(ProcessMessage):
    """A start as the outbox keeps it: the workflow's input and what operators search by."""

    input: dict[str, Any]
    state: str
    relations: list[UUID]
    deadline: datetime


class DrainOutbox(ProcessMessage):
    """Deliver what was left in the outbox for longer than `older_than_seconds`."""

    older_than_seconds: int = 30


class Drained(ProcessMessage):
    """How many acts Temporal took, and how many are still owed."""

    taken: int
    left: int


class HousekeepingStart(ProcessMessage):
    """Input of the nightly process: nothing, it knows what time it is."""


class KeepHouse(ProcessMessage):
    """Erase what need not be kept any longer at `now`."""

    now: datetime


class HousekeepingDone(ProcessMessage):
    """How many refused invitations lost their personal data."""

    purged_invitations: int
