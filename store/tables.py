"""All tables, for migrations and tests: importing this module registers every one of them."""

from store import (
    audit,
    authorizations,
    customers,
    drafts,
    invitations,
    limits,
    messages,
    outbox,
    sessions,
    users,
)
from store.base import Base

__all__ = ["METADATA"]

METADATA = Base.metadata
_ALL = (audit, authorizations, customers, drafts, invitations, limits, messages, outbox, sessions, users)
