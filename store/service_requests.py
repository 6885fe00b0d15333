"""What waits for customer service (spec 3.6)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.vocabulary import ServiceRequestKind, ServiceRequestState
from store import audit
from store.audit import Event
from store.base import Base, JsonObject


class ServiceRequest(Base):
    """One request. `contact` holds what the person gave to be reached and understood."""

    __tablename__ = "service_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[ServiceRequestKind]
    state: Mapped[ServiceRequestState] = mapped_column(default=ServiceRequestState.OPEN)
    contact: Mapped[dict[str, str]] = mapped_column(JsonObject(), default=dict)
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    created_at: Mapped[datetime]
    # When what the person gave was erased; why the request was made, in one of our words, stays.
    contact_erased_at: Mapped[datetime | None]

    def erase_contact(self, at: datetime) -> None:
        """Empties what the person gave."""
        self.contact = {key: value for key, value in self.contact.items() if key == "reason"}
        self.contact_erased_at = at


def open_request(session: AsyncSession, request: ServiceRequest) -> None:
    """Puts it in the queue, with its audit event, in the current transaction."""
    request.id = uuid4()
    session.add(request)
    audit.record(
        session,
        Event.SERVICE_REQUEST_OPENED,
        at=request.created_at,
        subject_id=request.id,
        process_id=request.registration_id,
        kind=request.kind.value,
    )


async def exists(session: AsyncSession, registration_id: UUID, kind: ServiceRequestKind) -> bool:
    """Whether there is or was a request of this kind about a registration."""
    query = select(ServiceRequest.id).where(
        ServiceRequest.registration_id == registration_id, ServiceRequest.kind == kind
    )
    return (await session.scalars(query.limit(1))).first() is not None


async def waiting(session: AsyncSession, limit: int) -> Sequence[ServiceRequest]:
    """The open ones, the oldest first."""
    query = (
        select(ServiceRequest)
        .where(ServiceRequest.state == ServiceRequestState.OPEN)
        .order_by(ServiceRequest.created_at, ServiceRequest.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()
