"""The e-mails that confirm an address, and mail servers that do not take them (spec 3.2)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind, Language, Message, RegistrationState
from starter.services import customer_registrations, registration_links
from starter.services.refusals import TooMany
from store.registrations import Registration
from tests import factories
from tests.factories import KEYS
from tests.harness import eventually
from tests.registering import Registering, token_in
from tests.smtp_server import Greylist, Reply
from tests.workflows.test_registration_steps import NUMBER, refused

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_the_link_confirms_the_address_it_was_sent_to(company: Registering) -> None:
    registering = company
    applicant = await registering.begin(customer_number=NUMBER, language=Language.ENGLISH)
    await registering.identify(applicant)
    await registering.submit(applicant)
    old = await registering.token(applicant.typed.email)
    assert old == KEYS.registration_token("confirm", applicant.id, 1)
    # Opening it changes nothing, however often.
    for _ in range(3):
        await registration_links.confirmable(registering.services, old, applicant.source)
    assert (await registering.row(applicant)).email_confirmed_at is None
    for wrong in ("", old[:-1], KEYS.registration_token("dispute", applicant.id)):
        with pytest.raises(Refused, match=Code.NOT_FOUND):
            await registration_links.confirm_email(registering.services, wrong, applicant.source)

    # The same mailbox, spelt otherwise or not, stays as confirmed as it is; another one begins anew.
    await registering.confirm_email(applicant)
    await registering.submit(applicant, company_name="Björkbacka Bageri")
    assert (await registering.row(applicant)).email_confirmed_at is not None
    new_address = f"new.{applicant.typed.email}"
    await registering.submit(applicant, email=new_address)
    assert (await registering.row(applicant)).email_confirmed_at is None
    assert await refused(registering, applicant) is Code.REGISTRATION_EMAIL_NOT_CONFIRMED
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await registration_links.confirm_email(registering.services, old, applicant.source)
    await registering.confirm_email(applicant)
    await registering.confirm_email(applicant)
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED
    assert (await registering.user(applicant)).email == new_address
    assert (await registering.events(applicant.id)).count("registration.email_confirmed") == 2


async def test_another_e_mail_is_another_link(company: Registering) -> None:
    registering = company
    applicant = await registering.begin(customer_number=NUMBER)
    address = applicant.typed.email
    await registering.identify(applicant)
    await registering.submit(applicant)
    old = await registering.token(address)
    for mails in (2, 3, 4, 5):
        await customer_registrations.send_confirmation_again(
            registering.services, await registering.row(applicant)
        )
        assert await registering.token(address, mails=mails) != old
    with pytest.raises(TooMany):
        await customer_registrations.send_confirmation_again(
            registering.services, await registering.row(applicant)
        )
    with pytest.raises(TooMany):
        await registering.submit(applicant, email="somewhere.else@example.com")
    assert (await registering.row(applicant)).details["email"] == address
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await registration_links.confirm_email(registering.services, old, applicant.source)
    applicant.typed = replace(applicant.typed, email=address)
    await registering.confirm_email(applicant, mails=5)
    # There is nothing to send any more.
    await customer_registrations.send_confirmation_again(
        registering.services, await registering.row(applicant)
    )
    assert (await registering.row(applicant)).email_generation == 5


async def test_a_users_address_is_told_to_the_user_alone(company: Registering) -> None:
    registering = company
    owner = await factories.make_user(registering.harness.database, language=Language.FINNISH)
    applicant = await registering.begin(customer_number=NUMBER, email=owner.email.upper().lower())
    await registering.identify(applicant)
    # For the applicant it looks as with any other address.
    row = await registering.submit(applicant)
    assert (row.state, row.refusal) == (RegistrationState.REVIEW, None)
    await eventually(lambda: bool(registering.received(applicant.id, owner.email)))
    assert registering.received(applicant.id, owner.email) == [Message.EMAIL_IN_USE]
    [mail] = registering.harness.smtp.messages
    with pytest.raises(AssertionError):
        token_in(mail.raw)
    assert await refused(registering, applicant) is Code.REGISTRATION_EMAIL_NOT_CONFIRMED


async def test_an_address_that_became_a_users_meanwhile(company: Registering) -> None:
    registering = company
    applicant = await registering.review(await registering.begin(customer_number=NUMBER))
    await factories.make_user(registering.harness.database, email=applicant.typed.email)
    assert await refused(registering, applicant) is Code.USER_EXISTS
    assert (await registering.row(applicant)).state is RegistrationState.REVIEW


async def test_a_mail_server_that_is_down_for_hours(company: Registering) -> None:
    registering, over = company, False
    applicant = await registering.begin(customer_number=NUMBER)
    registering.harness.smtp.behave(applicant.typed.email, Greylist(lambda: over))
    await registering.identify(applicant)
    await registering.submit(applicant)
    await eventually(lambda: len(registering.harness.smtp.attempts) >= 2)
    # Details corrected meanwhile do not keep the e-mail from coming: the address is the same.
    await registering.submit(applicant, company_name="Björkbacka Bageri")
    await registering.harness.skip(3 * _HOUR)
    assert registering.harness.smtp.messages == []
    over = True
    await registering.harness.skip(15 * _MINUTE)
    await registering.confirm_email(applicant)
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED


async def test_an_undeliverable_address_can_be_corrected(company: Registering) -> None:
    registering = company
    applicant = await registering.begin(customer_number=NUMBER)
    wrong = applicant.typed.email
    registering.harness.smtp.behave(wrong, Reply(550))
    await registering.identify(applicant)
    await registering.submit(applicant)
    await eventually(lambda: wrong in registering.harness.smtp.attempts)
    await registering.submit(applicant, email=f"right.{wrong}")
    await registering.confirm_email(applicant)
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED
    assert registering.harness.smtp.attempts.count(wrong) == 1


async def test_who_corrects_the_address_does_not_wait_for_the_wrong_one(company: Registering) -> None:
    registering = company
    applicant = await registering.begin(CustomerKind.PRIVATE)
    wrong = applicant.typed.email
    registering.harness.smtp.behave(wrong, Reply(450))
    await registering.identify(applicant)
    await registering.submit(applicant)
    await eventually(lambda: registering.harness.smtp.attempts.count(wrong) >= 2)
    await registering.submit(applicant, email=f"right.{wrong}")
    await registering.confirm_email(applicant)
    tried = registering.harness.smtp.attempts.count(wrong)
    await registering.harness.skip(2 * _HOUR)
    assert registering.harness.smtp.attempts.count(wrong) == tried
    assert len(await registering.all_of(Registration)) == 1
