"""Erasures of users (spec 3.7). The row's id is the process's id; who it was, it does not say afterwards."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.erasures import ErasureStart, ErasureWaits
from domain.processes import ProcessStart
from domain.vocabulary import ErasureState, ProcessKind
from store import audit, outbox
from store.audit import Actor, Event
from store.base import Base
from store.outbox import OutboxRow, Owed

_UNDER_WAY = text("state IN ('scheduled', 'erasing')")


class Erasure(Base):
    """One erasure of one user."""

    __tablename__ = "erasures"
    __table_args__ = (
        Index(
            "uq_erasures_under_way",
            "user_id",
            unique=True,
            postgresql_where=_UNDER_WAY,
            sqlite_where=_UNDER_WAY,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    state: Mapped[ErasureState] = mapped_column(default=ErasureState.SCHEDULED)
    created_at: Mapped[datetime]
    # From when on it is done.
    due: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def begin(session: AsyncSession, user_id: UUID, waits: ErasureWaits, now: datetime) -> Erasure:
    """Schedules the erasure, with the start that it owes Temporal."""
    erasure = Erasure(
        id=uuid4(), user_id=user_id, state=ErasureState.SCHEDULED, created_at=now, due=now + waits.regret
    )
    session.add(erasure)
    start = ProcessStart(
        input=ErasureStart(erasure_id=erasure.id, due=erasure.due, waits=waits).model_dump(mode="json"),
        state=ErasureState.SCHEDULED,
        relations=[],
        deadline=erasure.due,
    )
    session.add(
        OutboxRow(
            process_kind=ProcessKind.ERASURE,
            process_id=erasure.id,
            owed=Owed.START,
            payload=start.model_dump(mode="json"),
            created_at=now,
        )
    )
    _record(session, erasure, Event.ERASURE_SCHEDULED, at=now, by=user_id)
    return erasure


def cancel(session: AsyncSession, erasure: Erasure, now: datetime) -> None:
    """The person regrets a scheduled, locked one; its process is owed the news."""
    erasure.state, erasure.ended_at = ErasureState.CANCELLED, now
    _record(session, erasure, Event.ERASURE_CANCELLED, at=now, by=erasure.user_id)
    outbox.owe_signal(session, ProcessKind.ERASURE, erasure.id, "row_changed", now)


def finish(session: AsyncSession, erasure: Erasure, now: datetime) -> None:
    """Nothing is left of the person but ids."""
    erasure.state, erasure.ended_at = ErasureState.DONE, now
    _record(session, erasure, Event.USER_ERASED, at=now)


def _record(
    session: AsyncSession, erasure: Erasure, event: Event, *, at: datetime, by: UUID | None = None
) -> None:
    audit.record(
        session,
        event,
        at=at,
        actor=Actor.PROCESS if by is None else Actor.USER,
        actor_id=by,
        subject_id=erasure.user_id,
        process_id=erasure.id,
    )


async def erasure(session: AsyncSession, erasure_id: UUID) -> Erasure | None:
    """The erasure with this id."""
    return await session.get(Erasure, erasure_id)


async def locked(session: AsyncSession, erasure_id: UUID) -> Erasure | None:
    """The same, as it stands now; nobody else changes it before the current transaction ends."""
    query = (
        select(Erasure)
        .where(Erasure.id == erasure_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def under_way(session: AsyncSession, user_id: UUID) -> Erasure | None:
    """The user's erasure that is scheduled or being done."""
    query = select(Erasure).where(
        Erasure.user_id == user_id, Erasure.state.in_([ErasureState.SCHEDULED, ErasureState.ERASING])
    )
    return (await session.scalars(query)).one_or_none()
