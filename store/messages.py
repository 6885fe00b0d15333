"""E-mails that processes send: one row per process, template and sequence, so a repeat is the same one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain import ids, vocabulary
from domain.vocabulary import DeliveryState
from store.base import Base


class Message(Base):
    """One e-mail. Its words and address are not kept: they follow from the process's own row.

    `id` is also the left side of the Message-ID; `created_at` is its Date.
    """

    __tablename__ = "messages"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    process_id: Mapped[UUID] = mapped_column(index=True)
    template: Mapped[vocabulary.Message]
    sequence: Mapped[int]
    delivery: Mapped[DeliveryState] = mapped_column(default=DeliveryState.QUEUED)
    created_at: Mapped[datetime]
    # When its bytes began to go to the mail server; kept as long as the server may have them, so that a
    # repeat after a crash says the same.
    handed_over_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


async def queued(
    session: AsyncSession, process_id: UUID, template: vocabulary.Message, sequence: int, at: datetime
) -> Message:
    """The row of an e-mail, made at the first try."""
    message_id = ids.message_id(process_id, template, sequence)
    row = await session.get(Message, message_id, with_for_update=True)
    if row is None:
        row = Message(
            id=message_id, process_id=process_id, template=template, sequence=sequence, created_at=at
        )
        row.delivery = DeliveryState.QUEUED
        session.add(row)
    return row


async def hand_over(session: AsyncSession, message_id: UUID, at: datetime) -> datetime:
    """Records that the bytes go out now; returns the time they must speak of: the first try's if in doubt."""
    row = await session.get_one(Message, message_id, with_for_update=True)
    row.handed_over_at = row.handed_over_at or at
    return row.handed_over_at


async def take_back(session: AsyncSession, message_id: UUID) -> None:
    """The mail server said that it did not take them: nothing is in doubt."""
    row = await session.get_one(Message, message_id)
    row.handed_over_at = None


async def settle(session: AsyncSession, message_id: UUID, delivery: DeliveryState, at: datetime) -> bool:
    """Records what became of an e-mail. False: that was recorded already, and stays."""
    row = await session.get_one(Message, message_id, with_for_update=True)
    if row.delivery is not DeliveryState.QUEUED:
        return False
    row.delivery = delivery
    row.settled_at = at
    return True


async def of_process(session: AsyncSession, process_id: UUID) -> Sequence[Message]:
    """A process's e-mails, in the order they were made."""
    query = select(Message).where(Message.process_id == process_id).order_by(Message.created_at, Message.id)
    return (await session.scalars(query)).all()
