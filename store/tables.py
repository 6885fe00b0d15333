"""All tables, for migrations and tests: importing this module registers every one of them."""

from store import (
    account_links,
    audit,
    authorization_changes,
    authorizations,
    contract_links,
    customers,
    drafts,
    erasures,
    identifications,
    invitations,
    limits,
    messages,
    outbox,
    registrations,
    registry_pulls,
    rights_requests,
    service_requests,
    sessions,
    users,
)
from store.base import Base

__all__ = ["METADATA"]

METADATA = Base.metadata
_ALL = (
    account_links,
    audit,
    authorization_changes,
    authorizations,
    contract_links,
    customers,
    drafts,
    erasures,
    identifications,
    invitations,
    limits,
    messages,
    outbox,
    registrations,
    registry_pulls,
    rights_requests,
    service_requests,
    sessions,
    users,
)
