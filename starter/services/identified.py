"""What a strong identification changes, for a registration or for a user who is logged in."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.codes import Code, Refused
from domain.vocabulary import ProcessKind, RegistrationState
from starter.identification.provider import Identity
from starter.services.context import Services
from store import audit, identifications, outbox, registrations
from store.audit import Actor, Event
from store.identifications import StrongIdentity
from store.registrations import Registration
from store.sessions import Session

_CODE_OF_END: Mapping[RegistrationState, Code] = MappingProxyType(
    {
        RegistrationState.COMPLETED: Code.REGISTRATION_COMPLETED,
        RegistrationState.ALREADY_USER: Code.REGISTRATION_ALREADY_USER,
        RegistrationState.HANDED_OVER: Code.REGISTRATION_HANDED_OVER,
        RegistrationState.ABANDONED: Code.REGISTRATION_ABANDONED,
    }
)
_NAME_LENGTH = 100


def refuse_when_over(registration: Registration, now: datetime) -> None:
    """Raises Refused with the code of the registration's end, if it has ended."""
    state = registration.state_at(now)
    if not state.is_open:
        raise Refused(_CODE_OF_END[state])


async def for_registration(
    services: Services, registration_id: UUID, session_id: UUID | None, identity: Identity
) -> None:
    """Who registers is known now: he has a day to complete it.

    Raises Refused: `registration.<end>`; `registration.already_user`: the person has a user, and the
    registration has ended with that; `identification.other_person` than before; `identification.in_use` by
    another user than the one who adds a customer.
    """
    try:
        already_user = await _register(services, registration_id, session_id, identity)
    except IntegrityError:
        # It became another user's at this very moment.
        raise Refused(Code.IDENTIFICATION_IN_USE) from None
    if already_user:
        raise Refused(Code.REGISTRATION_ALREADY_USER)


async def _register(
    services: Services, registration_id: UUID, session_id: UUID | None, identity: Identity
) -> bool:
    """True when the registration ended because the person has a user."""
    now, index = services.clock(), services.keys.identity_index(identity.personal_identity_code)
    async with services.database.transaction() as session:
        registration = await registrations.locked(session, registration_id)
        if registration is None:
            raise Refused(Code.NOT_FOUND)
        refuse_when_over(registration, now)
        if registration.identity_index not in {None, index}:
            raise Refused(Code.IDENTIFICATION_OTHER_PERSON)
        already_user = registration.makes_user and (
            await identifications.by_identity_index(session, index) is not None
        )
        if already_user:
            registrations.end(session, registration, RegistrationState.ALREADY_USER, at=now)
        else:
            if registration.user_id is not None:
                await _keep(services, session, registration.user_id, identity, now)
            if session_id is not None:
                await _refresh(session, session_id, registration, now)
            _go_on(services, registration, identity, index, now)
            registrations.record(session, registration, Event.REGISTRATION_IDENTIFIED, at=now)
        outbox.owe_signal(session, ProcessKind.REGISTRATION, registration.id, "row_changed", now)
    return already_user


async def _refresh(
    session: AsyncSession, session_id: UUID, registration: Registration, now: datetime
) -> None:
    """Who adds a customer to his user has identified in his session, too."""
    found = await session.get(Session, session_id, with_for_update={"of": Session})
    if found is not None and found.user_id == registration.user_id:
        found.identified_at = now


def _go_on(
    services: Services, registration: Registration, identity: Identity, index: str, now: datetime
) -> None:
    first = registration.identity_index is None
    registration.identity_index = index
    registration.identity_sealed = services.vault.seal(identity.personal_identity_code, registration.id)
    registration.verified_first_name = identity.first_name[:_NAME_LENGTH]
    registration.verified_last_name = identity.last_name[:_NAME_LENGTH]
    registration.identified_at = now
    if first:
        registration.state = RegistrationState.DETAILS
        registration.deadline = now + services.settings.registration.completion


async def for_session(services: Services, session_id: UUID, identity: Identity) -> None:
    """The user has identified in this session; the first time, the identity becomes his.

    Raises Refused: `session.expired`; `identification.other_person` than the user is;
    `identification.in_use` by another user.
    """
    now = services.clock()
    try:
        async with services.database.transaction() as session:
            found = await session.get(Session, session_id, with_for_update={"of": Session})
            if found is None or found.ended_at is not None:
                raise Refused(Code.SESSION_EXPIRED)
            await _keep(services, session, found.user_id, identity, now)
            found.identified_at = now
    except IntegrityError:
        # Two first times at once, or another user's at this very moment.
        raise Refused(Code.IDENTIFICATION_IN_USE) from None


async def _keep(
    services: Services, session: AsyncSession, user_id: UUID, identity: Identity, now: datetime
) -> None:
    """Makes the identity the user's, or sees that it is."""
    index = services.keys.identity_index(identity.personal_identity_code)
    known = await identifications.identity_of(session, user_id, lock=True)
    if known is None:
        if await identifications.by_identity_index(session, index) is not None:
            raise Refused(Code.IDENTIFICATION_IN_USE)
        known = StrongIdentity(user_id=user_id, identity_index=index, created_at=now)
        session.add(known)
    elif known.identity_index != index:
        raise Refused(Code.IDENTIFICATION_OTHER_PERSON)
    known.identity_sealed = services.vault.seal(identity.personal_identity_code, user_id)
    known.first_name = identity.first_name[:_NAME_LENGTH]
    known.last_name = identity.last_name[:_NAME_LENGTH]
    known.identified_at = now
    await session.flush()
    audit.record(
        session, Event.USER_IDENTIFIED, at=now, actor=Actor.USER, actor_id=user_id, subject_id=user_id
    )
