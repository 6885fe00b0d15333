"""Which levels somebody may set on another one's authorization (spec 3.5; attack A13)."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import Code
from domain.roles import EXISTING_LEVELS, NOTHING, ROLE_LEVELS, refusal_to_set, settable_levels
from domain.vocabulary import CustomerKind, Level, Role, Subpage

N, R, W = Level.NONE, Level.READ, Level.WRITE
PRIVATE, COMPANY = CustomerKind.PRIVATE, CustomerKind.COMPANY
OWNER, ADMINISTRATOR = ROLE_LEVELS[Role.OWNER], ROLE_LEVELS[Role.ADMINISTRATOR]
USER, VIEWER = ROLE_LEVELS[Role.RELATION_USER], ROLE_LEVELS[Role.VIEWER]
# Manages the users, and otherwise only looks.
LOOKS = {**dict.fromkeys(Subpage, R), Subpage.USERS: W}

Choice = Mapping[Subpage, Level]
existing = st.fixed_dictionaries({each: st.sampled_from(EXISTING_LEVELS[each]) for each in Subpage})
any_levels = st.fixed_dictionaries({each: st.sampled_from(Level) for each in Subpage})
kinds, booleans = st.sampled_from(CustomerKind), st.booleans()
# Most givers manage the users; some do not.
givers = st.one_of(existing, existing.map(lambda levels: levels | {Subpage.USERS: W}))


def columns(*levels: str) -> dict[Subpage, tuple[Level, ...]]:
    """For each subpage, the first letters of what may be set."""
    letters = {"n": N, "r": R, "w": W}
    return {
        subpage: tuple(letters[each] for each in given)
        for subpage, given in zip(Subpage, levels, strict=True)
    }


@pytest.mark.parametrize(
    ("kind", "giver", "current", "identified", "expected"),
    [
        # consumption, reports, contracts, invoices, contact details, users
        (COMPANY, ADMINISTRATOR, USER, True, columns("nr", "nrw", "nrw", "nrw", "nrw", "nw")),
        (COMPANY, ADMINISTRATOR, USER, False, columns("nr", "nrw", "nr", "nr", "nr", "n")),
        (COMPANY, ADMINISTRATOR, ADMINISTRATOR, False, columns("nr", "nrw", "nrw", "nrw", "nrw", "nw")),
        (COMPANY, LOOKS, VIEWER, True, columns("nr", "nr", "nr", "nr", "nr", "nw")),
        # What is above the giver's own stays possible, but what lies between does not become so.
        (COMPANY, {**LOOKS, Subpage.INVOICES: N}, USER, True, columns("nr", "nrw", "nr", "nr", "nr", "nw")),
        (PRIVATE, OWNER, USER, True, columns("nr", "nrw", "nr", "nr", "nr", "n")),
        (PRIVATE, OWNER, USER, False, columns("nr", "nrw", "nr", "nr", "nr", "n")),
        (COMPANY, USER, VIEWER, True, columns("r", "r", "n", "n", "n", "n")),
        (COMPANY, NOTHING, USER, True, columns("r", "w", "r", "r", "r", "n")),
    ],
)
def test_what_may_be_chosen(
    kind: CustomerKind,
    giver: Choice,
    current: Choice,
    identified: bool,
    expected: dict[Subpage, tuple[Level, ...]],
) -> None:
    assert settable_levels(kind=kind, giver=giver, current=current, identified=identified) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"levels": VIEWER}, None),
        ({"levels": {**USER, Subpage.INVOICES: W}}, None),
        ({"levels": {**USER, Subpage.CONSUMPTION: W}}, Code.AUTHORIZATION_LEVEL_UNKNOWN),
        ({"levels": {**USER, Subpage.USERS: R}}, Code.AUTHORIZATION_LEVEL_UNKNOWN),
        ({"levels": NOTHING}, Code.AUTHORIZATION_LEVELS_EMPTY),
        ({"levels": {**USER, Subpage.INVOICES: W}, "identified": False}, Code.IDENTIFICATION_REQUIRED),
        ({"levels": {**USER, Subpage.REPORTS: R}, "identified": False}, None),
        ({"levels": {**USER, Subpage.INVOICES: W}, "giver": LOOKS}, Code.AUTHORIZATION_LEVEL_TOO_HIGH),
        # Both are in the way: what no identification of the receiver helps against comes first.
        (
            {"levels": {**USER, Subpage.INVOICES: W}, "giver": LOOKS, "identified": False},
            Code.AUTHORIZATION_LEVEL_TOO_HIGH,
        ),
        ({"levels": {**USER, Subpage.INVOICES: W}, "kind": PRIVATE}, Code.AUTHORIZATION_LEVEL_TOO_HIGH),
        ({"levels": VIEWER, "giver": USER}, Code.AUTHORIZATION_LEVEL_TOO_HIGH),
        ({"giver": NOTHING}, None),
    ],
)
def test_each_refusal(changes: dict[str, object], code: Code | None) -> None:
    given = {"kind": COMPANY, "levels": USER, "giver": ADMINISTRATOR, "current": USER, "identified": True}
    assert refusal_to_set(**(given | changes)) is code  # type: ignore[arg-type] # a dictionary of them


@given(kind=kinds, giver=givers, current=existing, identified=booleans, levels=any_levels)
def test_what_is_settable_is_not_refused_and_the_reverse(
    kind: CustomerKind, giver: Choice, current: Choice, identified: bool, levels: Choice
) -> None:
    settable = settable_levels(kind=kind, giver=giver, current=current, identified=identified)
    refusal = refusal_to_set(kind=kind, levels=levels, giver=giver, current=current, identified=identified)
    choosable = all(levels[each] in settable[each] for each in Subpage)
    assert (refusal is None) is (choosable and levels != dict(NOTHING))


@given(kind=kinds, giver=givers, current=existing, identified=booleans, choose=st.data())
def test_nothing_settable_is_more_than_the_giver_or_the_law_allows(
    kind: CustomerKind, giver: Choice, current: Choice, identified: bool, choose: st.DataObject
) -> None:
    settable = settable_levels(kind=kind, giver=giver, current=current, identified=identified)
    for subpage, levels in settable.items():
        # What is stays possible, and they are in order.
        assert current[subpage] in levels
        assert list(levels) == sorted(levels, key=lambda each: each.rank)
        new = choose.draw(st.sampled_from(levels))
        if new is current[subpage]:
            continue
        assert giver[Subpage.USERS] is W
        assert new.rank <= giver[subpage].rank
        assert new in EXISTING_LEVELS[subpage]
        assert new is not W or subpage is Subpage.REPORTS or (kind is COMPANY and identified)


@given(giver=existing, current=existing.filter(lambda levels: levels != dict(NOTHING)), kind=kinds)
def test_what_is_may_always_stay(giver: Choice, current: Choice, kind: CustomerKind) -> None:
    """Whoever the giver is: it gives nothing new."""
    assert refusal_to_set(kind=kind, levels=current, giver=giver, current=current, identified=False) is None
