"""What registration and the fetching of contracts tell to whom (spec 3.2, 3.3; case A34)."""

from collections.abc import Mapping

import pytest

from domain.vocabulary import CustomerKind, Language, Message, Role
from emails.labels import abilities, label, others_abilities
from emails.letters import customer_label
from emails.props import CustomerLabel, EmailInUseProps, EmailProps, RegistrationSuspendedProps
from emails.render import RenderedEmail, render
from emails.samples import SAMPLE_BRAND, sample_props
from runtime.texts import translate
from store.customers import Customer
from tests.emails.reading import Page

EN = Language.ENGLISH
LINKS: Mapping[Message, str] = {
    Message.EMAIL_CONFIRMATION: "link",
    Message.EMAIL_IN_USE: "login_link",
    Message.REGISTRATION_COMPLETED: "link",
    Message.REGISTRATION_NOTICE: "dispute_link",
    Message.CONTRACTS_LINKED: "link",
    Message.CONTRACTS_NOT_LINKED: "link",
}
# How the e-mails can differ from their samples.
VARIANTS: Mapping[Message, list[dict[str, object]]] = {
    Message.EMAIL_CONFIRMATION: [{"customer_name": None}],
    Message.REGISTRATION_COMPLETED: [{"customer": None, "role": None}, {"role": Role.VIEWER}],
    Message.REGISTRATION_NOTICE: [{"role": Role.VIEWER}],
    Message.CONTRACTS_LINKED: [{"linked": ()}, {"closed": ()}, {"linked": (), "closed": ()}],
}


def rendered(message: Message, language: Language = EN, **changes: object) -> RenderedEmail:
    return render(message, language, sample_props(message, language).model_copy(update=changes), SAMPLE_BRAND)


def words_of(email: RenderedEmail) -> str:
    """The HTML's text on one line; asserts that the plain text says all of it, and the same."""
    shown = " ".join(Page(email.html).text.split())
    for line in filter(None, email.text.splitlines()):
        pieces = [line] if line in shown else line.split(": ", 1)
        assert line.startswith("---") or all(piece.removesuffix(":") in shown for piece in pieces), line
    return shown


def business_id(language: Language) -> str:
    return translate(language, "Business ID")


@pytest.mark.parametrize(
    ("message", "changes"),
    [(message, changes) for message, several in VARIANTS.items() for changes in several],
)
@pytest.mark.parametrize("language", Language)
def test_variants_are_whole_in_html_and_text(
    message: Message, language: Language, changes: dict[str, object]
) -> None:
    email, sample = rendered(message, language, **changes), rendered(message, language)
    shown = words_of(email)
    for text in (shown, email.text, email.subject):
        assert "None" not in text
        assert "[]" not in text
    assert email.text != sample.text
    assert "\n\n\n" not in email.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("message", LINKS)
def test_link_is_a_button_and_an_address_to_copy(message: Message, language: Language) -> None:
    link = getattr(sample_props(message, language), LINKS[message])
    email = rendered(message, language)
    page = Page(email.html)
    assert page.targets.count(link) == 2
    assert link in page.text
    assert f"\n{link}\n" in email.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "message",
    [Message.REGISTRATION_COMPLETED, Message.REGISTRATION_NOTICE, Message.REGISTRATION_SUSPENDED],
)
def test_company_is_named_with_its_business_id(message: Message, language: Language) -> None:
    email = rendered(message, language)
    named = f"Mallbageriet Ab\n{business_id(language)}: 1234567-1\n"
    assert named in email.text
    assert f"Mallbageriet Ab {business_id(language)} 1234567-1" in words_of(email)
    assert "Mallbageriet" not in email.subject  # where there is no room for the ID
    without = rendered(message, language, customer=CustomerLabel(customer_name="Förening", business_id=None))
    assert f"{business_id(language)}: " not in without.text


def test_subjects_hold_nothing_that_was_typed() -> None:
    email = rendered(Message.EMAIL_CONFIRMATION, first_name="Typed", customer_name="Typed")
    assert email.text.count("Typed") == 2
    assert "Typed" not in email.subject


def test_confirmation_tells_until_when_and_that_nothing_need_be_done() -> None:
    shown = words_of(rendered(Message.EMAIL_CONFIRMATION))
    assert "at the latest on Sunday 29 November 2026 at 14:05 Finnish time" in shown
    assert "you need not do anything" in shown
    assert "Company, as typed at the registration Mallbageriet Ab" in shown
    assert "Company" not in words_of(rendered(Message.EMAIL_CONFIRMATION, customer_name=None))


def test_address_in_use_holds_nothing_that_a_stranger_typed() -> None:
    assert set(EmailInUseProps.model_fields) == {"login_link"}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.VIEWER])
def test_everybody_learns_what_the_role_may_do(role: Role, language: Language) -> None:
    to_person = words_of(rendered(Message.REGISTRATION_COMPLETED, language, role=role))
    assert label(language, role) in to_person
    assert abilities(language, role) in to_person
    to_company = words_of(rendered(Message.REGISTRATION_NOTICE, language, role=role))
    assert label(language, role) in to_company
    assert others_abilities(language, role) in to_company


def test_private_customer_hears_of_the_contracts_later() -> None:
    private = words_of(rendered(Message.REGISTRATION_COMPLETED, customer=None, role=None))
    assert "We now fetch your contracts" in private
    assert "Role" not in private
    assert "fetch your contracts" not in words_of(rendered(Message.REGISTRATION_COMPLETED))


def test_notice_names_the_verified_person_and_how_to_dispute() -> None:
    shown = words_of(rendered(Message.REGISTRATION_NOTICE))
    assert "Person Åsa Mallman" in shown
    assert "verified by strong identification" in shown
    assert "“This was not us”, at the latest on Sunday 29 November 2026 at 14:05 Finnish time" in shown


def test_suspension_tells_not_who_disputed() -> None:
    assert set(RegistrationSuspendedProps.model_fields) == {"first_name", "customer", "suspended_at"}


def test_contracts_seen_and_closed_are_told_apart() -> None:
    email = rendered(Message.CONTRACTS_LINKED)
    seen, closed = email.text.index("You can now see"), email.text.index("no longer have a contract in force")
    assert seen < email.text.index("Electricity customer relation: Kalle Exempelsson\n") < closed
    assert seen < email.text.index("District heating customer relation: Kalle Exempelsson\n") < closed
    ended = "Electricity customer relation: Exempelsson Kalle, gårdsbruk\nBusiness ID: 7654321-2\n"
    assert closed < email.text.index(ended) < email.text.index("is missing")
    assert "two years" in email.text
    words_of(email)


def test_only_what_there_is_is_told() -> None:
    seen_alone = rendered(Message.CONTRACTS_LINKED, closed=())
    assert "You can now see" in seen_alone.text
    assert "no longer have a contract" not in words_of(seen_alone)
    closed_alone = rendered(Message.CONTRACTS_LINKED, linked=())
    assert "You can now see" not in words_of(closed_alone)
    assert "no longer have a contract" in closed_alone.text
    assert seen_alone.subject == closed_alone.subject == "Your contracts have been fetched"


def test_no_contracts_found_tells_what_to_do() -> None:
    email = rendered(Message.CONTRACTS_LINKED, linked=(), closed=())
    shown = words_of(email)
    assert email.subject == "No contracts were found"
    assert "found none under your personal identity code" in shown
    assert "customer service" in shown
    assert "customer relation" not in shown


def test_lists_of_anything_but_models_are_refused() -> None:
    """A tuple of strings would reach the template as somebody wrote it."""
    sample: EmailProps = sample_props(Message.CONTRACTS_LINKED, EN)
    with pytest.raises(TypeError, match="linked"):
        render(
            Message.CONTRACTS_LINKED, EN, sample.model_copy(update={"linked": ("<b>x</b>",)}), SAMPLE_BRAND
        )


@pytest.mark.parametrize("number", ["1234567-1", None])
def test_customer_label(number: str | None) -> None:
    customer = Customer(
        customer_number="200001", kind=CustomerKind.COMPANY, name="Mallbageriet Ab", business_id=number
    )
    assert customer_label(customer) == CustomerLabel(customer_name="Mallbageriet Ab", business_id=number)
