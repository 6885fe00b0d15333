"""The e-mails of the registration process (spec 3.2)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.notifications import Letter, Notifier, attempt_time
from activities.registration_letters import Completed, RegistrationLetters
from activities.registrations import existing
from domain.registrations import SendConfirmation, TellOfDispute, TellOfRegistration
from domain.vocabulary import DeliveryState, Message, Role, ServiceRequestKind
from store import (
    authorizations,
    identifications,
    messages,
    outbox,
    registrations,
    service_requests,
    users,
)
from store.customers import Customer
from store.database import Database
from store.registrations import Registration
from store.service_requests import ServiceRequest, open_request
from store.users import User


class RegistrationMessages:
    """Sends them, each once."""

    def __init__(self, database: Database, notifier: Notifier, letters: RegistrationLetters) -> None:
        self._database = database
        self._notifier = notifier
        self._letters = letters

    @activity.defn(name="SendConfirmation")
    async def send_confirmation(self, order: SendConfirmation) -> None:
        """Sends the link that confirms the address; to one that is a user's already, word of that instead."""
        async with self._database.reading() as session:
            registration = existing(await registrations.registration(session, order.registration_id))
            if not registration.state.is_open or registration.email_generation != order.generation:
                return
            owner = await users.by_email(session, registration.details["email"])
        letter = (
            self._letters.confirmation(registration)
            if owner is None
            else self._letters.in_use(registration, owner)
        )
        await self._notifier.send(registration.id, letter, now=attempt_time(order.now))

    @activity.defn(name="TellOfRegistration")
    async def tell_of_completion(self, news: TellOfRegistration) -> None:
        """Tells the person, the customer's contact and the administrators. Nobody is told twice."""
        async with self._database.transaction() as session:
            await outbox.signal_needless(session, news.registration_id, "row_changed")
        async with self._database.reading() as session:
            registration, user, customer = await _completed(session, news.registration_id)
            letters: list[Letter] = [self._letters.completed(registration, user, customer)]
            if customer is not None:
                told = await _who_must_know(session, registration, user, customer)
                letters += self._letters.notices(told, news.dispute)
        await self._notifier.send_all(news.registration_id, letters, now=attempt_time(news.now))
        await self.note_untold(news)

    @activity.defn(name="NoteUntold")
    async def note_untold(self, news: TellOfRegistration) -> None:
        """Asks customer service to tell the customer of a first administrator whom no e-mail announced.

        Without that nobody could say *This was not us*.
        """
        async with self._database.transaction() as session:
            registration = existing(await registrations.locked(session, news.registration_id))
            sent = await messages.of_process(session, registration.id)
            told = any(
                each.template is Message.REGISTRATION_NOTICE and each.delivery is DeliveryState.SENT
                for each in sent
            )
            asked = await service_requests.exists(session, registration.id, ServiceRequestKind.OTHER)
            if registration.role is not Role.ADMINISTRATOR or told or asked:
                return
            open_request(
                session,
                ServiceRequest(
                    kind=ServiceRequestKind.OTHER,
                    contact={"reason": "first_administrator_not_announced"},
                    registration_id=registration.id,
                    customer_id=registration.customer_id,
                    created_at=attempt_time(news.now),
                ),
            )

    @activity.defn(name="TellOfDispute")
    async def tell_of_dispute(self, news: TellOfDispute) -> None:
        """Tells the person that the customer objected."""
        async with self._database.reading() as session:
            registration, user, customer = await _completed(session, news.registration_id)
        if customer is not None and registration.disputed_at is not None:
            letter = self._letters.suspended(user, customer, registration.disputed_at)
            await self._notifier.send(news.registration_id, letter, now=attempt_time(news.now))


async def _completed(
    session: AsyncSession, registration_id: UUID
) -> tuple[Registration, User, Customer | None]:
    registration = await session.get_one(Registration, registration_id)
    user = await session.get_one(User, registration.user_id)
    if registration.customer_id is None:
        return registration, user, None
    return registration, user, await session.get_one(Customer, registration.customer_id)


async def _who_must_know(
    session: AsyncSession, registration: Registration, user: User, customer: Customer
) -> Completed:
    return Completed(
        registration=registration,
        user=user,
        verified_name=await identifications.verified_name(session, user),
        customer=customer,
        ever_held=await authorizations.of_customer(session, customer.id),
    )
