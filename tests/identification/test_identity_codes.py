"""Personal identity codes: their one form, and what of them is shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fi import hetu

from domain.codes import Code, Refused
from domain.identity import birth_date, checked_identity_code, masked

SIGNS = {1800: "+", 1900: "-UVWXY", 2000: "ABCDEF"}
CHECK_SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


@st.composite
def _codes(draw: st.DrawFn, numbers: st.SearchStrategy[int]) -> tuple[str, date]:
    day = draw(st.dates(date(1800, 1, 1), date(2099, 12, 31)))
    number = draw(numbers)
    sign = draw(st.sampled_from(SIGNS[day.year // 100 * 100]))
    digits = f"{day:%d%m%y}{number:03}"
    return f"{day:%d%m%y}{sign}{number:03}{CHECK_SIGNS[int(digits) % 31]}", day


@given(_codes(st.integers(2, 999)))
def test_good_codes_are_kept_in_one_form(code_and_day: tuple[str, date]) -> None:
    code, day = code_and_day

    assert checked_identity_code(f" {code.lower()} ", allow_temporary=True) == code
    assert birth_date(code) == day
    assert masked(code) == f"{code[:7]}••••"
    assert hetu.is_valid(code, allow_temporary=True)


@given(_codes(st.integers(900, 999)))
def test_temporary_codes_are_for_tests_alone(code_and_day: tuple[str, date]) -> None:
    with pytest.raises(Refused):
        checked_identity_code(code_and_day[0], allow_temporary=False)


@given(_codes(st.integers(2, 999)), st.sampled_from(CHECK_SIGNS))
def test_one_check_sign_fits(code_and_day: tuple[str, date], sign: str) -> None:
    code, _ = code_and_day

    if sign != code[-1]:
        with pytest.raises(Refused):
            checked_identity_code(code[:-1] + sign, allow_temporary=True)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "120872-901",
        "120872-901UU",
        "120872 901U",
        "1208 72-901U",
        "120872-901U\n",
        "120872−901U",
        "１20872-901U",
        "310272-901H",
        "120872-0001",
        "120872G901U",
    ],
)
def test_anything_else_is_refused_without_being_repeated(wrong: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_identity_code(wrong, allow_temporary=True)

    assert refused.value.code is Code.IDENTIFICATION_FAILED
    assert refused.value.__cause__ is None
