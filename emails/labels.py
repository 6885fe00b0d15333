"""The words for our enumerations, for e-mails and anything else people read (spec section 2)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.vocabulary import Commodity, CustomerKind, Language, Role
from runtime.texts import N_, translate

LABELS: Mapping[StrEnum, str] = MappingProxyType(
    {
        Role.OWNER: N_("Owner"),
        Role.ADMINISTRATOR: N_("Administrator"),
        Role.RELATION_USER: N_("User of the customer relation"),
        Role.VIEWER: N_("Viewer"),
        CustomerKind.PRIVATE: N_("private customer"),
        CustomerKind.COMPANY: N_("company customer"),
        Commodity.ELECTRICITY: N_("Electricity customer relation"),
        Commodity.DISTRICT_HEATING: N_("District heating customer relation"),
    }
)

ABILITIES: Mapping[Role, str] = MappingProxyType(
    {
        Role.OWNER: N_(
            "With the authorization you can see the consumption, see and change contracts, invoices and"
            " contact details, see and save reports, and manage the other users of the customer relation."
        ),
        Role.ADMINISTRATOR: N_(
            "As administrator you can see the consumption, see and change contracts, invoices and contact"
            " details, see and save reports, and manage the other users of the customer relation."
        ),
        Role.RELATION_USER: N_(
            "With the authorization you can see the consumption, contracts, invoices and contact details of"
            " the customer relation, and see and save reports."
        ),
        Role.VIEWER: N_("With the authorization you can see the consumption and the reports."),
    }
)


def label(language: Language, member: StrEnum) -> str:
    """The word for a role, a kind of customer or a commodity. Raises `KeyError` for other enumerations."""
    return translate(language, LABELS[member])


def abilities(language: Language, role: Role) -> str:
    """A sentence about what the role's default levels let one do (spec section 2, roles and levels)."""
    return translate(language, ABILITIES[role])
