"""Roles, their levels, and who may give what (spec section 2, the table of roles).

An authorization carries its own levels; a role only says which levels it begins with and what can be chosen.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.codes import Code
from domain.vocabulary import CustomerKind, Level, Role, Subpage

Levels = Mapping[Subpage, Level]

_N, _R, _W = Level.NONE, Level.READ, Level.WRITE

# Which levels exist on a subpage at all.
EXISTING_LEVELS: Mapping[Subpage, tuple[Level, ...]] = MappingProxyType(
    {
        Subpage.CONSUMPTION: (_N, _R),
        Subpage.REPORTS: (_N, _R, _W),
        Subpage.CONTRACTS: (_N, _R, _W),
        Subpage.INVOICES: (_N, _R, _W),
        Subpage.CONTACT_DETAILS: (_N, _R, _W),
        Subpage.USERS: (_N, _W),
    }
)


def _row(*levels: Level) -> Levels:
    return MappingProxyType(dict(zip(Subpage, levels, strict=True)))


# The columns of the spec's table; the order is that of `Subpage`.
ROLE_LEVELS: Mapping[Role, Levels] = MappingProxyType(
    {
        Role.OWNER: _row(_R, _W, _W, _W, _W, _W),
        Role.ADMINISTRATOR: _row(_R, _W, _W, _W, _W, _W),
        Role.RELATION_USER: _row(_R, _W, _R, _R, _R, _N),
        Role.VIEWER: _row(_R, _R, _N, _N, _N, _N),
    }
)

NOTHING: Levels = MappingProxyType(dict.fromkeys(Subpage, Level.NONE))

INVITABLE_ROLES: Mapping[CustomerKind, frozenset[Role]] = MappingProxyType(
    {
        CustomerKind.PRIVATE: frozenset({Role.RELATION_USER}),
        CustomerKind.COMPANY: frozenset({Role.VIEWER, Role.RELATION_USER, Role.ADMINISTRATOR}),
    }
)

# Roles that come with the customer kind itself, not by invitation.
FIRST_ROLE: Mapping[CustomerKind, Role] = MappingProxyType(
    {CustomerKind.PRIVATE: Role.OWNER, CustomerKind.COMPANY: Role.ADMINISTRATOR}
)


def needs_strong_identification(levels: Levels) -> bool:
    """Whether whoever receives these levels must have identified strongly: any write beyond reports."""
    return any(level is Level.WRITE and subpage is not Subpage.REPORTS for subpage, level in levels.items())


def settable_levels(
    *, kind: CustomerKind, giver: Levels, current: Levels, identified: bool
) -> Mapping[Subpage, tuple[Level, ...]]:
    """The levels that a giver may set on each subpage of somebody's authorization (spec 3.5), lowest first.

    `current` stays possible even where it is above the giver's own. `identified`: whether the receiver has
    identified strongly. Without `users: write` the giver may set nothing else than what is.
    """
    return {
        subpage: tuple(
            level
            for level in levels
            if level is current[subpage]
            or (
                giver[Subpage.USERS] is Level.WRITE
                and level.rank <= giver[subpage].rank
                and _may_hold(kind, subpage, level, identified=identified)
            )
        )
        for subpage, levels in EXISTING_LEVELS.items()
    }


def _may_hold(kind: CustomerKind, subpage: Subpage, level: Level, *, identified: bool) -> bool:
    """Whether somebody without a contract may hold a level: beyond reports, write is for companies alone."""
    if level is not Level.WRITE or subpage is Subpage.REPORTS:
        return True
    return kind is CustomerKind.COMPANY and identified


def refusal_to_set(
    *, kind: CustomerKind, levels: Levels, giver: Levels, current: Levels, identified: bool
) -> Code | None:
    """Why a giver may not set these levels, one for every subpage, in place of the current; None when he may.

    Codes: `authorization.level_unknown`, `authorization.levels_empty`, `authorization.level_too_high`,
    `identification.required` (the receiver has not identified strongly).
    """
    if any(level not in EXISTING_LEVELS[subpage] for subpage, level in levels.items()):
        return Code.AUTHORIZATION_LEVEL_UNKNOWN
    if all(level is Level.NONE for level in levels.values()):
        return Code.AUTHORIZATION_LEVELS_EMPTY
    for with_identity, code in (
        (True, Code.AUTHORIZATION_LEVEL_TOO_HIGH),
        (identified, Code.IDENTIFICATION_REQUIRED),
    ):
        settable = settable_levels(kind=kind, giver=giver, current=current, identified=with_identity)
        if any(level not in settable[subpage] for subpage, level in levels.items()):
            return code
    return None


def refusal_to_give(*, kind: CustomerKind, role: Role, levels: Levels, giver: Levels) -> Code | None:
    """Why a giver may not give a role with these levels on a customer's relation; None when he may.

    `levels` and `giver` hold a level for every subpage. The giver's own right to manage users is part of
    `giver`. Codes: `authorization.role_not_available`, `authorization.level_unknown`,
    `authorization.level_too_high`. Whether the receiver has identified strongly is asked when he accepts.
    """
    if giver[Subpage.USERS] is not Level.WRITE:
        return Code.AUTHORIZATION_LEVEL_TOO_HIGH
    if role not in INVITABLE_ROLES[kind]:
        return Code.AUTHORIZATION_ROLE_NOT_AVAILABLE
    if any(level not in EXISTING_LEVELS[subpage] for subpage, level in levels.items()):
        return Code.AUTHORIZATION_LEVEL_UNKNOWN
    if any(level.rank > giver[subpage].rank for subpage, level in levels.items()):
        return Code.AUTHORIZATION_LEVEL_TOO_HIGH
    if kind is CustomerKind.PRIVATE and needs_strong_identification(levels):
        return Code.AUTHORIZATION_LEVEL_TOO_HIGH
    return None
