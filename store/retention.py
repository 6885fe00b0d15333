"""Erasing what has been kept long enough (spec 3.7; the table is in docs/operators.md).

Each takes at most `limit` rows, so that no transaction is long, and returns how many it took.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, delete, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.vocabulary import ErasureState
from store.audit import AuditEvent
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.base import Base
from store.contract_links import ContractLink
from store.erasures import Erasure
from store.invitations import Invitation
from store.messages import Message
from store.registrations import Registration
from store.rights_requests import RightsRequest
from store.service_requests import ServiceRequest

Forget = Callable[[AsyncSession, datetime, int], Awaitable[int]]


async def contacts(session: AsyncSession, before: datetime, limit: int, *, now: datetime) -> int:
    """What people gave customer service to be reached, in requests made before a moment."""
    query = (
        select(ServiceRequest)
        .where(ServiceRequest.created_at < before, ServiceRequest.contact_erased_at.is_(None))
        .order_by(ServiceRequest.created_at)
        .limit(limit)
        .with_for_update(of=ServiceRequest)
    )
    found = (await session.scalars(query)).all()
    for each in found:
        each.erase_contact(now)
    return len(found)


async def _delete(session: AsyncSession, table: type[Base], due: ColumnElement[bool], limit: int) -> int:
    key = inspect(table).primary_key[0]
    chosen = select(key).where(due).order_by(key).limit(limit)
    result = await session.execute(
        delete(table).where(key.in_(chosen)), execution_options={"synchronize_session": False}
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


async def messages(session: AsyncSession, before: datetime, limit: int) -> int:
    """E-mails' states."""
    return await _delete(session, Message, Message.created_at < before, limit)


async def authorization_changes(session: AsyncSession, before: datetime, limit: int) -> int:
    """What was removed or levelled by whom."""
    return await _delete(session, AuthorizationChange, AuthorizationChange.ended_at < before, limit)


async def rights_requests(session: AsyncSession, before: datetime, limit: int) -> int:
    """Ended requests for more rights."""
    return await _delete(session, RightsRequest, RightsRequest.ended_at < before, limit)


async def contract_links(session: AsyncSession, before: datetime, limit: int) -> int:
    """Ended fetchings of contracts."""
    return await _delete(session, ContractLink, ContractLink.ended_at < before, limit)


async def registrations(session: AsyncSession, before: datetime, limit: int) -> int:
    """Ended registrations. A service request about one stays, without it."""
    due = Registration.ended_at < before
    chosen = select(Registration.id).where(due).order_by(Registration.id).limit(limit)
    await session.execute(
        update(ServiceRequest).where(ServiceRequest.registration_id.in_(chosen)).values(registration_id=None),
        execution_options={"synchronize_session": False},
    )
    return await _delete(session, Registration, due, limit)


async def erasures(session: AsyncSession, before: datetime, limit: int) -> int:
    """Erasures that were regretted. Those that were done stay as long as the audit trail."""
    due = (Erasure.ended_at < before) & (Erasure.state == ErasureState.CANCELLED)
    return await _delete(session, Erasure, due, limit)


async def authorizations(session: AsyncSession, before: datetime, limit: int) -> int:
    """Authorizations that ended. One that a kept request is about stays as long as that."""
    asked_about = Authorization.id.in_(select(RightsRequest.authorization_id))
    return await _delete(session, Authorization, (Authorization.ended_at < before) & ~asked_about, limit)


async def invitations(session: AsyncSession, before: datetime, limit: int) -> int:
    """Invitations that ended."""
    return await _delete(session, Invitation, Invitation.ended_at < before, limit)


async def audit_events(session: AsyncSession, before: datetime, limit: int) -> int:
    """The audit trail."""
    return await _delete(session, AuditEvent, AuditEvent.at < before, limit)


# After `Retention.processes`; what points to others comes before them.
PROCESSES: Sequence[Forget] = (
    messages,
    authorization_changes,
    rights_requests,
    contract_links,
    registrations,
    erasures,
)
# After `Retention.history`.
HISTORY: Sequence[Forget] = (authorizations, invitations, audit_events)
