"""What the process that fetches a person's contracts says to the world (spec 3.3)."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.messages import ProcessMessage
from domain.vocabulary import ContractLinkState


class ContractLinkWaits(ProcessMessage):
    """How long the process waits for what. Settings give these; a running process keeps its own."""

    # For a customer registry that does not answer.
    registry: timedelta = timedelta(days=1)
    delivery: timedelta = timedelta(days=1)


class ContractLinkStart(ProcessMessage):
    """Input of the process. `deadline` is the row's: until when the registry is tried."""

    contract_link_id: UUID
    deadline: datetime
    waits: ContractLinkWaits


class ContractLinkResult(ProcessMessage):
    """How it ended."""

    state: ContractLinkState


# Activities


class LinkContracts(ProcessMessage):
    """Fetch the person's contracts from the registry and bring his authorizations up to them."""

    contract_link_id: UUID
    now: datetime


class GiveUpLink(ProcessMessage):
    """Record that the registry did not answer in time."""

    contract_link_id: UUID
    now: datetime


class LinkStands(ProcessMessage):
    """How it stands."""

    state: ContractLinkState


class TellOfLink(ProcessMessage):
    """Tell the person how it ended."""

    contract_link_id: UUID
    now: datetime
