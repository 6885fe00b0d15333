"""Asking the customer registry whether what was typed belongs together (spec 3.2, step 3)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.asking import asking_registry
from activities.notifications import attempt_time
from activities.registrations import existing, stands
from domain.codes import Code
from domain.company_name import same_company
from domain.registrations import CheckDetails, RegistrationStands
from domain.vocabulary import CustomerKind, RegistrationState, ServiceRequestKind
from registry.client import CustomerRegistry
from registry.records import RegistryCustomer
from registry.sync import bring_in
from runtime.keys import Keys, token_hash
from store import limits, registrations
from store.audit import Event
from store.database import Database
from store.registrations import Registration
from store.service_requests import ServiceRequest, open_request

_DAY = timedelta(days=1)


class RegistrationChecks:
    """Number, business ID and name belong together, or they do not: never said which."""

    def __init__(
        self,
        *,
        database: Database,
        registry: CustomerRegistry,
        keys: Keys,
        mismatches_per_day: int,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._registry = registry
        self._keys = keys
        self._most = mismatches_per_day
        self._zone = zone

    @activity.defn(name="CheckDetails")
    async def check(self, order: CheckDetails) -> RegistrationStands:
        """Checks the details of a revision, once. Raises `registry.unavailable`, to be tried again.

        The details that match lead on to the review. Those that do not can be corrected, so many times a day,
        whatever registration they are typed in; then customer service goes on with it, and is not told by us
        whether later ones match: nobody learns that by beginning again.
        """
        now = attempt_time(order.now)
        async with self._database.reading() as session:
            registration = existing(await registrations.registration(session, order.registration_id))
        if not _waits(registration, order):
            return stands(registration)
        found = await self._found(registration)
        async with self._database.transaction() as session:
            registration = existing(await registrations.locked(session, order.registration_id))
            if not _waits(registration, order):
                return stands(registration)
            if registration.kind is CustomerKind.PRIVATE:
                _review(registration)
            else:
                await self._compare(session, registration, found, now)
            return stands(registration)

    async def _found(self, registration: Registration) -> RegistryCustomer | None:
        """What the registry has under the number that was typed. A private customer types none."""
        if registration.kind is CustomerKind.PRIVATE:
            return None
        with asking_registry():
            return await self._registry.by_customer_number(registration.details["customer_number"])

    async def _compare(
        self, session: AsyncSession, registration: Registration, found: RegistryCustomer | None, now: datetime
    ) -> None:
        """Leads on to the review, back to the details, or to customer service."""
        if registration.identity_index is None:
            raise ValueError("Details are taken from identified people only")
        # Counted before they are compared, so that many registrations at once are no way around.
        key = self._keys.counter_key("registration-mismatch", registration.identity_index)
        attempts, _ = await limits.count(session, key, now, _DAY)
        if attempts <= self._most and await self._match(session, registration, found, now):
            await limits.uncount(session, key)
            return
        registrations.record(session, registration, Event.REGISTRATION_MISMATCHED, at=now)
        if attempts < self._most:
            registration.state = RegistrationState.DETAILS
            registration.refusal = Code.REGISTRATION_DETAILS_DO_NOT_MATCH
            return
        if attempts == self._most:
            _ask_customer_service(session, registration, now)
        registrations.end(session, registration, RegistrationState.HANDED_OVER, at=now)

    async def _match(
        self, session: AsyncSession, registration: Registration, found: RegistryCustomer | None, now: datetime
    ) -> bool:
        """Leads on to the review, if the details are this customer's."""
        today = now.astimezone(self._zone).date()
        if found is None or not _belong_together(registration.details, found, today):
            return False
        brought = await bring_in(session, [found], keys=self._keys, today=today, now=now)
        if found.customer_number not in brought.customer_ids:
            return False  # it contradicts what is known, so nobody may build on it
        registration.customer_id = brought.customer_ids[found.customer_number]
        token = self._keys.registration_token("dispute", registration.id)
        registration.dispute_token_hash = token_hash(token)
        _review(registration)
        registrations.record(session, registration, Event.REGISTRATION_MATCHED, at=now)
        return True


def _ask_customer_service(session: AsyncSession, registration: Registration, now: datetime) -> None:
    """Once for a person and a day: more would be the same request."""
    open_request(
        session,
        ServiceRequest(
            kind=ServiceRequestKind.DETAILS_DO_NOT_MATCH,
            contact={**registration.details, "verified_name": registration.verified_name},
            registration_id=registration.id,
            created_at=now,
        ),
    )


def _review(registration: Registration) -> None:
    registration.state = RegistrationState.REVIEW
    registration.refusal = None


def _waits(registration: Registration, order: CheckDetails) -> bool:
    """Whether these very details still wait for a check."""
    return registration.state is RegistrationState.CHECKING and registration.revision == order.revision


def _belong_together(typed: Mapping[str, str], found: RegistryCustomer, today: date) -> bool:
    return (
        found.kind is CustomerKind.COMPANY
        and found.business_id == typed["business_id"]
        and same_company(found.name, typed["company_name"])
        and any(relation.runs_on(today) for relation in found.relations)
    )
