"""Registering in tests, step by step, as pages and the API let people do it.

    registering.says_company("700101", electricity=[contract("E-1")])
    maija = await registering.begin(customer_number="700101")
    await registering.identify(maija)
    await registering.submit(maija)
    await registering.confirm_email(maija)
    row = await registering.confirm(maija)

or all of it: `await registering.complete(...)`. The fixtures are in `tests/fixtures/registrations.py`.
"""

import asyncio
import re
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from temporalio.client import Client, WorkflowHandle

from domain import ids
from domain.contract_links import ContractLinkResult
from domain.registrations import RegistrationProgress, RegistrationResult
from domain.vocabulary import CustomerKind, Language, Message, ProcessKind, RegistrationState
from registry.http import HttpRegistry
from runtime.failures import DATA_CONVERTER
from runtime.keys import new_token, token_hash
from starter.services import (
    customer_registrations,
    identifications,
    registration_completion,
    registration_links,
)
from starter.services.context import Services
from starter.services.identifications import Answer, Returned
from starter.services.registration_details import Typed
from store import audit, authorizations
from store.authorizations import Authorization
from store.base import Base
from store.registrations import Registration
from store.sessions import Session
from store.users import User
from tests.bank import Bank, Person, new_person, state_of
from tests.dev_server import free_port
from tests.factories import PASSWORD
from tests.frontend import make_services, new_source
from tests.harness import Harness, eventually, eventually_true
from tests.registry.stand_in import Said, StandIn, company
from workflows.registration import RegistrationProcess

NAME, BUSINESS_ID = "Björkbacka Bageri Ab", "0737546-2"
Row = TypeVar("Row", bound=Base)
_NUMBERS = count(1)
_LINK = re.compile(r"/(?:email-confirmations|disputes)/open/([A-Za-z0-9_-]{43})")


@dataclass
class Applicant:
    """Somebody who registers: the person, what the browser holds, and what is typed there."""

    id: UUID
    secret: str
    person: Person
    typed: Typed
    source: str


class Registering:
    """Everything around a registration. `stand_in` is the retailer's registry, asked over HTTP."""

    def __init__(self, harness: Harness, bank: Bank, stand_in: StandIn, registry: HttpRegistry) -> None:
        self.harness, self.bank, self.stand_in = harness, bank, stand_in
        harness.registry = registry
        self._left: list[asyncio.Task[Any]] = []
        self.services = make_services(
            harness.settings, harness.database, harness.client, harness.clock, identity_provider=bank
        )

    async def without_temporal(self) -> Services:
        """The same use cases, but they do not reach Temporal."""
        nowhere = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True, data_converter=DATA_CONVERTER)
        harness = self.harness
        return make_services(
            harness.settings, harness.database, nowhere, harness.clock, identity_provider=self.bank
        )

    # Customers

    def says_company(self, number: str, *, name: str = NAME, **relations: Sequence[Said]) -> None:
        """The registry has this company."""
        self.stand_in.says(company(number, name=name, business_id=BUSINESS_ID, **relations))

    # What people do

    async def begin(
        self,
        kind: CustomerKind = CustomerKind.COMPANY,
        *,
        user: User | None = None,
        person: Person | None = None,
        language: Language = Language.SWEDISH,
        **typed: Any,
    ) -> Applicant:
        """Chooses the kind of customer. `typed` changes what will be typed."""
        await self.harness.now()
        source = new_source()
        begun = await customer_registrations.begin(self.services, kind, language, source, user=user)
        person = person or new_person()
        details = details_of(kind, person, registered=user is not None, **typed)
        return Applicant(begun.registration.id, begun.secret, person, details, source)

    async def identify(
        self, applicant: Applicant, person: Person | None = None, *, session: Session | None = None
    ) -> Returned:
        """Goes to the bank as himself, or as somebody else, and comes back."""
        await self.harness.now()
        begun = await identifications.begin_for_registration(
            self.services, await self.row(applicant), applicant.secret, "nordea", session=session
        )
        code = self.bank.identify(begun.authorization_url, person or applicant.person)
        answer = Answer(
            state=state_of(begun.authorization_url),
            code=code,
            error="",
            issuer=None,
            holders=[applicant.secret],
        )
        return await identifications.complete(self.services, answer)

    async def submit(self, applicant: Applicant, **changes: Any) -> Registration:
        """Sends the details, with changes, and waits for the registry's word."""
        await self.harness.now()
        applicant.typed = replace(applicant.typed, **changes)
        row = await self.row(applicant)
        return await customer_registrations.submit(self.services, row, applicant.typed)

    async def submit_and_leave(self, applicant: Applicant, **changes: Any) -> None:
        """Sends the details, and closes the window once a registry that is down has been asked twice."""
        asked = len(self.stand_in.asked)
        self.leave(self.submit(applicant, **changes))
        # The quick try, and the first one by the server's queue; what follows waits.
        await eventually(lambda: len(self.stand_in.asked) >= asked + 2)

    def leave(self, waiting: Coroutine[Any, Any, Any]) -> None:
        """Asks for something without waiting for the answer, as who closes the window does."""
        self._left.append(asyncio.create_task(waiting))

    async def close(self) -> None:
        """Lets what was left come to its end."""
        await asyncio.gather(*self._left, return_exceptions=True)

    async def confirm_email(self, applicant: Applicant, *, mails: int = 1) -> None:
        """Follows the link of the latest of so many e-mails."""
        token = await self.token(applicant.typed.email, mails=mails)
        await self.harness.now()
        await registration_links.confirm_email(self.services, token, applicant.source)

    async def confirm(self, applicant: Applicant, *, revision: int | None = None) -> Registration:
        """Confirms what is reviewed."""
        await self.harness.now()
        row = await self.row(applicant)
        return await registration_completion.confirm(self.services, row, revision or row.revision)

    async def give_up(self, applicant: Applicant) -> None:
        """Ends it at his own wish."""
        await self.harness.now()
        await customer_registrations.give_up(self.services, await self.row(applicant))

    async def review(self, applicant: Applicant) -> Applicant:
        """Takes somebody who has begun to where only confirming is left."""
        assert (await self.identify(applicant)).refusal is None
        assert (await self.submit(applicant)).state is RegistrationState.REVIEW
        if (await self.row(applicant)).makes_user:
            await self.confirm_email(applicant)
        return applicant

    async def complete(self, kind: CustomerKind = CustomerKind.COMPANY, **begin: Any) -> Applicant:
        """All of it."""
        applicant = await self.review(await self.begin(kind, **begin))
        assert (await self.confirm(applicant)).state is RegistrationState.COMPLETED
        return applicant

    # What there is to see

    async def token(self, address: str, *, mails: int = 1) -> str:
        """What the link in the latest of so many e-mails to an address holds."""
        taken = await self.harness.smtp.taken(to=address, count=mails)
        return token_in(taken[mails - 1].raw)

    async def row(self, applicant: Applicant) -> Registration:
        """The registration as the database has it."""
        async with self.harness.database.reading() as session:
            return await session.get_one(Registration, applicant.id)

    async def user(self, applicant: Applicant) -> User:
        """The user whose registration it is."""
        async with self.harness.database.reading() as session:
            return await session.get_one(User, (await self.row(applicant)).user_id)

    async def grants(self, process_id: UUID) -> Sequence[Authorization]:
        """What a process granted."""
        async with self.harness.database.reading() as session:
            return await authorizations.of_process(session, process_id)

    async def events(self, process_id: UUID) -> list[str]:
        """A process's audit events, in order."""
        async with self.harness.database.reading() as session:
            return [each.event.value for each in await audit.of_process(session, process_id)]

    async def all_of(self, table: type[Row]) -> Sequence[Row]:
        """Every row of a table."""
        async with self.harness.database.reading() as session:
            return (await session.scalars(select(table))).all()

    def received(self, process_id: UUID, address: str) -> list[Message]:
        """A process's e-mails that somebody has got, in order, known by their Message-IDs."""
        known = {
            str(ids.message_id(process_id, message, sequence)): message
            for message in Message
            for sequence in range(1, 10)
        }
        mails = [message_from_bytes(each.raw) for each in self.harness.smtp.messages if each.to == address]
        found = [known.get(mail["Message-ID"].strip("<>").partition("@")[0]) for mail in mails]
        return [each for each in found if each is not None]

    def process(self, applicant: Applicant) -> WorkflowHandle[RegistrationProcess, RegistrationResult]:
        """The registration's process. Waiting for its result skips time, but not weeks of it: `ended`."""
        return self.harness.client.get_workflow_handle(
            ids.workflow_id(ProcessKind.REGISTRATION, applicant.id), result_type=RegistrationResult
        )

    async def ended(self, applicant: Applicant) -> RegistrationState:
        """How the process ends, once the customer's time to object is over."""
        await self.harness.environment.sleep(self.services.settings.registration.dispute + timedelta(hours=1))
        return (await self.process(applicant).result()).state

    def link_process(self, link_id: UUID) -> WorkflowHandle[Any, ContractLinkResult]:
        """The process of a fetching of contracts."""
        return self.harness.client.get_workflow_handle(
            ids.workflow_id(ProcessKind.CONTRACT_LINK, link_id), result_type=ContractLinkResult
        )

    async def knows(self, applicant: Applicant, state: RegistrationState) -> None:
        """Waits, without skipping time, until the process knows that it is there."""

        async def there() -> bool:
            return (await self.progress(applicant)).state is state

        await eventually_true(there, 30)

    async def progress(self, applicant: Applicant) -> RegistrationProgress:
        """What the process says of itself."""
        return await self.process(applicant).query(RegistrationProcess.progress)


def details_of(kind: CustomerKind, person: Person, *, registered: bool = False, **typed: Any) -> Typed:
    """What a person types; a registered user types nothing about himself."""
    number = next(_NUMBERS)
    company_fields: dict[str, Any] = {
        "company_name": NAME,
        "business_id": BUSINESS_ID,
        "declared_right_to_see": True,
    }
    person_fields: dict[str, Any] = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": f"applicant{number}@example.com",
        "username": f"applicant{number}",
        "password": PASSWORD,
    }
    fields: dict[str, Any] = {"terms_version": "2026-11", "declared_accurate": True}
    if kind is CustomerKind.COMPANY:
        fields |= company_fields
    if not registered:
        fields |= person_fields
    return Typed(**(fields | typed))


async def log_in(services: Services, user: User) -> tuple[Session, str]:
    """A session of a user, and its token."""
    token, now = new_token(), services.clock()
    started = Session(
        token_hash=token_hash(token),
        user_id=user.id,
        source_hash="",
        created_at=now,
        last_seen_at=now,
        expires_at=now + services.settings.sessions.lifetime,
    )
    async with services.database.transaction() as session:
        session.add(started)
    return started, token


def token_in(raw: bytes) -> str:
    """The token of the link in an e-mail about a registration."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found is not None, body.get_content()
    return found[1]
