"""One process for every way a registration or a fetching of contracts can go, as in `scenarios`."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind, RegistrationState
from starter.services import customer_registrations, registration_links
from tests import factories
from tests.factories import KEYS
from tests.frontend import new_source
from tests.harness import eventually
from tests.registering import Applicant, Registering
from tests.registry.stand_in import contract, private
from tests.smtp_server import Greylist
from tests.workflows.test_registration_registry import go_down

Scenario = Callable[[Registering], Awaitable[WorkflowHandle[Any, Any]]]
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
NUMBER = "700101"


async def began(registering: Registering, **begin: Any) -> Applicant:
    """Somebody who has identified, of a company that the registry has."""
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    applicant = await registering.begin(**({"customer_number": NUMBER} | begin))
    await registering.identify(applicant)
    return applicant


async def registration_completed(registering: Registering) -> WorkflowHandle[Any, Any]:
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    applicant = await registering.complete(customer_number=NUMBER)
    await registering.ended(applicant)
    return registering.process(applicant)


async def registration_disputed(registering: Registering) -> WorkflowHandle[Any, Any]:
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    applicant = await registering.complete(customer_number=NUMBER)
    token = KEYS.registration_token("dispute", applicant.id)
    await registration_links.dispute(registering.services, token, new_source())
    return registering.process(applicant)


async def registration_of_a_private_customer(registering: Registering) -> WorkflowHandle[Any, Any]:
    return registering.process(await registering.complete(CustomerKind.PRIVATE))


async def registration_added_to_a_user(registering: Registering) -> WorkflowHandle[Any, Any]:
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    user = await factories.make_user(registering.harness.database)
    applicant = await registering.complete(customer_number=NUMBER, user=user)
    await registering.ended(applicant)
    return registering.process(applicant)


async def registration_confirmed_too_early(registering: Registering) -> WorkflowHandle[Any, Any]:
    applicant = await began(registering)
    with pytest.raises(Refused, match=Code.REGISTRATION_NOT_READY):
        await registering.confirm(applicant, revision=1)
    await registering.submit(applicant)
    with pytest.raises(Refused, match=Code.REGISTRATION_EMAIL_NOT_CONFIRMED):
        await registering.confirm(applicant)
    await registering.confirm_email(applicant)
    await registering.confirm(applicant)
    await registering.ended(applicant)
    return registering.process(applicant)


async def registration_already_user(registering: Registering) -> WorkflowHandle[Any, Any]:
    first = await registering.complete(CustomerKind.PRIVATE)
    again = await registering.begin(person=first.person)
    await registering.identify(again)
    return registering.process(again)


async def registration_already_user_at_the_end(registering: Registering) -> WorkflowHandle[Any, Any]:
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    one = await registering.review(await registering.begin(customer_number=NUMBER))
    await registering.complete(CustomerKind.PRIVATE, person=one.person)
    with pytest.raises(Refused, match=Code.REGISTRATION_ALREADY_USER):
        await registering.confirm(one)
    return registering.process(one)


async def registration_handed_over(registering: Registering) -> WorkflowHandle[Any, Any]:
    applicant = await began(registering, customer_number="700999")
    for code in [Code.REGISTRATION_DETAILS_DO_NOT_MATCH] * 4 + [Code.REGISTRATION_HANDED_OVER]:
        with pytest.raises(Refused, match=code):
            await registering.submit(applicant)
    return registering.process(applicant)


async def registration_never_identified(registering: Registering) -> WorkflowHandle[Any, Any]:
    applicant = await registering.begin()
    await registering.harness.skip(31 * _MINUTE)
    return registering.process(applicant)


async def registration_abandoned(registering: Registering) -> WorkflowHandle[Any, Any]:
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    applicant = await registering.review(await registering.begin(customer_number=NUMBER))
    await registering.harness.skip(25 * _HOUR)
    return registering.process(applicant)


async def registration_given_up(registering: Registering) -> WorkflowHandle[Any, Any]:
    applicant = await began(registering)
    await registering.give_up(applicant)
    return registering.process(applicant)


async def registration_after_an_outage(registering: Registering) -> WorkflowHandle[Any, Any]:
    """Of the registry, for hours, while details are corrected; then of the mail server."""
    over = False
    applicant = await began(registering)
    registering.harness.smtp.behave(applicant.typed.email, Greylist(lambda: over))
    go_down(registering.stand_in, come_back=_HOUR)
    await registering.submit_and_leave(applicant)
    await registering.submit_and_leave(applicant, company_name="Björkbacka Bageri")
    await registering.harness.skip(3 * _HOUR)
    registering.stand_in.answers.clear()
    await registering.harness.skip(2 * _HOUR)
    await registering.knows(applicant, RegistrationState.REVIEW)
    await eventually(lambda: len(registering.harness.smtp.attempts) >= 2)
    over = True
    await customer_registrations.send_confirmation_again(
        registering.services, await registering.row(applicant)
    )
    await registering.confirm_email(applicant)
    await registering.confirm(applicant)
    await registering.ended(applicant)
    return registering.process(applicant)


async def registration_never_checked(registering: Registering) -> WorkflowHandle[Any, Any]:
    applicant = await began(registering)
    go_down(registering.stand_in, come_back=_HOUR)
    await registering.submit_and_leave(applicant)
    await registering.harness.skip(25 * _HOUR)
    return registering.process(applicant)


async def contract_link_linked(registering: Registering) -> WorkflowHandle[Any, Any]:
    applicant = await registering.begin(CustomerKind.PRIVATE)
    registering.stand_in.says(private(code=applicant.person.code, electricity=[contract("E-1")]))
    await registering.review(applicant)
    link_id = (await registering.confirm(applicant)).contract_link_id
    assert link_id is not None
    return registering.link_process(link_id)


async def contract_link_after_an_outage(registering: Registering) -> WorkflowHandle[Any, Any]:
    go_down(registering.stand_in, come_back=_HOUR)
    handle = await contract_link_linked(registering)
    await registering.harness.skip(3 * _HOUR)
    registering.stand_in.answers.clear()
    await registering.harness.skip(2 * _HOUR)
    return handle


async def contract_link_failed(registering: Registering) -> WorkflowHandle[Any, Any]:
    go_down(registering.stand_in, come_back=_HOUR)
    handle = await contract_link_linked(registering)
    await registering.harness.skip(25 * _HOUR)
    return handle


SCENARIOS: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        registration_completed,
        registration_disputed,
        registration_of_a_private_customer,
        registration_added_to_a_user,
        registration_confirmed_too_early,
        registration_already_user,
        registration_already_user_at_the_end,
        registration_handed_over,
        registration_never_identified,
        registration_abandoned,
        registration_given_up,
        registration_after_an_outage,
        registration_never_checked,
        contract_link_linked,
        contract_link_after_an_outage,
        contract_link_failed,
    )
}
