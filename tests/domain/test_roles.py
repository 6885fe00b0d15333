"""Roles and who may give what (spec section 2; attack A13)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codes import Code
from domain.roles import EXISTING_LEVELS, INVITABLE_ROLES, ROLE_LEVELS, needs_strong_identification
from domain.roles import refusal_to_give as refusal
from domain.vocabulary import CustomerKind, Level, Role, Subpage

N, R, W = Level.NONE, Level.READ, Level.WRITE

# The spec's table, its line for contracts and invoices written twice:
# subpage: levels that exist, owner, administrator, relation_user, viewer
TABLE = {
    Subpage.CONSUMPTION: ((N, R), R, R, R, R),
    Subpage.REPORTS: ((N, R, W), W, W, W, R),
    Subpage.CONTRACTS: ((N, R, W), W, W, R, N),
    Subpage.INVOICES: ((N, R, W), W, W, R, N),
    Subpage.CONTACT_DETAILS: ((N, R, W), W, W, R, N),
    Subpage.USERS: ((N, W), W, W, N, N),
}
COLUMNS = (Role.OWNER, Role.ADMINISTRATOR, Role.RELATION_USER, Role.VIEWER)

ADMINISTRATOR = ROLE_LEVELS[Role.ADMINISTRATOR]
all_levels = st.fixed_dictionaries({subpage: st.sampled_from(Level) for subpage in Subpage})
existing_levels = st.fixed_dictionaries({subpage: st.sampled_from(row[0]) for subpage, row in TABLE.items()})


def test_the_table_is_the_specs() -> None:
    assert dict(EXISTING_LEVELS) == {subpage: row[0] for subpage, row in TABLE.items()}
    assert set(ROLE_LEVELS) == set(COLUMNS) == set(Role)
    for number, role in enumerate(COLUMNS, start=1):
        assert dict(ROLE_LEVELS[role]) == {subpage: row[number] for subpage, row in TABLE.items()}, role
    assert [each.rank for each in (N, R, W)] == [0, 1, 2]
    assert dict(INVITABLE_ROLES) == {
        CustomerKind.PRIVATE: {Role.RELATION_USER},
        CustomerKind.COMPANY: {Role.VIEWER, Role.RELATION_USER, Role.ADMINISTRATOR},
    }


@settings(deadline=None)
@given(kind=st.sampled_from(CustomerKind), role=st.sampled_from(Role), levels=all_levels, giver=all_levels)
def test_nothing_is_given_that_the_giver_may_not_give(
    kind: CustomerKind, role: Role, levels: dict[Subpage, Level], giver: dict[Subpage, Level]
) -> None:
    if refusal(kind=kind, role=role, levels=levels, giver=giver) is not None:
        return
    assert giver[Subpage.USERS] is W
    assert role in ({Role.RELATION_USER} if kind is CustomerKind.PRIVATE else set(Role) - {Role.OWNER})
    for subpage, level in levels.items():
        assert level in TABLE[subpage][0]
        assert level.rank <= giver[subpage].rank
        # On a private relation nobody else writes; on a company's, who has identified strongly may.
        assert level is not W or subpage is Subpage.REPORTS or kind is CustomerKind.COMPANY


@settings(deadline=None)
@given(kind=st.sampled_from(CustomerKind), levels=existing_levels)
def test_what_an_administrator_is_told(kind: CustomerKind, levels: dict[Subpage, Level]) -> None:
    """He holds all there is, so on a private relation only a write level beyond reports can be in the way."""
    beyond_reports = any(level is W for subpage, level in levels.items() if subpage is not Subpage.REPORTS)
    answer = refusal(kind=kind, role=Role.RELATION_USER, levels=levels, giver=ADMINISTRATOR)

    assert needs_strong_identification(levels) is beyond_reports
    if beyond_reports and kind is CustomerKind.PRIVATE:
        assert answer is Code.AUTHORIZATION_LEVEL_TOO_HIGH
    else:
        assert answer is None


@settings(deadline=None)
@given(
    levels=existing_levels,
    giver=existing_levels.map(lambda levels: levels | {Subpage.USERS: W}),
    role=st.sampled_from([Role.VIEWER, Role.RELATION_USER, Role.ADMINISTRATOR]),
)
def test_above_ones_own_levels_is_said_so(
    levels: dict[Subpage, Level], giver: dict[Subpage, Level], role: Role
) -> None:
    above = any(level.rank > giver[subpage].rank for subpage, level in levels.items())
    answer = refusal(kind=CustomerKind.COMPANY, role=role, levels=levels, giver=giver)
    assert (answer is Code.AUTHORIZATION_LEVEL_TOO_HIGH) is above


def test_each_refusal() -> None:
    private, company = CustomerKind.PRIVATE, CustomerKind.COMPANY
    plain = ROLE_LEVELS[Role.RELATION_USER]

    def asked(**changes: object) -> Code | None:
        given = {"kind": company, "role": Role.RELATION_USER, "levels": plain, "giver": ADMINISTRATOR}
        return refusal(**(given | changes))  # type: ignore[arg-type] # a dictionary of them

    assert asked() is None
    assert asked(kind=private) is None
    assert asked(role=Role.VIEWER, levels=ROLE_LEVELS[Role.VIEWER]) is None
    assert asked(giver=plain) is Code.AUTHORIZATION_LEVEL_TOO_HIGH
    assert asked(role=Role.OWNER) is Code.AUTHORIZATION_ROLE_NOT_AVAILABLE
    assert asked(kind=private, role=Role.VIEWER) is Code.AUTHORIZATION_ROLE_NOT_AVAILABLE
    assert asked(levels={**plain, Subpage.CONSUMPTION: W}) is Code.AUTHORIZATION_LEVEL_UNKNOWN
    assert asked(levels={**plain, Subpage.USERS: R}) is Code.AUTHORIZATION_LEVEL_UNKNOWN
    assert asked(role=Role.ADMINISTRATOR, levels=ADMINISTRATOR) is None
