"""Registering a private or a company customer by strong identification (spec 3.2).

Each step is in the row before its process hears of it, so nothing typed is lost while Temporal or the
customer registry is down. Who holds the registration's secret goes on with it, nobody else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address
from domain.codes import Code, Refused
from domain.processes import ProcessStart
from domain.registrations import RegistrationStart
from domain.vocabulary import CustomerKind, Language, ProcessKind, RegistrationState
from runtime.keys import new_token, token_hash
from starter.services import throttle
from starter.services.context import Services
from starter.services.identified import refuse_when_over
from starter.services.processes import deliver_owed
from starter.services.refusals import TooMany
from starter.services.registration_details import Details, Typed, checked
from starter.services.waiting import until_settled
from store import limits, outbox, registrations
from store.audit import Event
from store.outbox import OutboxRow, Owed
from store.registrations import Registration
from store.users import User

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Begun:
    """A new registration and its secret, which is shown this once."""

    registration: Registration
    secret: str


async def begin(
    services: Services, kind: CustomerKind, language: Language, source: str, *, user: User | None = None
) -> Begun:
    """Begins a registration: of somebody new, or of a company for `user`. `source` is the client's address.

    Raises TooMany(`request.too_many`); Refused(`user.exists`) for a private customer who has a user: he
    fetches his contracts.
    """
    if user is not None and kind is CustomerKind.PRIVATE:
        raise Refused(Code.USER_EXISTS)
    await throttle.hit(
        services,
        "registration",
        source,
        limit=services.settings.registration_limits.starts_per_source_and_hour,
        window=_HOUR,
        code=Code.REQUEST_TOO_MANY,
    )
    now, secret, waits = services.clock(), new_token(), services.settings.registration
    registration = Registration(
        id=uuid4(),
        kind=kind,
        state=RegistrationState.IDENTIFYING,
        secret_hash=token_hash(secret),
        language=language,
        makes_user=user is None,
        user_id=None if user is None else user.id,
        created_at=now,
        deadline=now + waits.identification,
    )
    async with services.database.transaction() as session:
        session.add(registration)
        session.add(_start(services, registration, now))
        await session.flush()
        by = None if user is None else user.id
        registrations.record(session, registration, Event.REGISTRATION_STARTED, at=now, by=by)
    await deliver_owed(services, registration.id)
    return Begun(registration, secret)


def _start(services: Services, registration: Registration, now: datetime) -> OutboxRow:
    start = ProcessStart(
        input=RegistrationStart(
            registration_id=registration.id,
            deadline=registration.deadline,
            waits=services.settings.registration,
        ).model_dump(mode="json"),
        state=RegistrationState.IDENTIFYING,
        relations=[],
        deadline=registration.deadline,
    )
    return OutboxRow(
        process_kind=ProcessKind.REGISTRATION,
        process_id=registration.id,
        owed=Owed.START,
        payload=start.model_dump(mode="json"),
        created_at=now,
    )


async def find(services: Services, secret: str, registration_id: UUID | None = None) -> Registration:
    """The registration that was given this secret, as it stands, ended or not.

    Raises Refused(`not_found`), also when it is not the one with that id.
    """
    async with services.database.reading() as session:
        found = await registrations.by_secret_hash(session, token_hash(secret))
    if found is None or registration_id not in {None, found.id}:
        raise Refused(Code.NOT_FOUND)
    return found


async def submit(services: Services, registration: Registration, typed: Typed) -> Registration:
    """Takes the details, and waits a few seconds for the registry's word on them.

    Returns the registration in `review`; or still `checking`, when the registry takes longer: nothing typed
    is lost, and what comes of it is seen later. Raises FieldsRefused; Refused: `registration.<end>`,
    `registration.not_ready` before the identification, `registration.details_do_not_match`,
    `registration.handed_over` after too many of those; TooMany for too many changes of the address.
    """
    refuse_when_over(registration, services.clock())
    if registration.state is RegistrationState.IDENTIFYING:
        raise Refused(Code.REGISTRATION_NOT_READY)
    details = await checked(services, registration, typed)
    await _write(services, registration.id, details, typed.terms_version)
    await deliver_owed(services, registration.id)
    after = await _checked_by_registry(services, registration.id)
    refuse_when_over(after, services.clock())
    if after.refusal is not None:
        raise Refused(after.refusal)
    return after


async def _write(services: Services, registration_id: UUID, details: Details, terms_version: str) -> None:
    now = services.clock()
    async with services.database.transaction() as session:
        registration = await _open(session, registration_id, now)
        if registration.identity_index is None:
            raise Refused(Code.REGISTRATION_NOT_READY)
        if registration.revision >= services.settings.registration_limits.submissions:
            raise TooMany(Code.REQUEST_TOO_MANY, registration.deadline - now)
        address = registration.details.get("email")
        registration.details = details.kept
        registration.password_hash = details.password_hash or registration.password_hash
        registration.terms_version, registration.terms_accepted_at = terms_version, now
        registration.revision += 1
        registration.refusal, registration.customer_id = None, None
        registration.state = RegistrationState.CHECKING
        if registration.makes_user and not _same_address(address, details.kept["email"]):
            await _ask_to_confirm(services, session, registration, now)
        outbox.owe_signal(session, ProcessKind.REGISTRATION, registration.id, "row_changed", now)


def _same_address(before: str | None, now: str) -> bool:
    return before is not None and email_address.normalised(before) == email_address.normalised(now)


async def _ask_to_confirm(
    services: Services, session: AsyncSession, registration: Registration, now: datetime
) -> None:
    """A new link, for the address that is there now; an earlier one is dead.

    Nobody fills somebody else's mailbox: so many in a registration, and from a person to an address.
    """
    most = services.settings.registration_limits
    address = email_address.normalised(registration.details["email"])
    key = services.keys.counter_key("confirmation", registration.identity_index or "", address)
    sent, ends_at = await limits.count(session, key, now, _DAY)
    if registration.email_generation >= most.confirmation_emails:
        raise TooMany(Code.REQUEST_TOO_MANY, _DAY)
    if sent > most.confirmation_emails_per_person_address_and_day:
        raise TooMany(Code.REQUEST_TOO_MANY, ends_at - now)
    registration.email_generation += 1
    token = services.keys.registration_token("confirm", registration.id, registration.email_generation)
    registration.email_token_hash = token_hash(token)
    registration.email_confirmed_at = None


async def _open(session: AsyncSession, registration_id: UUID, now: datetime) -> Registration:
    """The registration, locked. Raises Refused: `registration.<end>`."""
    registration = await registrations.locked(session, registration_id)
    if registration is None:
        raise Refused(Code.NOT_FOUND)
    refuse_when_over(registration, now)
    return registration


async def _checked_by_registry(services: Services, registration_id: UUID) -> Registration:
    """The registration after its check, or as it is when that takes too long."""
    return await until_settled(
        lambda: _row(services, registration_id), lambda row: row.state is RegistrationState.CHECKING
    )


async def send_confirmation_again(services: Services, registration: Registration) -> None:
    """Sends another link to the same address; the earlier one is dead.

    Raises Refused: `registration.<end>`, `registration.not_ready`; TooMany.
    """
    now = services.clock()
    async with services.database.transaction() as session:
        found = await _open(session, registration.id, now)
        if found.state is not RegistrationState.REVIEW or not found.makes_user:
            raise Refused(Code.REGISTRATION_NOT_READY)
        if found.email_confirmed_at is not None:
            return
        await _ask_to_confirm(services, session, found, now)
        outbox.owe_signal(session, ProcessKind.REGISTRATION, found.id, "row_changed", now)
    await deliver_owed(services, registration.id)


async def give_up(services: Services, registration: Registration) -> None:
    """Ends it at the person's wish: what was typed is erased at once. Again: changes nothing."""
    now = services.clock()
    async with services.database.transaction() as session:
        found = await registrations.locked(session, registration.id)
        if found is None or not found.state.is_open:
            return
        registrations.end(session, found, RegistrationState.ABANDONED, at=now, by=found.user_id)
        outbox.owe_signal(session, ProcessKind.REGISTRATION, found.id, "row_changed", now)
    await deliver_owed(services, registration.id)


async def _row(services: Services, registration_id: UUID) -> Registration:
    async with services.database.reading() as session:
        return await session.get_one(Registration, registration_id)
