"""E-mail addresses: what is accepted, and that no two become one (spec 3.8; attacks A10, A28)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codes import Code, Refused
from domain.email_address import checked, normalised

# Unicode's case mappings or compatibility forms merge each of these with an ASCII letter or another one here.
TRICKY = "kK\u212asS\u017fiI\u0130\u0131\u00df\u1e9e\uff41aA\u00aa\u00e5\u212b@.-"


def refused(address: str) -> bool:
    try:
        checked(address)
    except Refused as refusal:
        assert refusal.code is Code.EMAIL_INVALID
        return True
    return False


def same_but_for_ascii_case(one: str, other: str) -> bool:
    """What the documented normalisation says, letter by letter."""
    return len(one) == len(other) and all(
        a == b or (a.isascii() and b.isascii() and a.lower() == b.lower())
        for a, b in zip(one, other, strict=True)
    )


@settings(deadline=None)
@given(st.text(TRICKY, max_size=4), st.text(TRICKY, max_size=4))
def test_only_ascii_case_is_the_same(one: str, other: str) -> None:
    assert (normalised(one) == normalised(other)) is same_but_for_ascii_case(one, other)


@settings(deadline=None)
@given(st.text())
def test_the_normal_form_is_stable(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    assert normalised(text.swapcase() if text.isascii() else text) == normalised(text)


@settings(deadline=None)
@given(
    st.one_of(st.emails(), st.text(TRICKY, min_size=1, max_size=6).map(lambda name: f"{name}@example.com"))
)
def test_what_is_kept_is_what_was_typed(typed: str) -> None:
    if refused(typed):
        return
    kept = checked(typed)
    assert kept.isascii()
    assert kept.rpartition("@")[0] == typed.rpartition("@")[0]
    assert checked(kept) == kept
    assert len(kept) <= 254


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u212aalle@example.com", "kalle@example.com"),  # Kelvin sign
        ("\u017fam@example.com", "sam@example.com"),  # long s
        ("\u0131da@example.com", "ida@example.com"),  # dotless i
        ("\u0130da@example.com", "ida@example.com"),  # dotted capital i
        ("\uff41nna@example.com", "anna@example.com"),  # fullwidth
        ("\u0430nna@example.com", "anna@example.com"),  # Cyrillic
        ("stra\u00dfe@example.com", "strasse@example.com"),
        ("anna@stra\u00dfe.de", "anna@strasse.de"),
        ("anna@\u0131kea.fi", "anna@ikea.fi"),
        ("anna@ex\u0430mple.com", "anna@example.com"),  # Cyrillic
        ("anna.andersson@example.com", "annaandersson@example.com"),
        ("anna+el@example.com", "anna@example.com"),
    ],
)
def test_two_mailboxes_stay_two(one: str, other: str) -> None:
    """Either the look-alike is refused, or it is another address: visibly so, in ASCII."""
    assert refused(one) or normalised(checked(one)) != normalised(checked(other))
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anna.Andersson@Example.COM", "Anna.Andersson@example.com"),
        (" anna@example.com ", "anna@example.com"),
        ("anna@åland.example.fi", "anna@xn--land-poa.example.fi"),
        ("anna@ÅLAND.example.fi", "anna@xn--land-poa.example.fi"),
        ("anna@a\u030aland.example.fi", "anna@xn--land-poa.example.fi"),
        ("anna@XN--LAND-POA.example.fi", "anna@xn--land-poa.example.fi"),
        ("o'hara+el@example.com", "o'hara+el@example.com"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
        # An imitation of apple.com in Cyrillic letters shows as what it is.
        ("anna@\u0430\u0440\u0440\u04cf\u0435.com", "anna@xn--80ak6aa92e.com"),
    ],
)
def test_accepted(typed: str, kept: str) -> None:
    assert checked(typed) == kept
    assert normalised(kept) == kept.lower()


@pytest.mark.parametrize(
    "address",
    [
        *("", "@", "anna", "anna@", "@example.com", "a@b@example.com", "anna@example", "anna@example..com"),
        *('"a b"@example.com', '"a"@example.com', "Anna <anna@example.com>", "(a)anna@example.com"),
        *("anna@[127.0.0.1]", "anna@[IPv6:::1]", "anna@127.0.0.1"),
        *("anna@localhost", "anna@x.localhost", "anna@x.test", "anna@x.invalid", "anna@x.local"),
        *("anna@x.onion", "anna@x.arpa"),
        *(".anna@example.com", "anna.@example.com", "an..na@example.com", "an na@example.com"),
        *("anna@example.com,bo@example.com", "anna@example.com;bo@example.com", "anna@example.com bo@x.fi"),
        *(
            "anna@example.com\r\nBcc: bo@example.com",
            "anna@example.com\n",
            "anna\n@example.com",
            "\tanna@x.fi",
        ),
        *(
            "an\x00na@example.com",
            "anna\u2028@example.com",
            "anna@example.com\u2028",
            "anna\ud800@example.com",
        ),
        *("anna@\ud800.com", "anna\u202e@example.com", "anna@exam\u200bple.com", "anna@ex\u00adample.com"),
        *("åsa@example.com", "a\u0301sa@example.com", "\u1fefanna@example.com"),
        *("anna@-x.fi", "anna@x-.fi", "anna@xn--a.com", "anna@\U0001f600.com", "anna@example.com."),
        *("anna@" + "x" * 64 + ".fi", "anna@" + ("x" * 60 + ".") * 5 + "fi"),
        "anna@" + ("å" * 40 + ".") * 4 + "fi",
    ],
)
def test_refused(address: str) -> None:
    assert refused(address)
