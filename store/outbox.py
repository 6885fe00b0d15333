"""What the database owes Temporal: starts, signals and terminations, written with the change behind them.

The API tries at once; a schedule drains what a crash or an outage left (spec section 3).
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.vocabulary import ProcessKind
from store.base import Base, EnumText


class Owed(StrEnum):
    """What is owed."""

    START = "start"
    SIGNAL = "signal"
    TERMINATION = "termination"


class OutboxRow(Base):
    """One act owed to one process. Deleted when Temporal has taken it."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    process_kind: Mapped[ProcessKind]
    process_id: Mapped[UUID] = mapped_column(index=True)
    owed: Mapped[Owed] = mapped_column(EnumText(Owed))
    # The workflow's input, or the signal's name and argument: ids, states and times alone.
    payload: Mapped[dict[str, Any]]
    signal: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)


def owe_signal(session: AsyncSession, kind: ProcessKind, process_id: UUID, signal: str, at: datetime) -> None:
    """Owes a process a signal without content, in the transaction that makes it necessary."""
    session.add(
        OutboxRow(
            process_kind=kind,
            process_id=process_id,
            owed=Owed.SIGNAL,
            payload={},
            signal=signal,
            created_at=at,
        )
    )


async def owes_signal(session: AsyncSession, process_id: UUID, signal: str) -> bool:
    """Whether a process has yet to be told something."""
    query = select(OutboxRow.id).where(OutboxRow.process_id == process_id, OutboxRow.signal == signal)
    return (await session.scalars(query.limit(1))).first() is not None


async def signal_needless(session: AsyncSession, process_id: UUID, signal: str) -> None:
    """The process knows by itself what the signal would tell it."""
    await session.execute(
        delete(OutboxRow).where(OutboxRow.process_id == process_id, OutboxRow.signal == signal)
    )


async def of_process(session: AsyncSession, process_id: UUID) -> Sequence[OutboxRow]:
    """What is owed to one process, oldest first. Its start before all else, whatever clocks say."""
    query = (
        select(OutboxRow)
        .where(OutboxRow.process_id == process_id)
        .order_by(OutboxRow.owed != Owed.START, OutboxRow.created_at, OutboxRow.id)
    )
    return (await session.scalars(query)).all()


async def older_than(session: AsyncSession, moment: datetime, limit: int) -> Sequence[OutboxRow]:
    """What was left lying since before a moment; what failed often comes last and holds up nothing."""
    query = (
        select(OutboxRow)
        .where(OutboxRow.created_at < moment)
        .order_by(OutboxRow.attempts, OutboxRow.created_at, OutboxRow.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def taken(session: AsyncSession, row_id: UUID) -> None:
    """Temporal has it."""
    await session.execute(delete(OutboxRow).where(OutboxRow.id == row_id))


async def tried(session: AsyncSession, row_id: UUID) -> None:
    """Temporal did not take it this time."""
    row = await session.get(OutboxRow, row_id)
    if row is not None:
        row.attempts += 1


async def depth(session: AsyncSession) -> int:
    """How many acts are owed."""
    return (await session.execute(select(func.count()).select_from(OutboxRow))).scalar_one()
