"""Nothing personal of a registration in Temporal, in logs, or in what lasts, in failures neither (A42)."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind
from starter.services import registration_links, service_requests
from store.service_requests import ServiceRequest
from tests.activities.running import everything
from tests.bank import new_person
from tests.factories import KEYS, PASSWORD
from tests.faulty_database import Fault, FaultyDatabase
from tests.frontend import new_source
from tests.harness import eventually
from tests.leaks import assert_nothing_personal, raw_history
from tests.registering import Applicant, Registering
from tests.registry.stand_in import contract, private
from tests.smtp_server import Reply
from tests.workflows.test_registration_registry import nonsense

_HOUR = timedelta(hours=1)
COMPANY = "Kanelbullens Kanariefåglar Ab"
NUMBER = "70010142"


def size_of(path: Path) -> int:
    return path.stat().st_size


def personal(applicant: Applicant) -> list[str]:
    person, typed = applicant.person, applicant.typed
    tokens = [KEYS.registration_token("confirm", applicant.id, each) for each in (1, 2)]
    dispute = KEYS.registration_token("dispute", applicant.id)
    return [
        *(person.code, KEYS.identity_index(person.code), person.first_name, person.last_name),
        *(typed.email, typed.username, PASSWORD, COMPANY, "Kanelbullens", NUMBER, "0737546-2"),
        *(*tokens, dispute, applicant.secret, "Fågelström"),
    ]


async def assert_clean(registering: Registering, applicants: list[Applicant]) -> bytes:
    """The histories and descriptions of all processes; what lasts in the database; returns the histories."""
    words = [word for each in applicants for word in personal(each)]
    found = b""
    for each in applicants:
        found += await raw_history(registering.process(each))
        link = (await registering.row(each)).contract_link_id
        found += b"" if link is None else await raw_history(registering.link_process(link))
    assert_nothing_personal(found, words)
    dump = await everything(registering.harness.database)
    lasting = ("audit_events", "outbox", "counters", "messages", "identifications")
    assert_nothing_personal(repr([dump[table] for table in lasting]).encode(), words)
    # What was typed is where it belongs, and would be found. Some of it is nowhere at all.
    with pytest.raises(AssertionError):
        assert_nothing_personal(repr(dump["users"]).encode(), words)
    nowhere = [each.person.code for each in applicants] + [each.secret for each in applicants]
    assert_nothing_personal(repr(dump).encode(), [PASSWORD, *nowhere])
    return found


async def test_what_goes_well(registering: Registering, log_file: Path) -> None:
    begins = await asyncio.to_thread(size_of, log_file)
    person = new_person("Kanariina", "Fågelström")
    registering.says_company(NUMBER, name=COMPANY, electricity=[contract("E-1")])
    registering.stand_in.says(private("300101", code=person.code, electricity=[contract("E-2")]))
    words: dict[str, Any] = {"customer_number": NUMBER, "company_name": COMPANY}
    company = await registering.complete(person=new_person("Kanariina", "Fågelström"), **words)
    home = await registering.complete(CustomerKind.PRIVATE, person=person)
    token = KEYS.registration_token("dispute", company.id)
    await registration_links.dispute(registering.services, token, new_source())
    for each in (company, home):
        await registering.process(each).result()
    link = (await registering.row(home)).contract_link_id
    assert link is not None
    await registering.link_process(link).result()

    await assert_clean(registering, [company, home])
    logs = (await asyncio.to_thread(log_file.read_bytes))[begins:]
    assert_nothing_personal(logs, [*personal(company), *personal(home)])


async def test_what_fails(idle_registering: Registering, log_file: Path) -> None:
    """The database, the mail server and the registry repeat what they were told, in their errors."""
    registering, harness = idle_registering, idle_registering.harness
    begins = await asyncio.to_thread(size_of, log_file)
    registering.says_company(NUMBER, name=COMPANY, electricity=[contract("E-1")])
    applicant = await registering.begin(
        customer_number=NUMBER, company_name=COMPANY, person=new_person("Kanariina", "Fågelström")
    )
    talkative = FaultyDatabase(harness.database, words=" ".join(personal(applicant)))
    async with harness.worker(talkative):
        await registering.identify(applicant)
        registering.stand_in.answers.extend([nonsense, nonsense])
        await registering.submit_and_leave(applicant)
        await harness.skip(timedelta(minutes=1))
        for fault in (Fault.BEFORE_COMMIT, Fault.AFTER_COMMIT):
            harness.smtp.behave(applicant.typed.email, [Reply(450), Reply(450)])
            talkative.faults.extend([fault] * 3)
            await registering.submit(applicant, email=f"{fault.name.lower()}.{applicant.typed.email}")
            await harness.skip(timedelta(minutes=20))
        await registering.confirm_email(applicant)
        talkative.faults.extend([Fault.BEFORE_COMMIT, Fault.UNREACHABLE, Fault.AFTER_COMMIT])
        confirming = asyncio.create_task(registering.confirm(applicant))
        await eventually(lambda: not talkative.faults)
        await harness.skip(timedelta(minutes=1))
        await confirming
        await harness.skip(_HOUR)
        found = await assert_clean(registering, [applicant])
    await talkative.close()

    # The regular activities after the local ones, with their failures.
    assert found.count(b"CompleteRegistration") > 1
    logs = (await asyncio.to_thread(log_file.read_bytes))[begins:]
    assert b"registry.unavailable" in logs
    assert_nothing_personal(logs, personal(applicant))


async def test_no_refusal_says_more_than_its_code(registering: Registering) -> None:
    registering.says_company(NUMBER, name=COMPANY, electricity=[contract("E-1")])
    applicant = await registering.begin(customer_number=NUMBER, company_name="Något annat")
    await registering.identify(applicant)
    with pytest.raises(Refused) as refusal:
        await registering.submit(applicant)
    assert refusal.value.args == (Code.REGISTRATION_DETAILS_DO_NOT_MATCH.value,)


async def test_what_customer_service_is_given_is_there_alone(registering: Registering) -> None:
    given = {"name": "Kanariina Fågelström", "email": "kanariina@example.com", "message": "Hjälp mig!"}
    await service_requests.ask_without_means(registering.services, phone="", source="10.9.9.9", **given)
    [request] = await registering.all_of(ServiceRequest)
    assert request.contact == given
    dump = await everything(registering.harness.database)
    dump.pop("service_requests")
    assert_nothing_personal(repr(dump).encode(), [*given.values(), "10.9.9.9"])
