"""Authorizations that people removed, gave up or levelled (spec 3.4, 3.5); the row's id is the process's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.authorization_changes import AuthorizationChangeStart, AuthorizationChangeWaits
from domain.processes import ProcessStart
from domain.vocabulary import (
    AuthorizationChangeKind,
    AuthorizationChangeState,
    Level,
    ProcessKind,
    Role,
    Subpage,
)
from store.base import Base, JsonList
from store.customers import CustomerRelation
from store.invitations import Before
from store.outbox import OutboxRow, Owed
from store.users import User


class AuthorizationChange(Base):
    """One act on what a user holds on a relation. It held from `created_at` on, told or not."""

    __tablename__ = "authorization_changes"
    __table_args__ = (
        Index("ix_authorization_changes_relation_id_created_at", "relation_id", "created_at", "id"),
        Index("ix_authorization_changes_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[AuthorizationChangeKind]
    state: Mapped[AuthorizationChangeState] = mapped_column(default=AuthorizationChangeState.TELLING)
    relation_id: Mapped[UUID] = mapped_column(ForeignKey("customer_relations.id"))
    # Whose authorizations they are.
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    # Who acted; None: customer service.
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    # The authorizations, and in which roles.
    authorization_ids: Mapped[list[str]] = mapped_column(JsonList())
    roles: Mapped[list[str]] = mapped_column(JsonList())
    # What the user might do on the relation before it and after it, all that he holds there together.
    levels_before: Mapped[dict[Subpage, Level]]
    levels_after: Mapped[dict[Subpage, Level]]
    # His open invitations that fell with it.
    fallen_invitations: Mapped[list[str]] = mapped_column(JsonList())
    # Others who must know, in the order in which they are told.
    told_managers: Mapped[list[str]] = mapped_column(JsonList())
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=user_id, lazy="joined", innerjoin=True)
    actor: Mapped[User | None] = relationship(foreign_keys=actor_id, lazy="joined")
    relation: Mapped[CustomerRelation] = relationship(lazy="joined", innerjoin=True)

    @property
    def of_roles(self) -> Sequence[Role]:
        """The roles in which the authorizations are or were held."""
        return [Role(each) for each in self.roles]


def begin(
    session: AsyncSession,
    kind: AuthorizationChangeKind,
    *,
    relation: CustomerRelation,
    user: User,
    actor: User | None,
    authorizations: Mapping[UUID, Role],
    levels: tuple[dict[Subpage, Level], dict[Subpage, Level]],
    fallen_invitations: Sequence[UUID],
    told_managers: Sequence[UUID],
    waits: AuthorizationChangeWaits,
    now: datetime,
) -> AuthorizationChange:
    """Writes a change that is made in this transaction, with the start that it owes Temporal.

    `authorizations`: which, with their roles; `levels`: before and after.
    """
    change = AuthorizationChange(
        id=uuid4(),
        kind=kind,
        state=AuthorizationChangeState.TELLING,
        relation=relation,
        user=user,
        actor=actor,
        authorization_ids=[str(each) for each in authorizations],
        roles=[role.value for role in authorizations.values()],
        levels_before=levels[0],
        levels_after=levels[1],
        fallen_invitations=[str(each) for each in fallen_invitations],
        told_managers=[str(each) for each in told_managers],
        created_at=now,
    )
    session.add(change)
    start = ProcessStart(
        input=AuthorizationChangeStart(change_id=change.id, waits=waits).model_dump(mode="json"),
        state=AuthorizationChangeState.TELLING,
        relations=[relation.id],
        deadline=now + waits.delivery,
    )
    session.add(
        OutboxRow(
            process_kind=ProcessKind.AUTHORIZATION_CHANGE,
            process_id=change.id,
            owed=Owed.START,
            payload=start.model_dump(mode="json"),
            created_at=now,
        )
    )
    return change


async def change(session: AsyncSession, change_id: UUID) -> AuthorizationChange | None:
    """The change, with its people and its relation."""
    return await session.get(AuthorizationChange, change_id)


async def made_by(
    session: AsyncSession, actor_id: UUID, *, user_id: UUID, relation_id: UUID
) -> Sequence[AuthorizationChange]:
    """What an actor did to what a user holds on a relation, the newest first."""
    query = (
        select(AuthorizationChange)
        .where(
            AuthorizationChange.actor_id == actor_id,
            AuthorizationChange.user_id == user_id,
            AuthorizationChange.relation_id == relation_id,
        )
        .order_by(AuthorizationChange.created_at.desc(), AuthorizationChange.id)
    )
    return (await session.scalars(query)).all()


async def of_relation(
    session: AsyncSession,
    relation_id: UUID,
    *,
    before: Before | None,
    limit: int,
    user_id: UUID | None = None,
) -> Sequence[AuthorizationChange]:
    """A relation's changes, the newest first; only those of what one user holds when asked for."""
    query = select(AuthorizationChange).where(AuthorizationChange.relation_id == relation_id)
    if user_id is not None:
        query = query.where(AuthorizationChange.user_id == user_id)
    if before is not None:
        query = query.where(tuple_(AuthorizationChange.created_at, AuthorizationChange.id) < before)
    query = query.order_by(AuthorizationChange.created_at.desc(), AuthorizationChange.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def locked(session: AsyncSession, change_id: UUID) -> AuthorizationChange | None:
    """The change as it stands now; nobody else changes it before the current transaction ends."""
    query = (
        select(AuthorizationChange)
        .where(AuthorizationChange.id == change_id)
        .with_for_update(of=AuthorizationChange)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()
