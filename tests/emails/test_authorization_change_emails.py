"""What a removal, a giving up and a change of levels tell to whom (spec 3.4, 3.5)."""

from collections.abc import Mapping

import pytest

from domain.vocabulary import Language, Level, Message, Subpage
from emails.labels import label, role_on
from emails.props import SubpageLevel
from emails.samples import sample_props
from tests.emails.test_registration_emails import rendered, words_of

EN = Language.ENGLISH
REMOVED, REMOVED_NOTICE = Message.AUTHORIZATION_REMOVED, Message.AUTHORIZATION_REMOVED_NOTICE
GIVEN_UP, GIVEN_UP_NOTICE = Message.AUTHORIZATION_GIVEN_UP, Message.AUTHORIZATION_GIVEN_UP_NOTICE
LEVELS = Message.AUTHORIZATION_LEVELS_CHANGED
EVERY = [REMOVED, REMOVED_NOTICE, GIVEN_UP, GIVEN_UP_NOTICE, LEVELS]
SEES = (SubpageLevel(subpage=Subpage.INVOICES, level=Level.READ),)
# How the e-mails can differ from their samples.
VARIANTS: Mapping[Message, list[dict[str, object]]] = {
    REMOVED: [{"actor_name": None}, {"left": ()}],
    REMOVED_NOTICE: [{"actor_name": None}, {"by_reader": True}, {"left": ()}],
    GIVEN_UP: [{"left": SEES}],
    GIVEN_UP_NOTICE: [{"left": SEES}],
    LEVELS: [{"actor_name": None}, {"by_reader": True}, {"left": SEES}],
}
AT = "on Tuesday 24 November 2026 at 09:30 Finnish time"


@pytest.mark.parametrize(
    ("message", "changes"),
    [(message, changes) for message, several in VARIANTS.items() for changes in several],
)
@pytest.mark.parametrize("language", Language)
def test_variants_are_whole_in_html_and_text(
    message: Message, language: Language, changes: dict[str, object]
) -> None:
    email = rendered(message, language, **changes)
    words_of(email)
    assert email.text != rendered(message, language).text
    assert "None" not in email.text
    assert "\n\n\n" not in email.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("message", EVERY)
def test_everything_that_was_concerned_is_named(message: Message, language: Language) -> None:
    props = sample_props(message, language)
    shown = words_of(rendered(message, language, left=SEES))
    for each in getattr(props, "roles"):  # noqa: B009 - the base class is private to the props
        assert role_on(language, each.role, getattr(props, "relation").commodity) in shown  # noqa: B009
    assert f"{label(language, Subpage.INVOICES)} {label(language, Level.READ)}" in shown


@pytest.mark.parametrize(
    ("message", "changes", "who"),
    [
        (REMOVED, {}, "Åsa Mallman removed"),
        (REMOVED, {"actor_name": None}, "Customer service removed"),
        (REMOVED_NOTICE, {}, "Åsa Mallman removed"),
        (REMOVED_NOTICE, {"actor_name": None}, "Customer service removed"),
        (REMOVED_NOTICE, {"by_reader": True}, "You removed"),
        (GIVEN_UP, {}, "You gave up"),
        (GIVEN_UP_NOTICE, {}, "Maria Provinen gave up"),
        (LEVELS, {}, "Åsa Mallman changed"),
        (LEVELS, {"actor_name": None}, "Customer service changed"),
        (LEVELS, {"by_reader": True}, "You changed"),
    ],
)
def test_who_acted_and_when(message: Message, changes: dict[str, object], who: str) -> None:
    shown = words_of(rendered(message, EN, **changes))
    assert who in shown
    assert AT in shown
    others = {"Åsa Mallman", "Customer service", "You", "Maria Provinen"} - {who.rpartition(" ")[0]}
    verb = who.rpartition(" ")[2]
    assert not any(f"{other} {verb}" in shown for other in others)


@pytest.mark.parametrize("message", [REMOVED, REMOVED_NOTICE, GIVEN_UP, GIVEN_UP_NOTICE])
def test_what_is_left_or_that_nothing_is(message: Message) -> None:
    nothing, something = (words_of(rendered(message, left=left)) for left in ((), SEES))
    assert "can no longer see or do anything on this customer relation in the service." in nothing
    assert "another authorization" not in nothing
    assert "another authorization" in something
    assert "no longer" not in something


def test_what_to_do_when_it_is_a_mistake() -> None:
    assert "mistake, please contact Åsa Mallman or customer service." in words_of(rendered(REMOVED))
    assert "mistake, please contact customer service." in words_of(rendered(REMOVED, actor_name=None))
    assert "mistake, please contact Åsa Mallman or customer service." in words_of(rendered(LEVELS))
    assert "did not do this yourself, please contact customer service" in words_of(rendered(GIVEN_UP))
    unexpected = "If you did not expect this, please contact customer service."
    own = words_of(rendered(REMOVED_NOTICE, by_reader=True))
    assert unexpected in words_of(rendered(REMOVED_NOTICE))
    assert unexpected in words_of(rendered(GIVEN_UP_NOTICE))
    assert unexpected not in own
    assert "did not do this yourself" in own
