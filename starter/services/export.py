"""All that the service holds about a user, as a file for him (spec 3.7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import identity
from starter.services.context import Services
from store import audit, audit_trail, identifications
from store.account_links import AccountLink
from store.audit import Actor, Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.base import Base
from store.contract_links import ContractLink
from store.drafts import Draft
from store.erasures import Erasure
from store.identifications import StrongIdentity
from store.invitations import Invitation
from store.registrations import Registration
from store.rights_requests import RightsRequest
from store.service_requests import ServiceRequest
from store.sessions import Session
from store.users import User

# What opens something, or is made from what is there in plain words.
SECRET_COLUMNS = frozenset(
    {
        "password_hash",
        "token_hash",
        "secret_hash",
        "email_token_hash",
        "dispute_token_hash",
        "source_hash",
        "used_source_hash",
        "identity_index",
        "identity_sealed",
        "username_normalised",
        "email_normalised",
    }
)
# Whom else a thing was told to, whom he need not know.
_OTHERS_COLUMNS = frozenset({"told_managers"})
# More than anybody has done; what is older than the trail's retention is gone anyway.
_MOST_EVENTS = 100_000


def _of_user(user: User) -> Mapping[str, tuple[type[Base], ColumnElement[bool]]]:
    """The kinds of rows about a user, and which they are."""
    to_him = or_(Invitation.email_normalised == user.email_normalised, Invitation.ended_by == user.id)
    return MappingProxyType(
        {
            "authorizations": (Authorization, Authorization.user_id == user.id),
            "authorization_changes": (AuthorizationChange, AuthorizationChange.user_id == user.id),
            "invitations_made": (Invitation, Invitation.inviter_id == user.id),
            "invitations_received": (Invitation, to_him),
            "invitation_drafts": (Draft, Draft.user_id == user.id),
            "rights_requests": (RightsRequest, RightsRequest.user_id == user.id),
            "registrations": (Registration, Registration.user_id == user.id),
            # Not what somebody wrote who typed his address: nobody knows that it was he.
            "service_requests": (
                ServiceRequest,
                ServiceRequest.registration_id.in_(
                    select(Registration.id).where(Registration.user_id == user.id)
                ),
            ),
            "contract_links": (ContractLink, ContractLink.user_id == user.id),
            "account_links": (AccountLink, AccountLink.user_id == user.id),
            "erasures": (Erasure, Erasure.user_id == user.id),
            "sessions": (Session, Session.user_id == user.id),
        }
    )


async def of_user(services: Services, user: User) -> Mapping[str, Any]:
    """Everything by kind, ready for JSON: ids and times as text. Leaves an audit event.

    Without what opens something: password, tokens, and the personal identity code, of which the date part is
    shown as on the pages.
    """
    now = services.clock()
    async with services.database.transaction() as session:
        audit.record(
            session, Event.USER_EXPORTED, at=now, actor=Actor.USER, actor_id=user.id, subject_id=user.id
        )
    async with services.database.reading() as session:
        known = await identifications.identity_of(session, user.id)
        return {
            "written_at": now.isoformat(),
            "user": _plain(await session.get_one(User, user.id)),
            "strong_identity": None if known is None else _identity(services, known),
            **{kind: await _rows(session, *which) for kind, which in _of_user(user).items()},
            "events": [
                _plain(each)
                for each in await audit_trail.concerning(session, user.id, before=None, limit=_MOST_EVENTS)
            ],
        }


async def _rows(
    session: AsyncSession, kind: type[Base], wanted: ColumnElement[bool]
) -> Sequence[Mapping[str, Any]]:
    found = await session.scalars(select(kind).where(wanted))
    return [_plain(each) for each in found.unique()]


def _identity(services: Services, known: StrongIdentity) -> Mapping[str, Any]:
    code = services.vault.open(known.identity_sealed, known.user_id)
    return {"personal_identity_code": identity.masked(code), **_plain(known)}


def _plain(row: Base) -> Mapping[str, Any]:
    """A row's columns for JSON, without secrets."""
    return {
        column.key: _text(getattr(row, column.key))
        for column in inspect(type(row)).column_attrs
        if column.key not in SECRET_COLUMNS | _OTHERS_COLUMNS
    }


def _text(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value
