"""What strangers write stays text: nothing runs, nothing is clickable (cases A28, A30, A31)."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from domain.vocabulary import Language, Message
from emails import quoting
from emails.props import EmailProps, Treatment
from emails.render import RenderedEmail, render
from emails.samples import SAMPLE_BRAND, sample_props
from tests.emails.reading import Page, detected_links

NON_JOINER = quoting.NON_JOINER
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

MARKUP = [
    "{{7*7}}",
    "{% x %}",
    "{% raw %}{{ link }}{% endraw %}",
    "{0.__class__}",
    "%(link)s %s %d 100 %",
    "${7*7} #{7*7} <%= 7*7 %>",
    '<a href="https://evil.example">klicka</a>',
    "<img src=x onerror=alert(1)>",
    '</mj-text><mj-button href="https://evil.example">Öppna</mj-button><mj-text>',
    '<mj-include path="/etc/passwd" />',
    "</bdi></blockquote></div></td></tr></table><h1>x</h1>",
    "&lt;b&gt; &amp;lt; &#60;b&#62;",
    "<!-- --> <!--[if mso]> <![CDATA[ ]]> <?php ?>",
    "\"' onmouseover='x' `",
    "</title><script>alert(1)</script>",
]
LINKS = [
    "https://evil.example/x",
    "HTTP://EVIL.EXAMPLE",
    "www.evil.example",
    "evil.example/path?x=1",
    "evil。example．com｡net",
    "http://1.2.3.4/",
    "http://[::1]:80/x",
    "mailto:thief@evil.example",
    "thief@evil.example",
    "tel:+358401234567",
    "+358 40 123 4567",
    "(09) 123-456-78",
    "javascript:alert(1)",
    "\\\\evil\\share",
    "https:\u200b//evil\u2060.example",
    "https://evil.\u202eelpmaxe",
]


def filled(props: EmailProps, words: str) -> EmailProps:
    """`props` in which everything that a person could have written is `words`."""
    changes: dict[str, object] = {}
    for name, field in type(props).model_fields.items():
        value = getattr(props, name)
        if isinstance(value, EmailProps):
            changes[name] = filled(value, words)
        elif isinstance(value, tuple):
            changes[name] = tuple(filled(one, words) for one in value)
        elif type(value) is str and not {Treatment.CODE, Treatment.LINK} & set(field.metadata):
            changes[name] = words
    return props.model_copy(update=changes)


def with_words(words: str, message: Message = Message.INVITATION) -> RenderedEmail:
    """The e-mail in which everything that a person could have written is `words`."""
    props = filled(sample_props(message, Language.ENGLISH), words)
    return render(message, Language.ENGLISH, props, SAMPLE_BRAND)


def skeleton(page: Page) -> list[tuple[str, dict[str, str | None]]]:
    """The elements and attributes, without the lines and names of persons and the label that repeats them."""
    return [
        (tag, {name: value for name, value in attributes if name != "aria-label"})
        for tag, attributes in page.elements
        if tag not in {"br", "bdi", "/bdi"}
    ]


HARMLESS = Page(with_words("harmless").html)


def assert_is_only_text(words: str) -> None:
    rendered = with_words(words)
    page = Page(rendered.html)
    assert skeleton(page) == skeleton(HARMLESS)
    assert page.targets == HARMLESS.targets
    assert page.other == HARMLESS.other
    assert {attributes for tag, attributes in page.elements if tag == "bdi"} <= {(), (("dir", "auto"),)}
    assert not set(BIDI) & set(rendered.html + rendered.text + rendered.subject)


@pytest.mark.parametrize("words", [*MARKUP, *LINKS])
def test_words_stay_words(words: str) -> None:
    assert_is_only_text(words)
    rendered = with_words(words)
    visible = quoting.one_line(words)
    for text in (Page(rendered.html).text, rendered.text, rendered.subject):
        assert visible in text.replace(NON_JOINER, "")


@pytest.mark.parametrize("words", LINKS)
def test_nothing_becomes_clickable(words: str) -> None:
    if not set(words) & set("\u200b\u2060\u202e"):
        assert detected_links(words)  # the detector would have found it
    rendered, ours = with_words(words), with_words("harmless")
    assert detected_links(rendered.subject) == []
    assert detected_links(rendered.text) == detected_links(ours.text)
    assert detected_links(Page(rendered.html).text) == detected_links(Page(ours.html).text)


@pytest.mark.parametrize("message", Message)
def test_no_email_lets_words_do_anything(message: Message) -> None:
    words = " ".join([*MARKUP, *LINKS])
    rendered, ours = with_words(words, message), with_words("harmless", message)
    page, harmless = Page(rendered.html), Page(ours.html)
    assert skeleton(page) == skeleton(harmless)
    assert page.targets == harmless.targets
    assert detected_links(rendered.subject) == []
    assert detected_links(rendered.text) == detected_links(ours.text)
    assert detected_links(page.text) == detected_links(harmless.text)
    visible = quoting.one_line(words)
    for theirs, without in ((page.text, harmless.text), (rendered.text, ours.text)):
        assert theirs.replace(NON_JOINER, "").count(visible) == without.count("harmless")


def test_the_comparison_would_see_an_element_or_a_link() -> None:
    assert skeleton(Page(with_words("x").html)) == skeleton(HARMLESS)
    assert skeleton(Page(with_words("x").html + "<b>x</b>")) != skeleton(HARMLESS)
    assert Page('<a href="https://evil.example">x</a>').targets == ["https://evil.example"]


def test_a_link_is_dead_even_if_a_program_makes_one() -> None:
    """U+200C begins the domain labels, where UTS 46 with CheckJoiners refuses it; nothing drops it."""
    broken = quoting.unlinked("https://evil.example/x")
    assert broken == f"https:{NON_JOINER}//evil.{NON_JOINER}example/x"
    assert unicodedata.normalize("NFKC", broken) == broken


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_only_text(words: str) -> None:
    assert_is_only_text(words)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>/&;\"'{}%()#!-[]= \n\r\x00\u2028\u202emj-textabr", max_size=120))
def test_markup_soup_is_only_text(words: str) -> None:
    assert_is_only_text(words)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abw.:/@\\+-() 0123456789。．\u200b\u2060\u200d\u200c\n", max_size=60))
def test_no_link_survives(words: str) -> None:
    broken = quoting.quoted_text(words)
    assert [link for link in detected_links(broken) if NON_JOINER not in link] == []
    unquoted = "\n".join(line.removeprefix(">").removeprefix(" ") for line in broken.split("\n"))
    assert unquoted.replace(NON_JOINER, "").split() == quoting.clean(words).replace(NON_JOINER, "").split()


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=80))
def test_pure_functions_are_total(words: str) -> None:
    one = quoting.one_line(words)
    assert len(one.splitlines()) <= 1
    assert not any(unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} for sign in one)
    assert quoting.one_line(one) == one
    assert quoting.clean(quoting.clean(words)) == quoting.clean(words)
    assert all(line.startswith(">") for line in quoting.quoted_text(words).split("\n"))
    assert quoting.quoted_html(words).count("<br />") == quoting.clean(words).count("\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a\r\nb\rc\nd\u2028e\u2029f\x85g\x0bh", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\x00b\x1bc\x9fd\x7fe", "abcde"),
        ("abc\u202edef\u2066ghi\u2069", "abcdefghi"),
        ("\ta \u200bb\ufeff ", "a b"),
        ("👩\u200d🚒 Åäö שלום", "👩\u200d🚒 Åäö שלום"),
    ],
)
def test_clean(words: str, expected: str) -> None:
    assert quoting.clean(words) == expected
    assert quoting.one_line(words) == expected.replace("\n", " ")


@pytest.mark.parametrize("words", ["Å. Mallman", "kl. 14.05", "12 kWh, 1234", "Hej, vi ses!"])
def test_ordinary_words_look_the_same(words: str) -> None:
    assert quoting.unlinked(words).replace(NON_JOINER, "") == words
    assert NON_JOINER not in quoting.unlinked(re.sub(r"[.:](?=\S)", "", words))


def test_markup_is_no_more_trusted_than_text() -> None:
    assert quoting.inline_html(Markup("<b>x</b>")) == "<bdi>&lt;b&gt;x&lt;/b&gt;</bdi>"
    assert "<b>" not in quoting.quoted_html(Markup("<b>x</b>"))


def test_a_message_cannot_pass_for_ours() -> None:
    rendered = with_words("Hello\n\nKind regards,\nExempel Energi")
    assert "> Hello\n>\n> Kind regards,\n> Exempel Energi\n" in rendered.text
    assert rendered.text.count("\nKind regards,\n") == 1
