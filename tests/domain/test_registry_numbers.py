"""Business IDs and customer numbers, as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.business_id import checked_business_id
from domain.codes import Code, Refused
from domain.customer_number import checked_customer_number


@pytest.mark.parametrize(
    "given_",
    ["2077474-0", "20774740", " 2077474 - 0 ", "2077474\u20130", "2077474\u20110", "２０７７４７４－０"],
)
def test_a_business_id_in_any_hand(given_: str) -> None:
    assert checked_business_id(given_) == "2077474-0"


@pytest.mark.parametrize(
    "given_",
    [
        "",
        "-",
        "2077474-1",
        "207747-0",
        "2077474-00",
        "20-774740",
        "2077474--0",
        "FI20774740",
        "2077474-٠",
        "x" * 500,
    ],
)
def test_what_is_no_business_id(given_: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_business_id(given_)
    assert refused.value.code is Code.BUSINESS_ID_INVALID


@pytest.mark.parametrize("given_", ["100001", " 100 001 ", "100\u00a0001"])
def test_a_customer_number_in_any_hand(given_: str) -> None:
    assert checked_customer_number(given_) == "100001"


@pytest.mark.parametrize("given_", ["", "12345", "12345678901", "10000a", "١٠٠٠٠١", "100-001", "100001\n"])
def test_what_is_no_customer_number(given_: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_customer_number(given_)
    assert refused.value.code is Code.CUSTOMER_NUMBER_INVALID


@given(given_=st.text(max_size=20))
def test_whatever_is_typed_what_is_kept_is_in_form(given_: str) -> None:
    for check in (checked_business_id, checked_customer_number):
        try:
            kept = check(given_)
        except Refused:
            continue
        assert check(kept) == kept
        assert kept.replace("-", "").isascii() and kept.replace("-", "").isdigit()
