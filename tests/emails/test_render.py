"""Every e-mail in every language, rendered from the real templates (architecture rule 12)."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from pydantic import ValidationError

from domain.vocabulary import (
    Commodity,
    CustomerKind,
    DeliveryState,
    InvitationState,
    Language,
    Level,
    Message,
    Role,
    Subpage,
)
from emails.labels import ABILITIES, LABELS, OTHERS_ABILITIES, abilities, label
from emails.preview import write_previews
from emails.props import PROPS, InvitationProps, InvitationWithdrawnProps
from emails.render import Brand, environment, render, templates_folder
from emails.samples import SAMPLE_BRAND, sample_props
from tests.emails.reading import Page

EVERY_EMAIL = [(message, language) for message in Message for language in Language]
every_email = pytest.mark.parametrize(("message", "language"), EVERY_EMAIL)

REASON = {
    Language.SWEDISH: "Du får det här e-postmeddelandet eftersom",
    Language.FINNISH: "Saat tämän sähköpostin, koska",
    Language.ENGLISH: "You get this e-mail because",
}
TO_INVITEE = [Message.INVITATION, Message.INVITATION_REMINDER]


def invitation(**changes: object) -> InvitationProps:
    sample = sample_props(Message.INVITATION, Language.SWEDISH)
    return InvitationProps.model_validate({**dict(sample), **changes})


@every_email
def test_email_says_why_one_gets_it_and_whom_to_ask(message: Message, language: Language) -> None:
    rendered = render(message, language, sample_props(message, language), SAMPLE_BRAND)
    page = Page(rendered.html)
    for text in (rendered.text, page.text):
        assert text.count(REASON[language]) == 1
        assert SAMPLE_BRAND.customer_service_phone in text
        assert SAMPLE_BRAND.customer_service_email in text
        assert SAMPLE_BRAND.customer_service_hours[language] in text
        assert SAMPLE_BRAND.retailer_name in text
        assert SAMPLE_BRAND.service_name in text
        assert not re.search(r"%\(|\{[{%]|Undefined|None", text)
    assert rendered.subject
    assert "\n" not in rendered.subject
    assert f'<html lang="{language.value}"' in rendered.html


@every_email
def test_email_loads_nothing_and_links_only_home(message: Message, language: Language) -> None:
    page = Page(render(message, language, sample_props(message, language), SAMPLE_BRAND).html)
    ours = (f"{SAMPLE_BRAND.origin}/", f"mailto:{SAMPLE_BRAND.customer_service_email}")
    assert page.targets
    assert all(target.startswith(ours) for target in page.targets)
    assert not {"img", "script", "link", "iframe", "form", "object"} & set(page.tags)
    assert not re.search(r"url\(|@import", " ".join(str(attributes) for _, attributes in page.elements))


@pytest.mark.parametrize("message", Message)
def test_languages_differ(message: Message) -> None:
    rendered = [render(message, one, sample_props(message, one), SAMPLE_BRAND) for one in Language]
    for part in ("subject", "text", "html"):
        assert len({getattr(one, part) for one in rendered}) == len(Language)


@every_email
def test_html_and_text_say_the_same(message: Message, language: Language) -> None:
    rendered = render(message, language, sample_props(message, language), SAMPLE_BRAND)
    shown = " ".join(Page(rendered.html).text.split())
    for line in rendered.text.splitlines():
        words = line.removeprefix(">").strip()
        if words and not words.startswith("---") and not words.endswith(f": {SAMPLE_BRAND.origin}/"):
            # a fact is one line in text, a name and a value in HTML
            pieces = [words] if words in shown else words.split(": ", 1)
            assert all(piece.removesuffix(":") in shown for piece in pieces), words


def test_every_message_has_its_folder_and_no_folder_is_left_over() -> None:
    folders = {path.name for path in templates_folder().iterdir()} - {"_base"}
    assert folders == {message.value for message in Message} == {message.value for message in PROPS}
    for folder in folders:
        files = {path.name for path in (templates_folder() / folder).iterdir()}
        assert files == {"subject.txt", "body.txt", "body.html"}


def _own_words(path: Path) -> str:
    """The letters of a template that are not marked for translation."""
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*[-+]?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{[{%].*?[%}]\}", "", source, flags=re.DOTALL)
    source = re.sub(r"<mj-style>.*?</mj-style>|<[^>]*>", "", source, flags=re.DOTALL)
    return "".join(re.findall(r"[^\W\d_]+", source))


def test_templates_hold_no_untranslated_words(tmp_path: Path) -> None:
    templates = [path for path in templates_folder().rglob("*.*") if path.name != "preview.html"]
    assert len(templates) > 3 * len(Message)
    assert {path.name: words for path in templates if (words := _own_words(path))} == {}
    control = tmp_path / "control.txt"
    control.write_text("{% trans %}a{% endtrans +%} forgotten {{ b }}", encoding="utf-8")
    assert _own_words(control) == "forgotten"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("message", TO_INVITEE)
def test_invitation_tells_what_the_invitee_needs(message: Message, language: Language) -> None:
    props = sample_props(message, language)
    assert isinstance(props, InvitationProps)
    rendered = render(message, language, props, SAMPLE_BRAND)
    words = {
        Language.SWEDISH: ["Behandla", "Godkänn", "söndagen den 29 november 2026 kl. 14.05 finsk tid"],
        Language.FINNISH: ["Käsiteltävät", "Hyväksy", "sunnuntaina 29. marraskuuta 2026 klo 14.05"],
        Language.ENGLISH: ["To handle", "Approve", "Sunday 29 November 2026 at 14:05 Finnish time"],
    }[language]
    page = Page(rendered.html)
    for text in (rendered.text, page.text):
        for expected in [*words, props.inviter_name, props.link, label(language, props.role)]:
            assert expected in text
        assert abilities(language, props.role) in text
    assert page.targets.count(props.link) == 2  # the button and the address in full
    assert props.inviter_name in rendered.subject
    assert "\n>\n> " in rendered.text  # the cover message keeps its lines, quoted


@pytest.mark.parametrize("needed", [True, False])
def test_invitation_tells_whether_one_has_to_identify(needed: bool) -> None:
    rendered = render(
        Message.INVITATION, Language.ENGLISH, invitation(needs_identification=needed), SAMPLE_BRAND
    )
    words = "To approve the invitation, you have to identify with bank codes or a mobile certificate."
    for text in (rendered.text, Page(rendered.html).text):
        assert (words in text) is needed


@pytest.mark.parametrize("typed", ["Maja Provinen", "Maria Provinen"])
def test_inviter_sees_when_the_name_was_another(typed: str) -> None:
    sample = sample_props(Message.INVITATION_ACCEPTED, Language.ENGLISH)
    props = sample.model_copy(update={"typed_name": typed})
    rendered = render(Message.INVITATION_ACCEPTED, Language.ENGLISH, props, SAMPLE_BRAND)
    differs = typed != "Maria Provinen"
    assert ("you wrote the name Maja Provinen" in rendered.text) is differs
    assert ("you wrote the name Maja Provinen" in Page(rendered.html).text) is differs


def test_business_id_is_shown_so_that_it_can_be_copied() -> None:
    props = sample_props(Message.INVITATION_VOID, Language.SWEDISH)
    assert (
        "FO-nummer: 1234567-1" in render(Message.INVITATION_VOID, Language.SWEDISH, props, SAMPLE_BRAND).text
    )


def test_withdrawal_names_nobody() -> None:
    assert set(InvitationWithdrawnProps.model_fields) == {"invitee_first_name", "relation"}


@pytest.mark.parametrize("language", Language)
def test_labels_exist_for_all_members(language: Language) -> None:
    read = [Role, CustomerKind, Commodity, Subpage, Level, InvitationState, DeliveryState]
    assert set(LABELS) == {member for words in read for member in words}
    assert set(ABILITIES) == set(Role)
    assert set(OTHERS_ABILITIES) == {Role.ADMINISTRATOR, Role.VIEWER}  # what a registration gives
    for words in read:
        assert len({label(language, member) for member in words}) == len(words)


def test_other_messages_props_are_refused() -> None:
    with pytest.raises(TypeError, match="InvitationVoidProps"):
        render(Message.INVITATION_VOID, Language.SWEDISH, invitation(), SAMPLE_BRAND)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "https://e.example.com.evil.example/x",
        "https://e.example.com@evil.example/",
        "javascript:alert(1)//https://e.example.com/",
        "https://e.example.com",
        'https://e.example.com/"><b>',
        "https://e.example.com/a b",
        "https://e.example.com/a\nb",
    ],
)
def test_links_stay_under_the_configured_origin(link: str) -> None:
    props = invitation(link=link)
    if '"' in link:  # printable, so it is ours to escape
        html = render(Message.INVITATION, Language.SWEDISH, props, SAMPLE_BRAND).html
        assert link in Page(html).targets
        return
    with pytest.raises(ValueError, match="configured origin"):
        render(Message.INVITATION, Language.SWEDISH, props, SAMPLE_BRAND)


def test_props_are_frozen_closed_and_aware() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        invitation().inviter_name = "x"  # type: ignore[misc] # that is the point
    with pytest.raises(ValidationError, match="extra_forbidden"):
        invitation(surprise=1)
    with pytest.raises(ValidationError, match="timezone_aware"):
        invitation(deadline=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    moment = datetime.fromisoformat("2026-11-29T14:05+02:00")
    assert invitation(deadline=moment).deadline == moment
    assert invitation(deadline=moment).deadline.tzinfo is UTC


def test_validation_errors_show_no_values() -> None:
    with pytest.raises(ValidationError) as caught:
        invitation(inviter_name=["Kalle Hemlig"])
    assert "Hemlig" not in str(caught.value)


def test_templates_are_strict() -> None:
    with pytest.raises(UndefinedError):
        environment(Language.ENGLISH).get_template("invitation/subject.txt").render()


@pytest.mark.parametrize("origin", ["javascript:alert(1)", "https://a.example/path", "https://a.example\n"])
def test_brand_refuses_an_odd_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        Brand.model_validate({**SAMPLE_BRAND.model_dump(), "origin": origin})


def test_brand_needs_opening_hours_in_every_language() -> None:
    with pytest.raises(ValidationError, match="every language"):
        Brand.model_validate({**SAMPLE_BRAND.model_dump(), "customer_service_hours": {"sv": "kl. 8–16"}})


def test_previews_show_everything(tmp_path: Path) -> None:
    written = write_previews(tmp_path / "new" / "folder")
    assert len(written) == 1 + 2 * len(EVERY_EMAIL)
    index = Page(written[0].read_text(encoding="utf-8"))
    for path in written[1:]:
        assert path.stat().st_size > 0
        assert path.name in index.targets
    assert write_previews(tmp_path / "new" / "folder") == written
