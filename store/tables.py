"""All tables, for migrations and tests: importing this module registers every one of them."""

from store import (
    audit,
    authorizations,
    contract_links,
    customers,
    drafts,
    identifications,
    invitations,
    limits,
    messages,
    outbox,
    registrations,
    registry_pulls,
    service_requests,
    sessions,
    users,
)
from store.base import Base

__all__ = ["METADATA"]

METADATA = Base.metadata
_ALL = (
    audit,
    authorizations,
    contract_links,
    customers,
    drafts,
    identifications,
    invitations,
    limits,
    messages,
    outbox,
    registrations,
    registry_pulls,
    service_requests,
    sessions,
    users,
)
