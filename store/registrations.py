"""Registrations of private and company customers under way (spec 3.2). The row's id is the process's id."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.codes import Code
from domain.vocabulary import (
    OPEN_REGISTRATION_STATES,
    CustomerKind,
    Language,
    RegistrationState,
    Role,
)
from store import audit
from store.audit import Actor, Event
from store.base import Base, JsonObject

_EVENT_OF_END = {
    RegistrationState.COMPLETED: Event.REGISTRATION_COMPLETED,
    RegistrationState.ALREADY_USER: Event.REGISTRATION_ALREADY_USER,
    RegistrationState.HANDED_OVER: Event.REGISTRATION_HANDED_OVER,
    RegistrationState.ABANDONED: Event.REGISTRATION_ABANDONED,
}


class Registration(Base):
    """Somebody registers a customer: as a new user, or to the user that he has.

    What was typed and who identified is emptied when it ends. It goes on only where it began: with the
    secret that was given then.
    """

    __tablename__ = "registrations"
    __table_args__ = (Index("ix_registrations_user_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[CustomerKind]
    state: Mapped[RegistrationState] = mapped_column(default=RegistrationState.IDENTIFYING)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[Language]
    # Whether completing it makes a user; else the customer is added to `user_id`.
    makes_user: Mapped[bool]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    # Until when it waits for the next step.
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    # Who identified: the code's blind index, the code under the identity key, and the names that were given.
    identity_index: Mapped[str | None] = mapped_column(String(64), index=True)
    identity_sealed: Mapped[str | None] = mapped_column(String(200))
    verified_first_name: Mapped[str] = mapped_column(String(100), default="")
    verified_last_name: Mapped[str] = mapped_column(String(100), default="")
    identified_at: Mapped[datetime | None]

    # Changed by putting another one in its place: changes inside are not seen.
    details: Mapped[dict[str, str]] = mapped_column(JsonObject(), default=dict)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    terms_version: Mapped[str | None] = mapped_column(String(40))
    terms_accepted_at: Mapped[datetime | None]
    # Counts the times that details were sent; what was checked and reviewed is one of them.
    revision: Mapped[int] = mapped_column(default=0)
    # Why the last details were not taken.
    refusal: Mapped[Code | None]
    # The customer that the details belong to, once the registry has said so.
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))

    # The token of the e-mail's link is an HMAC of a key, the id and this; kept as a hash only.
    email_generation: Mapped[int] = mapped_column(default=0)
    email_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    email_confirmed_at: Mapped[datetime | None]

    # What completing gave.
    role: Mapped[Role | None]
    contract_link_id: Mapped[UUID | None]
    # *This was not us*, in an e-mail to the customer: kept as a hash.
    dispute_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    disputed_at: Mapped[datetime | None]

    @property
    def verified_name(self) -> str:
        """First and last name as the strong identification gave them."""
        return f"{self.verified_first_name} {self.verified_last_name}"

    def state_at(self, moment: datetime) -> RegistrationState:
        """The state as of a moment: an open one is abandoned from its deadline on, run timer or not."""
        if self.state.is_open and moment >= self.deadline:
            return RegistrationState.ABANDONED
        return self.state


def end(
    session: AsyncSession,
    registration: Registration,
    state: RegistrationState,
    *,
    at: datetime,
    by: UUID | None = None,
) -> None:
    """Ends it, in the transaction that does so, and erases what was typed and who identified."""
    registration.state = state
    registration.ended_at = at
    registration.details = {}
    registration.password_hash = None
    registration.identity_index = registration.identity_sealed = None
    registration.verified_first_name = registration.verified_last_name = ""
    if state is not RegistrationState.COMPLETED:
        registration.customer_id = None
    registration.email_token_hash = None
    record(session, registration, _EVENT_OF_END[state], at=at, by=by)


def record(
    session: AsyncSession,
    registration: Registration,
    event: Event,
    *,
    at: datetime,
    by: UUID | None = None,
    subject_id: UUID | None = None,
    relation_id: UUID | None = None,
    **details: str | int,
) -> None:
    """Adds an event about a registration. `by`: the user, as far as there is one already."""
    audit.record(
        session,
        event,
        at=at,
        actor=Actor.USER if by is not None else Actor.PROCESS,
        actor_id=by,
        subject_id=subject_id or registration.id,
        relation_id=relation_id,
        process_id=registration.id,
        **details,
    )


async def registration(session: AsyncSession, registration_id: UUID) -> Registration | None:
    """The registration with this id."""
    return await session.get(Registration, registration_id)


async def locked(session: AsyncSession, registration_id: UUID) -> Registration | None:
    """The same, as it stands now; nobody else changes it before the current transaction ends."""
    query = (
        select(Registration)
        .where(Registration.id == registration_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def overdue(session: AsyncSession, since: datetime, limit: int) -> Sequence[Registration]:
    """Open ones whose time was up before a moment: their processes should have ended them."""
    query = (
        select(Registration)
        .where(Registration.state.in_(OPEN_REGISTRATION_STATES), Registration.deadline < since)
        .order_by(Registration.deadline)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def by_secret_hash(session: AsyncSession, secret_hash: str) -> Registration | None:
    """The registration that was given this secret."""
    query = select(Registration).where(Registration.secret_hash == secret_hash)
    return (await session.scalars(query)).one_or_none()


async def by_email_token_hash(session: AsyncSession, token_hash: str) -> Registration | None:
    """The registration whose e-mail holds this token."""
    query = select(Registration).where(Registration.email_token_hash == token_hash)
    return (await session.scalars(query)).one_or_none()


async def by_dispute_token_hash(session: AsyncSession, token_hash: str) -> Registration | None:
    """The registration that this token disputes."""
    query = select(Registration).where(Registration.dispute_token_hash == token_hash)
    return (await session.scalars(query)).one_or_none()
