"""What the API gives of the audit trail, and of who sees one's data."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from domain.vocabulary import GrantedThrough, Language, Level, Role, Subpage
from starter.api.schemas import RelationLabel
from starter.http.event_texts import event_text
from starter.services.audit_trail import Entry
from starter.services.data_access import DataAccess, OnRelation
from store.audit import Actor, Event
from store.authorizations import Authorization


class AuditEntry(BaseModel):
    """One event. `text` is in the reader's language; names are null where there is none (any more)."""

    id: UUID
    at: datetime
    event: Event
    text: str
    actor: Actor
    actor_name: str | None
    by_me: bool
    whose: str | None
    role: Role | None
    process_id: UUID | None

    @classmethod
    def of(cls, entry: Entry, language: Language) -> Self:
        """From what was found."""
        return cls(
            id=entry.id,
            at=entry.at,
            event=entry.event,
            text=event_text(language, entry.event),
            actor=entry.actor,
            actor_name=entry.actor_name,
            by_me=entry.by_reader,
            whose=entry.whose,
            role=entry.role,
            process_id=entry.process_id,
        )


class AuditEntries(BaseModel):
    """A page of them, the newest first; `next_cursor` gives older ones."""

    items: list[AuditEntry]
    next_cursor: UUID | None


class Holding(BaseModel):
    """What somebody else holds on a relation."""

    first_name: str
    last_name: str
    role: Role
    levels: dict[Subpage, Level]
    valid_from: datetime
    granted_through: GrantedThrough

    @classmethod
    def of(cls, held: Authorization) -> Self:
        """From the row."""
        return cls(
            first_name=held.user.first_name,
            last_name=held.user.last_name,
            role=held.role,
            levels=held.levels,
            valid_from=held.valid_from,
            granted_through=held.granted_through,
        )


class AccessOnRelation(BaseModel):
    """Who sees what of a relation; `managed`: I manage its users, so `others` is everybody.

    Else `others` are those who manage its users: they see my name, address and authorizations.
    """

    relation: RelationLabel
    managed: bool
    others: list[Holding]

    @classmethod
    def of(cls, found: OnRelation) -> Self:
        """From what was found."""
        return cls(
            relation=RelationLabel.of(found.relation),
            managed=found.managed,
            others=[Holding.of(each) for each in found.others],
        )


class DataAccessView(BaseModel):
    """Who sees my data, and what customer service did lately."""

    relations: list[AccessOnRelation]
    by_customer_service: list[AuditEntry]

    @classmethod
    def of(cls, found: DataAccess, language: Language) -> Self:
        """From what was found."""
        return cls(
            relations=[AccessOnRelation.of(each) for each in found.relations],
            by_customer_service=[AuditEntry.of(each, language) for each in found.by_customer_service],
        )
