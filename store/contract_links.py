"""The fetching of people's contracts into the service (spec 3.3). The row's id is the process's id."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.contract_links import ContractLinkStart, ContractLinkWaits
from domain.processes import ProcessStart
from domain.vocabulary import ContractLinkState, ProcessKind
from store import audit
from store.audit import Actor, Event
from store.base import Base, JsonList
from store.outbox import OutboxRow, Owed

_LINKING = text("state = 'linking'")


class ContractLink(Base):
    """One fetching: all contracts of a user's identity code. `linked` and `closed` hold relations' ids."""

    __tablename__ = "contract_links"
    __table_args__ = (
        # One at a time for a user.
        Index(
            "uq_contract_links_open", "user_id", unique=True, postgresql_where=_LINKING, sqlite_where=_LINKING
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    state: Mapped[ContractLinkState] = mapped_column(default=ContractLinkState.LINKING)
    linked: Mapped[list[str]] = mapped_column(JsonList(), default=list)
    closed: Mapped[list[str]] = mapped_column(JsonList(), default=list)
    created_at: Mapped[datetime]
    # Until when the registry is tried.
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def begin(session: AsyncSession, user_id: UUID, waits: ContractLinkWaits, now: datetime) -> ContractLink:
    """Writes the fetching of a user's contracts, with the start that it owes Temporal."""
    link = ContractLink(
        id=uuid4(),
        user_id=user_id,
        state=ContractLinkState.LINKING,
        created_at=now,
        deadline=now + waits.registry,
    )
    session.add(link)
    start = ProcessStart(
        input=ContractLinkStart(contract_link_id=link.id, deadline=link.deadline, waits=waits).model_dump(
            mode="json"
        ),
        state=ContractLinkState.LINKING,
        relations=[],
        deadline=link.deadline,
    )
    session.add(
        OutboxRow(
            process_kind=ProcessKind.CONTRACT_LINK,
            process_id=link.id,
            owed=Owed.START,
            payload=start.model_dump(mode="json"),
            created_at=now,
        )
    )
    audit.record(
        session,
        Event.CONTRACT_LINK_STARTED,
        at=now,
        actor=Actor.USER,
        actor_id=user_id,
        subject_id=link.id,
        process_id=link.id,
    )
    return link


async def of_user(session: AsyncSession, link_id: UUID, user_id: UUID) -> ContractLink | None:
    """The fetching, if it is this user's."""
    query = select(ContractLink).where(ContractLink.id == link_id, ContractLink.user_id == user_id)
    return (await session.scalars(query)).one_or_none()


async def open_of(session: AsyncSession, user_id: UUID) -> ContractLink | None:
    """The user's fetching that is under way."""
    query = select(ContractLink).where(
        ContractLink.user_id == user_id, ContractLink.state == ContractLinkState.LINKING
    )
    return (await session.scalars(query)).one_or_none()


async def locked(session: AsyncSession, link_id: UUID) -> ContractLink | None:
    """The fetching as it stands now; nobody else changes it before the current transaction ends."""
    query = (
        select(ContractLink)
        .where(ContractLink.id == link_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()
