"""The password rule of spec 3.2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codes import Code
from domain.passwords import common_passwords, kinds, refusal

OWN = ("birgitta.berg", "Birgitta", "Österberg-Åkesson1", "birgitta.berg@example.com", "Anna-Lisa2")
KINDS = {
    "upper": "ABÅÄÖÉЖΣ\u01c5",
    "lower": "abåäöéжσß",
    "digit": "019\u0663",
    "special": "!?_- .€\u0301\U0001f600字\u00b2",
}


@settings(deadline=None)
@given(st.lists(st.sampled_from([(kind, each) for kind, row in KINDS.items() for each in row]), max_size=40))
def test_kinds_are_unicodes(letters: list[tuple[str, str]]) -> None:
    assert kinds("".join(letter for _, letter in letters)) == len({kind for kind, _ in letters})


@settings(deadline=None)
@given(st.text(max_size=200))
def test_every_accepted_password_follows_the_rule(password: str) -> None:
    if refusal(password, about=OWN) is None:
        assert 8 <= len(password) <= 128
        assert kinds(password) >= 3
        assert password.casefold() not in common_passwords()


@settings(deadline=None)
@given(st.text("abcDEF", min_size=5, max_size=125), st.sampled_from(["1?x", "?1Q", "7_q"]))
def test_a_long_enough_mixture_is_accepted(body: str, end: str) -> None:
    """Only what is common, or too long or short, is not."""
    password = f"zQ{body}{end}"[-128:]
    assert refusal(password) in {None, Code.PASSWORD_COMMON}
    assert refusal(password) is None or len(password) < 16


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", Code.PASSWORD_TOO_SHORT),
        ("Nqx-273", Code.PASSWORD_TOO_SHORT),
        ("Nqx-2735", None),
        ("Nqx-2735" * 16, None),
        ("Nqx-2735" * 16 + "a", Code.PASSWORD_TOO_LONG),
        ("\U0001f600Aa" * 42 + "xy", None),  # 128 characters, however many bytes
        ("\U0001f600Aa" * 43, Code.PASSWORD_TOO_LONG),
        ("norrskenkilowatt", Code.PASSWORD_TOO_FEW_KINDS),
        ("Norrskenkilowatt", Code.PASSWORD_TOO_FEW_KINDS),
        ("norrsken-kilowatt", Code.PASSWORD_TOO_FEW_KINDS),
        ("norrsken-27", None),
        ("NORRSKEN-27", None),
        ("Norrsken27", None),
        ("Norrsken kilowatt", None),
        ("ÅÄÖåäö12", None),
        ("Password1", Code.PASSWORD_COMMON),
        ("Password1!", Code.PASSWORD_COMMON),
        ("PassWord2026?!.", Code.PASSWORD_COMMON),
        ("Qwerty123!", Code.PASSWORD_COMMON),
        ("P@ssw0rd", Code.PASSWORD_COMMON),
        ("Birgitta.Berg@example.com", Code.PASSWORD_COMMON),
        ("ÖSTERBERG-ÅKESSON1", Code.PASSWORD_COMMON),
        ("anna-lisa2", Code.PASSWORD_COMMON),
        ("Anna-Lisa23", None),
    ],
)
def test_the_table(password: str, code: Code | None) -> None:
    assert refusal(password, about=OWN) is code


def test_without_own_words_they_are_nothing_special() -> None:
    assert refusal("Anna-Lisa2") is None


def test_the_common_ones_are_many_and_in_small_letters() -> None:
    assert len(common_passwords()) > 20_000
    assert all(word == word.casefold() for word in common_passwords())
