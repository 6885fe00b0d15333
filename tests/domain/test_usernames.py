"""Usernames: what is accepted, and that looking alike is being the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codes import Code, Refused
from domain.usernames import MAXIMUM_LENGTH, checked, normalised

OWN = "Anna@xn--land-poa.example.fi"


def refusal(username: str, own_email: str = OWN) -> Code | None:
    try:
        checked(username, own_email=own_email)
    except Refused as refused:
        return refused.code
    return None


@settings(deadline=None)
@given(st.one_of(st.text(max_size=12), st.from_regex(r"[\w.@+-]{3,12}", fullmatch=True)))
def test_what_is_accepted_is_one_plain_word_and_stays_itself(username: str) -> None:
    if refusal(username) is not None:
        return
    kept = checked(username, own_email=OWN)
    assert checked(kept, own_email=OWN) == kept
    assert normalised(kept) == normalised(username)
    assert 3 <= len(kept) <= 254
    assert all(each.isalnum() or each in "._+-@" for each in kept)
    kept.encode()


@settings(deadline=None)
@given(st.from_regex(r"\w{3,8}", fullmatch=True))
def test_letters_case_does_not_matter(username: str) -> None:
    for other in (username.upper(), username.lower(), username.casefold(), username.title()):
        if "\u0131" not in username:  # the dotless i's capital is the plain one's
            assert normalised(other) == normalised(username)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Birgitta", "bIRGITTA"),
        ("Åsa", "A\u030asa"),
        ("kalle", "\u212aalle"),
        ("sam", "\u017fam"),
        ("strasse", "straße"),
        ("abc", "\uff21\uff22\uff23"),
        ("fisk", "\ufb01sk"),
        (
            "\u0390ota",
            "\u03aa\u0301OTA",
        ),  # casefolding alone takes the first letter apart, and not its capital
        ("\u1ff7dh", "\u1ffc\u0342DH"),  # and puts this one's marks in another order
    ],
)
def test_look_alikes_are_the_same(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("username", "code"),
    [
        ("ab", Code.USERNAME_INVALID),
        ("abc", None),
        ("x" * MAXIMUM_LENGTH, None),
        ("x" * (MAXIMUM_LENGTH + 1), Code.USERNAME_INVALID),
        # Normalised it would be twice, or 18 times, as long, and not fit where it is kept.
        ("ß" * 127, None),
        ("ß" * 128, Code.USERNAME_INVALID),
        ("\ufdfa" * 20, Code.USERNAME_INVALID),
        (" anna.andersson+2-b ", None),
        ("anna andersson", Code.USERNAME_INVALID),
        ("anna/andersson", Code.USERNAME_INVALID),
        ("anna\u200bandersson", Code.USERNAME_INVALID),
        ("anna\n", Code.USERNAME_INVALID),
        ("anna\x00", Code.USERNAME_INVALID),
        ("anna\ud800", Code.USERNAME_INVALID),
        ("\u0301\u0301\u0301", Code.USERNAME_INVALID),
        ("anna\uff20xn--land-poa.example.fi", Code.USERNAME_INVALID),  # a fullwidth @
        ("ANNA@xn--land-poa.EXAMPLE.fi", None),
        ("anna@åland.example.fi", None),
        ("bo@xn--land-poa.example.fi", Code.USERNAME_FOREIGN_ADDRESS),
        ("@anna", Code.USERNAME_FOREIGN_ADDRESS),
    ],
)
def test_accepted_or_refused(username: str, code: Code | None) -> None:
    assert refusal(username) is code


def test_nobody_elses_address_by_a_look_alike() -> None:
    """A username's own comparison merges these, an address's does not."""
    assert refusal("\u017fam@example.com", own_email="sam@example.com") is Code.USERNAME_FOREIGN_ADDRESS
    assert refusal("sam@example.com", own_email="sam@example.com") is None
