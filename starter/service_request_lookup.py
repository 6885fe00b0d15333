"""What waits for customer service, as operators see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.vocabulary import ServiceRequestKind
from store import service_requests
from store.customers import Customer
from store.database import Database


@dataclass(frozen=True)
class ServiceRequestShown:
    """One request. Until the registry has said who the customer is, it is told as it was typed."""

    id: UUID
    kind: ServiceRequestKind
    created_at: datetime
    customer_number: str | None
    customer_name: str | None
    contact: Mapping[str, str]


async def list_service_requests(database: Database, *, limit: int) -> Sequence[ServiceRequestShown]:
    """The open ones, the oldest first."""
    async with database.reading() as session:
        found = []
        for request in await service_requests.waiting(session, limit):
            customer = None
            if request.customer_id is not None:
                customer = await session.get_one(Customer, request.customer_id)
            typed = request.contact
            found.append(
                ServiceRequestShown(
                    id=request.id,
                    kind=request.kind,
                    created_at=request.created_at,
                    customer_number=customer.customer_number if customer else typed.get("customer_number"),
                    customer_name=customer.name if customer else typed.get("company_name"),
                    contact=typed,
                )
            )
    return found
