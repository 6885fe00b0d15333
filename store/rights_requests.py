"""*May I have more rights?*: a user asks, a manager of the users decides. The id is the process's id."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.processes import ProcessStart
from domain.rights_requests import RightsRequestStart, RightsRequestWaits
from domain.vocabulary import Level, ProcessKind, RightsRequestState, Subpage
from store import audit, outbox
from store.audit import Actor, Event
from store.authorizations import Authorization
from store.base import Base, JsonList
from store.customers import CustomerRelation
from store.outbox import OutboxRow, Owed
from store.users import User

_OPEN = text("state = 'open'")
_EVENT_OF_END = MappingProxyType(
    {
        RightsRequestState.APPROVED: Event.RIGHTS_REQUEST_APPROVED,
        RightsRequestState.DECLINED: Event.RIGHTS_REQUEST_DECLINED,
        RightsRequestState.WITHDRAWN: Event.RIGHTS_REQUEST_WITHDRAWN,
        RightsRequestState.EXPIRED: Event.RIGHTS_REQUEST_EXPIRED,
        RightsRequestState.VOID: Event.RIGHTS_REQUEST_VOID,
    }
)


class RightsRequest(Base):
    """One request for other levels on one authorization. `message` is emptied when it ends."""

    __tablename__ = "rights_requests"
    __table_args__ = (
        # One open request on an authorization.
        Index(
            "uq_rights_requests_open",
            "authorization_id",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        Index("ix_rights_requests_relation_id_created_at", "relation_id", "created_at", "id"),
        Index("ix_rights_requests_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    relation_id: Mapped[UUID] = mapped_column(ForeignKey("customer_relations.id"))
    authorization_id: Mapped[UUID] = mapped_column(ForeignKey("authorizations.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    # A level for every subpage, as asked for.
    levels: Mapped[dict[Subpage, Level]]
    message: Mapped[str] = mapped_column(Text)
    # Who is asked, in the order in which they are told.
    told_managers: Mapped[list[str]] = mapped_column(JsonList())
    state: Mapped[RightsRequestState] = mapped_column(default=RightsRequestState.OPEN)
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # Who answered; None when time or a lost right ended it.
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))

    user: Mapped[User] = relationship(foreign_keys=user_id, lazy="joined", innerjoin=True)
    relation: Mapped[CustomerRelation] = relationship(lazy="joined", innerjoin=True)
    authorization: Mapped[Authorization] = relationship(lazy="joined", innerjoin=True)

    def state_at(self, moment: datetime) -> RightsRequestState:
        """The state as of a moment: an open one is expired from its deadline on, run timer or not."""
        if self.state is RightsRequestState.OPEN and moment >= self.deadline:
            return RightsRequestState.EXPIRED
        return self.state


def begin(
    session: AsyncSession,
    authorization: Authorization,
    *,
    levels: dict[Subpage, Level],
    message: str,
    told_managers: Sequence[UUID],
    waits: RightsRequestWaits,
    now: datetime,
) -> RightsRequest:
    """Writes a request, with the start that it owes Temporal."""
    request = RightsRequest(
        id=uuid4(),
        relation_id=authorization.relation_id,
        authorization_id=authorization.id,
        user_id=authorization.user_id,
        levels=levels,
        message=message,
        told_managers=[str(each) for each in told_managers],
        state=RightsRequestState.OPEN,
        created_at=now,
        deadline=now + waits.answer,
    )
    session.add(request)
    start = ProcessStart(
        input=RightsRequestStart(
            rights_request_id=request.id, deadline=request.deadline, waits=waits
        ).model_dump(mode="json"),
        state=RightsRequestState.OPEN,
        relations=[request.relation_id],
        deadline=request.deadline,
    )
    session.add(
        OutboxRow(
            process_kind=ProcessKind.RIGHTS_REQUEST,
            process_id=request.id,
            owed=Owed.START,
            payload=start.model_dump(mode="json"),
            created_at=now,
        )
    )
    record(session, request, Event.RIGHTS_REQUESTED, at=now, by=request.user_id)
    return request


def end(
    session: AsyncSession,
    request: RightsRequest,
    state: RightsRequestState,
    *,
    at: datetime,
    by: UUID | None = None,
) -> None:
    """Ends an open, locked request; its process is owed the news, unless it was its own doing."""
    request.state, request.ended_at, request.ended_by = state, at, by
    request.message = ""
    record(session, request, _EVENT_OF_END[state], at=at, by=by)
    if state is not RightsRequestState.EXPIRED:
        outbox.owe_signal(session, ProcessKind.RIGHTS_REQUEST, request.id, "row_changed", at)


def record(
    session: AsyncSession, request: RightsRequest, event: Event, *, at: datetime, by: UUID | None = None
) -> None:
    """Adds an event about a request. `by`: the user who acted."""
    audit.record(
        session,
        event,
        at=at,
        actor=Actor.PROCESS if by is None else Actor.USER,
        actor_id=by,
        subject_id=request.user_id,
        relation_id=request.relation_id,
        process_id=request.id,
    )


async def request(session: AsyncSession, request_id: UUID) -> RightsRequest | None:
    """The request, with its people and its relation."""
    return await session.get(RightsRequest, request_id)


async def locked(session: AsyncSession, request_id: UUID) -> RightsRequest | None:
    """The request as it stands now; nobody else changes it before the current transaction ends.

    Take the relation alone before it, where both are taken.
    """
    query = (
        select(RightsRequest)
        .where(RightsRequest.id == request_id)
        .with_for_update(of=RightsRequest)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def void_on(session: AsyncSession, authorization_ids: Sequence[UUID], now: datetime) -> None:
    """Ends the open requests about authorizations that end."""
    query = (
        select(RightsRequest)
        .where(
            RightsRequest.authorization_id.in_(authorization_ids),
            RightsRequest.state == RightsRequestState.OPEN,
        )
        .order_by(RightsRequest.id)
        .with_for_update(of=RightsRequest)
        .execution_options(populate_existing=True)
    )
    for found in (await session.scalars(query)).all():
        end(session, found, RightsRequestState.VOID, at=now)


async def overdue(session: AsyncSession, since: datetime, limit: int) -> Sequence[RightsRequest]:
    """Open ones whose time was up before a moment: their processes should have ended them."""
    query = (
        select(RightsRequest)
        .where(RightsRequest.state == RightsRequestState.OPEN, RightsRequest.deadline < since)
        .order_by(RightsRequest.deadline)
        .limit(limit)
        .with_for_update(of=RightsRequest, skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def open_on(session: AsyncSession, authorization_id: UUID) -> RightsRequest | None:
    """The request about an authorization that no end has been recorded for."""
    query = select(RightsRequest).where(
        RightsRequest.authorization_id == authorization_id, RightsRequest.state == RightsRequestState.OPEN
    )
    return (await session.scalars(query)).one_or_none()


def _waits_at(moment: datetime) -> ColumnElement[bool]:
    """Waits for an answer, and is about an authorization that gives something."""
    gives = select(Authorization.id).where(
        Authorization.ended_at.is_(None), Authorization.suspended_at.is_(None)
    )
    return and_(
        RightsRequest.state == RightsRequestState.OPEN,
        RightsRequest.deadline > moment,
        RightsRequest.authorization_id.in_(gives),
    )


async def to_handle(
    session: AsyncSession, relation_ids: Sequence[UUID], at: datetime
) -> Sequence[RightsRequest]:
    """The requests on these relations that wait for an answer, the most urgent first."""
    query = (
        select(RightsRequest)
        .where(RightsRequest.relation_id.in_(relation_ids), _waits_at(at))
        .order_by(RightsRequest.deadline, RightsRequest.id)
    )
    return (await session.scalars(query)).all()


async def count_to_handle(
    session: AsyncSession, relation_ids: Sequence[UUID], at: datetime, *, besides: UUID
) -> int:
    """How many they are; without those of the user `besides`, who cannot answer his own."""
    query = (
        select(func.count())
        .select_from(RightsRequest)
        .where(RightsRequest.relation_id.in_(relation_ids), RightsRequest.user_id != besides, _waits_at(at))
    )
    return (await session.execute(query)).scalar_one()


async def of_user(session: AsyncSession, user_id: UUID) -> Sequence[RightsRequest]:
    """A user's requests, the newest first."""
    query = (
        select(RightsRequest)
        .where(RightsRequest.user_id == user_id)
        .order_by(RightsRequest.created_at.desc(), RightsRequest.id)
    )
    return (await session.scalars(query)).all()
