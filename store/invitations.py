"""Invitations (spec section 2 and 3.1). The row's id is the process's id."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    and_,
    func,
    not_,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.vocabulary import (
    OPEN_INVITATION_STATES,
    DeliveryState,
    InvitationState,
    Language,
    Level,
    Role,
    Subpage,
)
from store import audit
from store.audit import Actor, Event
from store.base import Base
from store.customers import CustomerRelation
from store.users import User

_EVENT_OF_END = {
    InvitationState.ACCEPTED: Event.INVITATION_ACCEPTED,
    InvitationState.DECLINED: Event.INVITATION_DECLINED,
    InvitationState.CANCELLED: Event.INVITATION_CANCELLED,
    InvitationState.EXPIRED: Event.INVITATION_EXPIRED,
    InvitationState.UNDELIVERABLE: Event.INVITATION_UNDELIVERABLE,
    InvitationState.VOID: Event.INVITATION_VOID,
}
_OPEN = text("state IN ('pending', 'registering')")


class Invitation(Base):
    """Somebody is invited to hold a role on a relation.

    A refused invitee's `email`, names and `cover_message` are emptied 30 days after the end.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        # One open invitation per person and relation.
        Index(
            "uq_invitations_open",
            "email_normalised",
            "relation_id",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        Index("ix_invitations_relation_id_created_at", "relation_id", "created_at", "id"),
        Index("ix_invitations_inviter_id_created_at", "inviter_id", "created_at"),
        Index("ix_invitations_email_normalised_created_at", "email_normalised", "created_at"),
        Index("ix_invitations_ended_at", "ended_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    relation_id: Mapped[UUID] = mapped_column(ForeignKey("customer_relations.id"))
    inviter_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    email: Mapped[str] = mapped_column(String(254))
    email_normalised: Mapped[str] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    cover_message: Mapped[str] = mapped_column(Text)
    language: Mapped[Language]
    role: Mapped[Role]
    levels: Mapped[dict[Subpage, Level]]
    state: Mapped[InvitationState] = mapped_column(default=InvitationState.PENDING)
    delivery: Mapped[DeliveryState] = mapped_column(default=DeliveryState.QUEUED)
    # The token is an HMAC of a key, the id and this; kept as a hash only.
    generation: Mapped[int] = mapped_column(default=1)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # Whose act ended it: the invitee's, the inviter's; None when time or a lost right did.
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    purged_at: Mapped[datetime | None]

    relation: Mapped[CustomerRelation] = relationship(lazy="joined", innerjoin=True)
    inviter: Mapped[User] = relationship(foreign_keys=inviter_id, lazy="joined", innerjoin=True)

    @property
    def invitee_name(self) -> str:
        """The name that the inviter typed."""
        return f"{self.first_name} {self.last_name}"

    def state_at(self, moment: datetime) -> InvitationState:
        """The state as of a moment: an open one is expired from its deadline on, run timer or not."""
        if self.state.is_open and moment >= self.deadline:
            return InvitationState.EXPIRED
        return self.state

    def purge(self, at: datetime) -> None:
        """Erases who was invited and what was written to him; that somebody was, stays."""
        self.email = self.email_normalised = self.first_name = self.last_name = self.cover_message = ""
        self.purged_at = at


def record(
    session: AsyncSession,
    invitation: Invitation,
    event: Event,
    *,
    at: datetime,
    by: UUID | None = None,
    subject_id: UUID | None = None,
) -> None:
    """Adds an event to its timeline. `by`: the user who acted; `subject_id`: what else it is about."""
    audit.record(
        session,
        event,
        at=at,
        actor=Actor.PROCESS if by is None else Actor.USER,
        actor_id=by,
        subject_id=subject_id or invitation.id,
        relation_id=invitation.relation_id,
        process_id=invitation.id,
    )


def end(
    session: AsyncSession, invitation: Invitation, state: InvitationState, *, by: UUID | None, at: datetime
) -> None:
    """Ends it. All ends are final; whoever calls this holds the row's lock and saw it open."""
    invitation.state = state
    invitation.ended_by = by
    invitation.ended_at = at
    record(session, invitation, _EVENT_OF_END[state], at=at, by=by)


async def invitation(session: AsyncSession, invitation_id: UUID) -> Invitation | None:
    """The invitation with its relation, customer and inviter."""
    return await session.get(Invitation, invitation_id)


async def locked(session: AsyncSession, invitation_id: UUID) -> Invitation | None:
    """The same, fresh, and nobody else changes it until this transaction ends."""
    query = (
        select(Invitation)
        .where(Invitation.id == invitation_id)
        .with_for_update(of=Invitation)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def by_token_hash(session: AsyncSession, token_hash: str) -> Invitation | None:
    """The invitation that a token locates."""
    return (
        await session.scalars(select(Invitation).where(Invitation.token_hash == token_hash))
    ).one_or_none()


async def open_for(
    session: AsyncSession, email_normalised: str, relation_id: UUID, *, lock: bool = False
) -> Invitation | None:
    """The invitation of this person to this relation that no end has been recorded for."""
    query = select(Invitation).where(
        Invitation.email_normalised == email_normalised,
        Invitation.relation_id == relation_id,
        Invitation.state.in_(OPEN_INVITATION_STATES),
    )
    if lock:
        query = query.with_for_update(of=Invitation).execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def to_handle(session: AsyncSession, email_normalised: str, at: datetime) -> Sequence[Invitation]:
    """The invitations that wait for this person's answer, the most urgent first."""
    query = (
        select(Invitation)
        .where(Invitation.email_normalised == email_normalised, _is_open(at))
        .order_by(Invitation.deadline, Invitation.id)
    )
    return (await session.scalars(query)).all()


async def count_to_handle(session: AsyncSession, email_normalised: str, at: datetime) -> int:
    """How many they are."""
    query = (
        select(func.count())
        .select_from(Invitation)
        .where(Invitation.email_normalised == email_normalised, _is_open(at))
    )
    return (await session.execute(query)).scalar_one()


def _is_open(at: datetime) -> ColumnElement[bool]:
    """`Invitation.state_at(at).is_open`, for the database."""
    return and_(Invitation.state.in_(OPEN_INVITATION_STATES), Invitation.deadline > at)


# Where a page of a list ended: the last one's time of creation and id.
Before = tuple[datetime, UUID]


async def of_relation(
    session: AsyncSession,
    relation_id: UUID,
    *,
    at: datetime,
    before: Before | None,
    limit: int,
    is_open: bool | None = None,
) -> Sequence[Invitation]:
    """A relation's invitations, the newest first; only those open, or ended, at a moment when asked for."""
    wanted = [Invitation.relation_id == relation_id]
    if is_open is not None:
        wanted.append(_is_open(at) if is_open else not_(_is_open(at)))
    return await _page(session, wanted, before, limit)


async def of_recipient_on(
    session: AsyncSession,
    email_normalised: str,
    relation_id: UUID,
    *,
    before: Before | None,
    limit: int,
) -> Sequence[Invitation]:
    """The invitations of one person to a relation, the newest first."""
    wanted = [Invitation.relation_id == relation_id, Invitation.email_normalised == email_normalised]
    return await _page(session, wanted, before, limit)


async def _page(
    session: AsyncSession, wanted: Sequence[ColumnElement[bool]], before: Before | None, limit: int
) -> Sequence[Invitation]:
    query = select(Invitation).where(*wanted)
    if before is not None:
        query = query.where(tuple_(Invitation.created_at, Invitation.id) < before)
    query = query.order_by(Invitation.created_at.desc(), Invitation.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def resting_on(session: AsyncSession, inviter_id: UUID, relation_id: UUID) -> Sequence[Invitation]:
    """The open invitations that rest on this inviter's right on this relation."""
    query = select(Invitation).where(
        Invitation.inviter_id == inviter_id,
        Invitation.relation_id == relation_id,
        Invitation.state.in_(OPEN_INVITATION_STATES),
    )
    return (await session.scalars(query)).all()


async def sent_since(
    session: AsyncSession, since: datetime, *, inviter_id: UUID, email_normalised: str | None = None
) -> tuple[int, datetime | None]:
    """How many invitations an inviter has made since a moment (to one address), and when the oldest was."""
    query = select(func.count(), func.min(Invitation.created_at)).where(
        Invitation.inviter_id == inviter_id, Invitation.created_at > since
    )
    if email_normalised is not None:
        query = query.where(Invitation.email_normalised == email_normalised)
    count, oldest = (await session.execute(query)).one()
    return count, oldest


async def to_purge(
    session: AsyncSession, *, refused_before: datetime, accepted_before: datetime, limit: int
) -> Sequence[Invitation]:
    """Ended invitations whose personal data are due for erasure: of who did not accept, and of who did."""
    accepted = Invitation.state == InvitationState.ACCEPTED
    query = (
        select(Invitation)
        .where(
            or_(
                and_(not_(accepted), Invitation.ended_at < refused_before),
                and_(accepted, Invitation.ended_at < accepted_before),
            ),
            Invitation.purged_at.is_(None),
        )
        .with_for_update(of=Invitation)
        .limit(limit)
    )
    return (await session.scalars(query)).all()
