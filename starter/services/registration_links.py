"""What links in e-mails about registrations do: confirm an address, and *This was not us* (spec 3.2).

Opening a link changes nothing, since mail scanners open links too; what is posted then does.
"""

from dataclasses import dataclass

from domain.codes import Code, Refused
from domain.vocabulary import ProcessKind, ServiceRequestKind
from runtime.keys import token_hash
from starter.services import throttle
from starter.services.context import Services
from starter.services.identified import refuse_when_over
from starter.services.processes import deliver_owed
from store import disputes, outbox, registrations
from store.audit import Event
from store.customers import Customer
from store.registrations import Registration
from store.service_requests import ServiceRequest, open_request
from store.users import User


@dataclass(frozen=True)
class Disputable:
    """A completed registration, as the customer sees it."""

    registration: Registration
    user: User
    customer: Customer


async def confirmable(services: Services, token: str, source: str) -> Registration:
    """The registration whose address this token confirms. Changes nothing.

    Raises Refused: `not_found` for an unknown, replaced or used-up token, `registration.<end>`; TooMany.
    """
    await throttle.look_up(services, source)
    async with services.database.reading() as session:
        found = await registrations.by_email_token_hash(session, token_hash(token))
    if found is None:
        raise Refused(Code.NOT_FOUND)
    refuse_when_over(found, services.clock())
    return found


async def confirm_email(services: Services, token: str, source: str) -> Registration:
    """Confirms the address. Again: the same. Raises what `confirmable` raises."""
    found, now = await confirmable(services, token, source), services.clock()
    async with services.database.transaction() as session:
        registration = await registrations.locked(session, found.id)
        if registration is None or registration.email_token_hash != token_hash(token):
            raise Refused(Code.NOT_FOUND)
        refuse_when_over(registration, now)
        if registration.email_confirmed_at is None:
            registration.email_confirmed_at = now
            registrations.record(session, registration, Event.REGISTRATION_EMAIL_CONFIRMED, at=now)
    return registration


async def disputable(services: Services, token: str, source: str) -> Disputable:
    """The registration that this token lets the customer object to. Changes nothing.

    Raises Refused: `not_found` for an unknown token, `link.used` when the time to object is over; TooMany.
    """
    await throttle.look_up(services, source)
    async with services.database.reading() as session:
        found = await registrations.by_dispute_token_hash(session, token_hash(token))
        if found is None or found.ended_at is None or found.user_id is None or found.customer_id is None:
            raise Refused(Code.NOT_FOUND)
        until = found.ended_at + services.settings.registration.dispute
        if found.disputed_at is None and services.clock() >= until:
            raise Refused(Code.LINK_USED)
        return Disputable(
            found,
            await session.get_one(User, found.user_id),
            await session.get_one(Customer, found.customer_id),
        )


async def dispute(services: Services, token: str, source: str) -> Disputable:
    """*This was not us*: the right is suspended at once, and customer service looks into it. Again: the same.

    Raises what `disputable` raises.
    """
    found, now = await disputable(services, token, source), services.clock()
    async with services.database.transaction() as session:
        registration = await registrations.locked(session, found.registration.id)
        if registration is None:
            raise Refused(Code.NOT_FOUND)
        if registration.disputed_at is None:
            registration.disputed_at = now
            registrations.record(session, registration, Event.REGISTRATION_DISPUTED, at=now)
            suspended = await disputes.suspend_all(session, registration, now)
            open_request(
                session,
                ServiceRequest(
                    kind=ServiceRequestKind.NOT_US,
                    contact={"authorizations_suspended": str(suspended)},
                    registration_id=registration.id,
                    customer_id=registration.customer_id,
                    created_at=now,
                ),
            )
            outbox.owe_signal(session, ProcessKind.REGISTRATION, registration.id, "row_changed", now)
    await deliver_owed(services, found.registration.id)
    return Disputable(registration, found.user, found.customer)
