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
