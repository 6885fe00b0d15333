"""What the registration process writes to whom, in the reader's language (spec 3.2, step 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.notifications import Letter
from domain.vocabulary import Language, Level, Message, Subpage
from emails import props
from emails.letters import customer_label
from runtime.keys import Keys
from store.authorizations import Authorization
from store.customers import Customer
from store.registrations import Registration
from store.users import User


class RegistrationLetters:
    """Writes them. `origin` has no trailing slash; `fallback` is the language of readers without a user."""

    def __init__(self, *, keys: Keys, origin: str, fallback: Language) -> None:
        self._keys = keys
        self._origin = origin
        self._fallback = fallback

    def confirmation(self, registration: Registration) -> Letter:
        """Its link confirms the address that was typed."""
        token = self._keys.registration_token("confirm", registration.id, registration.email_generation)
        written = props.EmailConfirmationProps(
            first_name=registration.details["first_name"],
            customer_name=registration.details.get("company_name"),
            link=f"{self._origin}/email-confirmations/open/{token}",
            deadline=registration.deadline,
        )
        return self._to_typed(registration, Message.EMAIL_CONFIRMATION, written)

    def in_use(self, registration: Registration, owner: User) -> Letter:
        """Tells the user whose address was typed that he has a user; in his language."""
        written = props.EmailInUseProps(login_link=f"{self._origin}/login")
        return Letter(
            Message.EMAIL_IN_USE,
            owner.email,
            owner.language,
            lambda _: written,
            sequence=registration.email_generation,
        )

    def _to_typed(self, registration: Registration, message: Message, written: props.EmailProps) -> Letter:
        return Letter(
            message,
            registration.details["email"],
            registration.language,
            lambda _: written,
            sequence=registration.email_generation,
        )

    def completed(self, registration: Registration, user: User, customer: Customer | None) -> Letter:
        """To the person."""
        written = props.RegistrationCompletedProps(
            first_name=user.first_name,
            customer=None if customer is None else customer_label(customer),
            role=registration.role,
            completed_at=_ended_at(registration),
            link=f"{self._origin}/services",
        )
        return Letter(Message.REGISTRATION_COMPLETED, user.email, user.language, lambda _: written)

    def notices(self, told: "Completed", dispute: timedelta) -> Sequence[Letter]:
        """To the registry's contact and to the other administrators, each with *This was not us*."""
        notice = self._notice(told, dispute)
        letters = []
        if told.customer.contact_email is not None:
            letters.append(
                Letter(
                    Message.REGISTRATION_NOTICE, told.customer.contact_email, self._fallback, lambda _: notice
                )
            )
        # Nobody's place among all who ever held something changes, so a repeat has the same numbers.
        for place, held in enumerate(told.ever_held, start=2):
            if _manages(held, _ended_at(told.registration)) and held.user_id != told.user.id:
                letters.append(
                    Letter(
                        Message.REGISTRATION_NOTICE,
                        held.user.email,
                        held.user.language,
                        lambda _: notice,
                        sequence=place,
                    )
                )
        return _one_each(letters)

    def _notice(self, told: "Completed", dispute: timedelta) -> props.RegistrationNoticeProps:
        registration = told.registration
        if registration.role is None:
            raise ValueError("A completed registration of a company has a role")
        token = self._keys.registration_token("dispute", registration.id)
        return props.RegistrationNoticeProps(
            customer=customer_label(told.customer),
            person_name=told.verified_name,
            role=registration.role,
            registered_at=_ended_at(registration),
            dispute_link=f"{self._origin}/disputes/open/{token}",
            dispute_until=_ended_at(registration) + dispute,
        )

    def suspended(self, user: User, customer: Customer, at: datetime) -> Letter:
        """To the person, after the customer objected."""
        written = props.RegistrationSuspendedProps(
            first_name=user.first_name, customer=customer_label(customer), suspended_at=at
        )
        return Letter(Message.REGISTRATION_SUSPENDED, user.email, user.language, lambda _: written)


@dataclass(frozen=True)
class Completed:
    """A completed registration of a company, and who must know of it."""

    registration: Registration
    user: User
    verified_name: str
    customer: Customer
    ever_held: Sequence[Authorization]


def _manages(held: Authorization, at: datetime) -> bool:
    return (
        held.ended_at is None
        and held.suspended_at is None
        and held.valid_from <= at
        and held.levels[Subpage.USERS] is Level.WRITE
    )


def _one_each(letters: Sequence[Letter]) -> Sequence[Letter]:
    """Of several to the same address (who manages electricity and heating, say) the first."""
    found: dict[str, Letter] = {}
    for letter in letters:
        found.setdefault(letter.recipient, letter)
    return list(found.values())


def _ended_at(registration: Registration) -> datetime:
    if registration.ended_at is None:
        raise ValueError("The registration has not ended")
    return registration.ended_at
