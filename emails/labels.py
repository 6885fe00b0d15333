"""The words for our enumerations, for e-mails and anything else people read (spec section 2)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.vocabulary import (
    Commodity,
    CustomerKind,
    DeliveryState,
    InvitationState,
    Language,
    Level,
    Role,
    Subpage,
)
from runtime.texts import N_, translate

LABELS: Mapping[StrEnum, str] = MappingProxyType(
    {
        Role.OWNER: N_("Owner"),
        Role.ADMINISTRATOR: N_("Administrator"),
        Role.RELATION_USER: N_("User"),
        Role.VIEWER: N_("Viewer"),
        CustomerKind.PRIVATE: N_("private customer"),
        CustomerKind.COMPANY: N_("company customer"),
        Commodity.ELECTRICITY: N_("Electricity customer relation"),
        Commodity.DISTRICT_HEATING: N_("District heating customer relation"),
        Subpage.CONSUMPTION: N_("Consumption"),
        Subpage.REPORTS: N_("Reports"),
        Subpage.CONTRACTS: N_("Contracts"),
        Subpage.INVOICES: N_("Invoices"),
        Subpage.CONTACT_DETAILS: N_("Contact details"),
        Subpage.USERS: N_("Users"),
        Level.NONE: N_("no access"),
        Level.READ: N_("see"),
        Level.WRITE: N_("see and change"),
        InvitationState.PENDING: N_("Waiting for an answer"),
        InvitationState.REGISTERING: N_("The person is registering"),
        InvitationState.ACCEPTED: N_("Approved"),
        InvitationState.DECLINED: N_("Declined"),
        InvitationState.CANCELLED: N_("Cancelled"),
        InvitationState.EXPIRED: N_("Expired"),
        InvitationState.UNDELIVERABLE: N_("Could not be delivered"),
        InvitationState.VOID: N_("No longer valid"),
        DeliveryState.QUEUED: N_("being sent"),
        DeliveryState.SENT: N_("sent"),
        DeliveryState.FAILED: N_("could not be sent"),
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

OTHERS_ABILITIES: Mapping[Role, str] = MappingProxyType(
    {
        Role.ADMINISTRATOR: N_(
            "As administrator the person sees everything that concerns the company in the service, can"
            " change it, and manages the company's users."
        ),
        Role.VIEWER: N_("As viewer the person sees the company's consumption and reports."),
    }
)


def label(language: Language, member: StrEnum) -> str:
    """The word for a member of the vocabulary. Raises `KeyError` for one that people never read."""
    return translate(language, LABELS[member])


def role_on(language: Language, role: Role, commodity: Commodity) -> str:
    """A role with the kind of relation that it is held on, as menus name it: "User (electricity ...)"."""
    return f"{label(language, role)} ({label(language, commodity).lower()})"


def abilities(language: Language, role: Role) -> str:
    """A sentence about what the role's default levels let one do (spec section 2, roles and levels)."""
    return translate(language, ABILITIES[role])


def others_abilities(language: Language, role: Role) -> str:
    """The same about a person who registered for a company.

    Raises `KeyError` for a role that no registration gives.
    """
    return translate(language, OTHERS_ABILITIES[role])
