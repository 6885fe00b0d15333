"""Own names, typed (case A34 for people)."""

import pytest

from domain.person_name import is_own_first_name, is_own_last_name


@pytest.mark.parametrize(
    ("typed", "verified", "is_own"),
    [
        ("Maija", "Maija Kaarina", True),
        ("Kaarina", "MAIJA KAARINA", True),
        ("Anna", "Anna-Liisa", True),
        ("Anna-Liisa", "Anna Liisa Maria", True),
        ("A\u030asa", "Åsa", True),
        ("Verkställande Direktör", "Maija", False),
        ("Maija Direktör", "Maija Kaarina", False),
        ("Maj", "Maija", False),
        ("-", "Maija", False),
    ],
)
def test_first_names(typed: str, verified: str, is_own: bool) -> None:
    assert is_own_first_name(typed, verified) is is_own


@pytest.mark.parametrize(
    ("typed", "verified", "is_own"),
    [
        ("virtanen", "Virtanen", True),
        ("Virtanen Berg", "Virtanen-Berg", True),
        ("af Hällström", "AF HÄLLSTRÖM", True),
        ("Virtanen", "Virtanen-Berg", False),
        ("Someone Else", "Virtanen", False),
        ("-", "Virtanen", False),
    ],
)
def test_last_names(typed: str, verified: str, is_own: bool) -> None:
    assert is_own_last_name(typed, verified) is is_own
