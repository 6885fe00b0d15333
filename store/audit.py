"""Audit events: who did what to which thing, when, through which process (spec section 2).

Only ever added to.
They are also the timeline that users see of a process, so every step that a person would want to know of is
one. Ids, enumerations and times alone: what they point to may be erased, they stay.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Index, Integer, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, EnumText


class Actor(StrEnum):
    """Who acted: a user, an operator by command, the process itself when its time came, another e-service."""

    USER = "user"
    OPERATOR = "operator"
    PROCESS = "process"
    SERVICE = "service"


class Event(StrEnum):
    """What happened."""

    INVITATION_CREATED = "invitation.created"
    INVITATION_SENT = "invitation.sent"
    INVITATION_REMINDED = "invitation.reminded"
    INVITATION_REGISTERING = "invitation.registering"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_DECLINED = "invitation.declined"
    INVITATION_CANCELLED = "invitation.cancelled"
    INVITATION_EXPIRED = "invitation.expired"
    INVITATION_UNDELIVERABLE = "invitation.undeliverable"
    INVITATION_VOID = "invitation.void"
    INVITATION_PURGED = "invitation.purged"
    AUTHORIZATION_GRANTED = "authorization.granted"
    AUTHORIZATION_ENDED = "authorization.ended"
    AUTHORIZATION_SUSPENDED = "authorization.suspended"
    AUTHORIZATION_LEVELS_CHANGED = "authorization.levels_changed"
    AUTHORIZATION_CHANGE_TOLD = "authorization.change_told"
    RIGHTS_REQUESTED = "rights_request.made"
    RIGHTS_REQUEST_APPROVED = "rights_request.approved"
    RIGHTS_REQUEST_DECLINED = "rights_request.declined"
    RIGHTS_REQUEST_WITHDRAWN = "rights_request.withdrawn"
    RIGHTS_REQUEST_EXPIRED = "rights_request.expired"
    RIGHTS_REQUEST_VOID = "rights_request.void"
    ERASURE_SCHEDULED = "erasure.scheduled"
    ERASURE_CANCELLED = "erasure.cancelled"
    USER_ERASED = "user.erased"
    USER_EXPORTED = "user.exported"
    REGISTRATION_STARTED = "registration.started"
    REGISTRATION_IDENTIFIED = "registration.identified"
    REGISTRATION_MATCHED = "registration.matched"
    REGISTRATION_MISMATCHED = "registration.mismatched"
    REGISTRATION_EMAIL_CONFIRMED = "registration.email_confirmed"
    REGISTRATION_COMPLETED = "registration.completed"
    REGISTRATION_ALREADY_USER = "registration.already_user"
    REGISTRATION_HANDED_OVER = "registration.handed_over"
    REGISTRATION_ABANDONED = "registration.abandoned"
    REGISTRATION_DISPUTED = "registration.disputed"
    CONTRACT_LINK_STARTED = "contract_link.started"
    CONTRACTS_LINKED = "contract_link.linked"
    CONTRACTS_NOT_LINKED = "contract_link.failed"
    SERVICE_REQUEST_OPENED = "service_request.opened"
    USER_IDENTIFIED = "user.identified"
    IDENTIFICATION_REFUSED = "identification.refused"
    IDENTITY_KEYS_ROTATED = "identity_keys.rotated"
    NAME_SUGGESTED = "user.name_suggested"
    USER_REGISTERED = "user.registered"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_PASSWORD_RESET = "user.password_reset"  # noqa: S105 - an event, not a password
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - an event, not a password
    USER_PASSWORD_REFUSED = "user.password_refused"  # noqa: S105 - an event, not a password
    USER_EMAIL_CHANGED = "user.email_changed"
    ACCOUNT_LINK_ASKED = "account_link.asked"
    ACCOUNT_LINK_EXPIRED = "account_link.expired"
    ACCOUNT_LINK_REPLACED = "account_link.replaced"
    SESSION_STARTED = "session.started"
    SESSION_REFUSED = "session.refused"
    SESSION_ENDED = "session.ended"
    ACCESS_REFUSED = "access.refused"
    SERVICE_REFUSED = "service.refused"
    CUSTOMERS_IMPORTED = "customers.imported"


class AuditEvent(Base):
    """One event."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_relation_id_at", "relation_id", "at"),
        Index("ix_audit_events_actor_id", "actor_id"),
    )

    # Order of writing, which times alone do not give.
    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    at: Mapped[datetime]
    event: Mapped[Event] = mapped_column(EnumText(Event))
    actor: Mapped[Actor] = mapped_column(EnumText(Actor))
    actor_id: Mapped[UUID | None]
    # The thing: a user, an authorization, an invitation.
    subject_id: Mapped[UUID | None] = mapped_column(index=True)
    relation_id: Mapped[UUID | None]
    process_id: Mapped[UUID | None] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


def record(
    session: AsyncSession,
    event: Event,
    *,
    at: datetime,
    actor: Actor = Actor.PROCESS,
    actor_id: UUID | None = None,
    subject_id: UUID | None = None,
    relation_id: UUID | None = None,
    process_id: UUID | None = None,
    **details: str | int,
) -> None:
    """Adds an event to the transaction that makes the change. `details`: codes and numbers alone."""
    session.add(
        AuditEvent(
            event=event,
            at=at,
            actor=actor,
            actor_id=actor_id,
            subject_id=subject_id,
            relation_id=relation_id,
            process_id=process_id,
            details=details,
        )
    )


async def of_process(session: AsyncSession, process_id: UUID) -> Sequence[AuditEvent]:
    """A process's events in the order they happened."""
    query = select(AuditEvent).where(AuditEvent.process_id == process_id).order_by(AuditEvent.number)
    return (await session.scalars(query)).all()
