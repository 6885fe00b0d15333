"""Suggesting the name of a registered person to an inviter (spec 3.1, phase 2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address
from domain.codes import Code
from domain.vocabulary import Level, NameSuggestion, Subpage
from starter.services import throttle
from starter.services.context import Services
from store import audit, authorizations, policy, users
from store.audit import Actor, Event
from store.users import User

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Name:
    """A person's names."""

    first_name: str
    last_name: str


async def suggest_name(services: Services, inviter: User, relation_id: UUID, email: str) -> Name | None:
    """The name of the person with that address, if the setting and the person allow to tell it.

    None tells nothing: there may be such a user or not. Raises Refused (`not_found`,
    `authorization.missing`, `email.invalid`) and TooMany.
    """
    now = services.clock()
    address = email_address.checked(email)
    async with services.database.reading() as session:
        await policy.require_level(session, inviter.id, relation_id, Subpage.USERS, Level.WRITE, now)
    await throttle.hit(
        services,
        "name-suggestion",
        str(inviter.id),
        limit=services.settings.limits.name_suggestions_per_hour,
        window=_HOUR,
        code=Code.REQUEST_TOO_MANY,
    )
    async with services.database.transaction() as session:
        person = await users.by_email(session, address)
        told = person is not None and await _may_be_told(services, session, inviter, person, now)
        audit.record(
            session,
            Event.NAME_SUGGESTED,
            at=now,
            actor=Actor.USER,
            actor_id=inviter.id,
            subject_id=person.id if person and told else None,
            relation_id=relation_id,
            told=int(told),
        )
    return Name(person.first_name, person.last_name) if person and told else None


async def _may_be_told(
    services: Services, session: AsyncSession, inviter: User, person: User, now: datetime
) -> bool:
    match services.settings.name_suggestion:
        case NameSuggestion.OFF:
            return False
        case NameSuggestion.REGISTERED:
            return True
        case NameSuggestion.SHARED_OR_OPTED_IN:
            return person.name_suggestion_allowed or await authorizations.share_a_relation(
                session, inviter.id, person.id, now
            )
