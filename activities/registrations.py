"""What the registration process does to the database (spec 3.2). Each method may run any number of times."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.registered_customers import first_role, grant_all
from activities.registered_users import make_user
from domain.codes import Code, Refused
from domain.contract_links import ContractLinkWaits
from domain.registrations import (
    AbandonRegistration,
    CompleteRegistration,
    ConfirmOutcome,
    LookAtRegistration,
    RegistrationStands,
)
from domain.vocabulary import CustomerKind, ProcessKind, RegistrationState
from runtime.identity_vault import IdentityVault
from store import contract_links, outbox, registrations, users
from store.database import Database
from store.registrations import Registration
from store.users import User


class RegistrationActivities:
    """The transactions behind a step, a decision or an end."""

    def __init__(self, *, database: Database, vault: IdentityVault, link_waits: ContractLinkWaits) -> None:
        self._database = database
        self._vault = vault
        self._link_waits = link_waits

    @activity.defn(name="LookAtRegistration")
    async def look(self, look: LookAtRegistration) -> RegistrationStands:
        """How the registration stands in the database."""
        async with self._database.reading() as session:
            found = await registrations.registration(session, look.registration_id)
            return stands(existing(found))

    @activity.defn(name="AbandonRegistration")
    async def abandon(self, order: AbandonRegistration) -> RegistrationStands:
        """Ends it and erases what was typed, unless somebody took a step that gave it more time."""
        async with self._database.transaction() as session:
            registration = existing(await registrations.locked(session, order.registration_id))
            if registration.state.is_open and order.now >= registration.deadline:
                registrations.end(session, registration, RegistrationState.ABANDONED, at=order.now)
                _count_end(registration.state)
            return stands(registration)

    @activity.defn(name="CompleteRegistration")
    async def complete(self, order: CompleteRegistration) -> ConfirmOutcome:
        """Makes the user and gives the authorizations, if what was reviewed is what stands.

        Refusals leave the registration open: `registration.not_ready` (a step is missing, or the details have
        changed since), `registration.email_not_confirmed`, `user.username_taken`, `user.exists` (the address
        is somebody's by now), `registration.details_do_not_match` (the customer has ended since),
        `authorization.exists` (the user has the customer already). A person who has a user by now ends it.
        """
        for is_last in (False, True):
            try:
                return await self._complete(order)
            except _NotNow as reason:
                return ConfirmOutcome(state=reason.state, refusal=reason.code)
            except IntegrityError:
                # Somebody took the username, the address or the identity at this very moment: now it is seen.
                if is_last:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _complete(self, order: CompleteRegistration) -> ConfirmOutcome:
        async with self._database.transaction() as session:
            registration = existing(await registrations.locked(session, order.registration_id))
            if not registration.state.is_open:
                return ConfirmOutcome(state=registration.state)
            await _refuse_unless_ready(session, registration, order.revision)
            user = await self._user(session, registration, order.now)
            if user is None:
                registrations.end(session, registration, RegistrationState.ALREADY_USER, at=order.now)
            else:
                await self._give(session, registration, user, order.now)
                registrations.end(
                    session, registration, RegistrationState.COMPLETED, at=order.now, by=user.id
                )
            # Should the process forget this, because its worker dies before Temporal hears of it, it is told.
            outbox.owe_signal(session, ProcessKind.REGISTRATION, registration.id, "row_changed", order.now)
            _count_end(registration.state)
            return ConfirmOutcome(state=registration.state)

    async def _user(self, session: AsyncSession, registration: Registration, now: datetime) -> User | None:
        """Whose it is: a new user, or the one who adds a customer. None: the person has a user by now."""
        if registration.makes_user:
            return await make_user(session, registration, self._vault, now)
        if registration.user_id is None:
            raise ValueError("A registration that makes no user has one")
        return await session.get_one(User, registration.user_id)

    async def _give(
        self, session: AsyncSession, registration: Registration, user: User, now: datetime
    ) -> None:
        """What completing gives: authorizations on a company, or the fetching of one's own contracts."""
        registration.user_id = user.id
        if registration.kind is CustomerKind.PRIVATE:
            registration.contract_link_id = contract_links.begin(session, user.id, self._link_waits, now).id
            return
        registration.role = await first_role(session, registration)
        refusal = await grant_all(session, registration, user, registration.role, now)
        if refusal is not None:
            raise _NotNow(refusal, registration)


class _NotNow(Refused):
    """It cannot be completed as it stands: the transaction is taken back, the registration stays open."""

    def __init__(self, code: Code, registration: Registration) -> None:
        super().__init__(code)
        self.state = registration.state


async def _refuse_unless_ready(session: AsyncSession, registration: Registration, revision: int) -> None:
    if registration.state is not RegistrationState.REVIEW or registration.revision != revision:
        raise _NotNow(Code.REGISTRATION_NOT_READY, registration)
    if not registration.makes_user:
        return
    if registration.email_confirmed_at is None:
        raise _NotNow(Code.REGISTRATION_EMAIL_NOT_CONFIRMED, registration)
    if await users.by_username(session, registration.details["username"]) is not None:
        raise _NotNow(Code.USER_USERNAME_TAKEN, registration)
    if await users.by_email(session, registration.details["email"]) is not None:
        raise _NotNow(Code.USER_EXISTS, registration)


def existing(found: Registration | None) -> Registration:
    """The row; it is written before the process starts, so without it the process has no sense."""
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found


def stands(registration: Registration) -> RegistrationStands:
    """How a row stands, for the process."""
    return RegistrationStands(
        state=registration.state,
        deadline=registration.deadline,
        revision=registration.revision,
        email_generation=registration.email_generation,
        can_be_disputed=registration.dispute_token_hash is not None,
        disputed=registration.disputed_at is not None,
    )


def _count_end(state: RegistrationState) -> None:
    activity.metric_meter().create_counter("fullmakt_registrations_ended", "Registrations by their end").add(
        1, {"state": state.value}
    )
