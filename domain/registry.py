"""What the processes around the customer registry say to the world (spec sections 2 and 6)."""

from datetime import datetime

from domain.messages import ProcessMessage


class RegistryPullStart(ProcessMessage):
    """Input of the process that brings in the registry's changes: nothing, the cursor is in the database."""


class PullRegistry(ProcessMessage):
    """Bring in what has changed in the registry as of `now`, a number of pages at most."""

    now: datetime


class RegistryPulled(ProcessMessage):
    """How many pages and customers were brought in, how many left out, and whether more wait."""

    pages: int = 0
    customers: int = 0
    left_out: int = 0
    more: bool = False


class ContractEndsStart(ProcessMessage):
    """Input of the nightly process: nothing, it knows what day it is."""


class EndContracts(ProcessMessage):
    """End the relations whose contracts are over at `now`, and the rights whose time is."""

    now: datetime


class ContractsEnded(ProcessMessage):
    """How many relations ended, and how many authorizations."""

    relations: int
    authorizations: int
