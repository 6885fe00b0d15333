"""Registrations that wait to be confirmed, as rows alone: for many at the same moment."""

from datetime import timedelta
from uuid import uuid4

from pydantic import SecretStr

from activities.registrations import RegistrationActivities
from domain.contract_links import ContractLinkWaits
from domain.registrations import CompleteRegistration
from domain.vocabulary import CustomerKind, Language, RegistrationState
from runtime.identity_vault import DEVELOPMENT_IDENTITY_KEY, IdentityVault
from runtime.keys import token_hash
from store.customers import Customer
from store.database import Database
from store.registrations import Registration
from tests.activities.running import NOW
from tests.bank import Person, new_person
from tests.factories import KEYS, LONG_AGO, PASSWORD_HASH

VAULT = IdentityVault([SecretStr(DEVELOPMENT_IDENTITY_KEY)])


def activities(database: Database) -> RegistrationActivities:
    """The registration's transactions."""
    return RegistrationActivities(database=database, vault=VAULT, link_waits=ContractLinkWaits())


async def make_reviewed(
    database: Database,
    customer: Customer | None,
    *,
    person: Person | None = None,
    **typed: str,
) -> Registration:
    """One in review, its address confirmed; of a private customer without `customer`."""
    registration_id, person = uuid4(), person or new_person()
    of_company = (
        {} if customer is None else {"company_name": customer.name, "business_id": customer.business_id or ""}
    )
    short = registration_id.hex[:12]
    registration = Registration(
        id=registration_id,
        kind=CustomerKind.PRIVATE if customer is None else CustomerKind.COMPANY,
        state=RegistrationState.REVIEW,
        secret_hash=token_hash(short),
        language=Language.SWEDISH,
        makes_user=True,
        created_at=LONG_AGO,
        deadline=NOW + timedelta(hours=24),
        identity_index=KEYS.identity_index(person.code),
        identity_sealed=VAULT.seal(person.code, registration_id),
        verified_first_name=person.first_name,
        verified_last_name=person.last_name,
        identified_at=LONG_AGO,
        details={
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": f"{short}@example.com",
            "username": short,
            **of_company,
            **typed,
        },
        password_hash=PASSWORD_HASH,
        terms_version="2026-11",
        terms_accepted_at=LONG_AGO,
        revision=1,
        customer_id=None if customer is None else customer.id,
        email_generation=1,
        email_token_hash=token_hash(KEYS.registration_token("confirm", registration_id)),
        email_confirmed_at=LONG_AGO,
    )
    async with database.transaction() as session:
        session.add(registration)
    return registration


def confirming(registration: Registration, revision: int = 1) -> CompleteRegistration:
    """The order to complete it."""
    return CompleteRegistration(registration_id=registration.id, revision=revision, now=NOW)
