"""Refused access leaves an audit event, so that probing is seen (cases, attacks)."""

from uuid import UUID

from domain.codes import Code
from starter.services.context import Services
from store import audit
from store.audit import Actor, Event


async def record(services: Services, user_id: UUID, code: Code, subject_id: UUID | None) -> None:
    """A user tried what he may not. `subject_id`: the invitation, relation or process in the address."""
    async with services.database.transaction() as session:
        audit.record(
            session,
            Event.ACCESS_REFUSED,
            at=services.clock(),
            actor=Actor.USER,
            actor_id=user_id,
            subject_id=subject_id,
            code=code.value,
        )
