"""Names and messages that people type (attacks A28, A31)."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codes import Code, Refused
from domain.text import checked_message, checked_name

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
AWKWARD = "aÅ \n\r\t\x00\x0b\x1f\x7f\x85\u2028\u2029\u0301\u030a\u200b\u200d\ufeff\U0001f600\ud800" + BIDI


def result(check: Callable[[str], str], text: str) -> str | Code:
    try:
        return check(text)
    except Refused as refused:
        return refused.code


def is_harmless(character: str) -> bool:
    return character not in BIDI and unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}


@settings(deadline=None)
@given(st.one_of(st.text(max_size=120), st.text(AWKWARD, max_size=12)))
def test_an_accepted_name_is_one_harmless_line(typed: str) -> None:
    name = result(checked_name, typed)
    if isinstance(name, Code):
        return
    assert checked_name(name) == name
    assert all(is_harmless(each) for each in name)
    assert len(name.splitlines()) == 1
    assert 1 <= len(name) <= 100
    name.encode()


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(AWKWARD, max_size=12)))
def test_an_accepted_message_is_harmless_but_for_its_lines(typed: str) -> None:
    message = result(checked_message, typed)
    if isinstance(message, Code):
        return
    assert checked_message(message) == message
    assert all(is_harmless(each) or each in "\n\t" for each in message)
    assert len(message) <= 2000
    message.encode()


@pytest.mark.parametrize("check", [checked_name, checked_message])
@pytest.mark.parametrize(
    "nothing",
    [
        *("", " ", "\n\t ", "\u200b", "\u200b\u200d\ufeff", "\u00ad", "\u0301", "\u2060", "\u180e", "\ufe0f"),
        *("\u3164", "\u115f\u1160", "\uffa0", "\u2800", " \u3164\u200b\u2800 "),  # letters that show nothing
    ],
)
def test_nothing_to_be_seen_is_nothing(check: Callable[[str], str], nothing: str) -> None:
    assert result(check, nothing) is Code.FIELD_REQUIRED


@pytest.mark.parametrize("check", [checked_name, checked_message])
@pytest.mark.parametrize("bad", [*"\x00\x08\x0b\x1b\x7f\x85\ud800\udfff\ue000\u0378\uffff", *BIDI])
def test_control_characters_are_refused(check: Callable[[str], str], bad: str) -> None:
    assert result(check, f"An{bad}na") is Code.FIELD_NOT_TEXT


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\u2028", "\u2029"])
def test_a_line_break_is_one_in_a_message_and_refused_in_a_name(line_break: str) -> None:
    typed = f"Anna{line_break}Bcc: bo@example.com"
    assert result(checked_name, typed) is Code.FIELD_NOT_TEXT
    assert result(checked_message, typed) == "Anna\nBcc: bo@example.com"
    assert result(checked_message, f"a{line_break}{line_break}b") == "a\n\nb"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Anna-Liisa O'Hara ", "Anna-Liisa O'Hara"),
        ("A\u030asa", "Åsa"),
        ("a\u0301" * 100, "á" * 100),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f469\u200d\U0001f467"),
        ("مریم\u200cسادات", "مریم\u200cسادات"),  # Persian needs the non-joiner
        ("Nguyễn Thị Minh", "Nguyễn Thị Minh"),
        ("X", "X"),
    ],
)
def test_names_of_the_world(typed: str, kept: str) -> None:
    assert checked_name(typed) == checked_message(typed) == kept


@pytest.mark.parametrize(("check", "maximum"), [(checked_name, 100), (checked_message, 2000)])
@pytest.mark.parametrize("letter", ["x", "å", "\U0001f600"])
def test_how_long(check: Callable[[str], str], maximum: int, letter: str) -> None:
    assert check(f"  {letter * maximum}  ") == letter * maximum
    assert result(check, letter * (maximum + 1)) is Code.FIELD_TOO_LONG
