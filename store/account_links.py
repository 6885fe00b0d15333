"""Links and e-mails about accounts: a forgotten password or username, a new address or password (spec 3.7).

The row's id is the process's id.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.account_links import AccountLinkStart, AccountLinkWaits, state_at_first
from domain.processes import ProcessStart
from domain.vocabulary import AccountLinkPurpose, AccountLinkState, ProcessKind
from store import audit, outbox
from store.audit import Actor, Event
from store.base import Base
from store.outbox import OutboxRow, Owed
from store.users import User


class AccountLink(Base):
    """One request. Without `user` nobody has the address that was given, and that address is not kept.

    The token is an HMAC of a key, the purpose and the id; kept as a hash only.
    """

    __tablename__ = "account_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[AccountLinkPurpose]
    state: Mapped[AccountLinkState]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # The user's address when it was asked, and the one to change to; emptied once everybody is told.
    email: Mapped[str] = mapped_column(String(254), default="")
    new_email: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[datetime]
    # Until when the link works.
    deadline: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    # A keyed hash of where it was used: strangers lock nobody out there who had his mailbox at hand.
    used_source_hash: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(lazy="joined")

    def state_at(self, moment: datetime) -> AccountLinkState:
        """The state as of a moment: an open one is expired from its deadline on, run timer or not."""
        if self.state is AccountLinkState.OPEN and moment >= self.deadline:
            return AccountLinkState.EXPIRED
        return self.state


def begin(
    session: AsyncSession,
    link_id: UUID,
    purpose: AccountLinkPurpose,
    user: User | None,
    *,
    token_hash: str,
    waits: AccountLinkWaits,
    now: datetime,
    new_email: str = "",
) -> AccountLink:
    """Writes a request with the start that it owes Temporal."""
    link = AccountLink(
        id=link_id,
        user_id=None if user is None else user.id,
        purpose=purpose,
        state=state_at_first(purpose),
        token_hash=token_hash,
        email="" if user is None else user.email,
        new_email=new_email,
        created_at=now,
        deadline=now + waits.use,
    )
    session.add(link)
    start = AccountLinkStart(account_link_id=link_id, purpose=purpose, deadline=link.deadline, waits=waits)
    owed = ProcessStart(
        input=start.model_dump(mode="json"), state=link.state, relations=[], deadline=link.deadline
    )
    session.add(
        OutboxRow(
            process_kind=ProcessKind.ACCOUNT_LINK,
            process_id=link_id,
            owed=Owed.START,
            payload=owed.model_dump(mode="json"),
            created_at=now,
        )
    )
    return link


def use(session: AsyncSession, link: AccountLink, source_hash: str, now: datetime) -> None:
    """Marks an open link as used, and owes its process the news."""
    link.state, link.used_at, link.ended_at = AccountLinkState.DONE, now, now
    link.used_source_hash = source_hash
    outbox.owe_signal(session, ProcessKind.ACCOUNT_LINK, link.id, "row_changed", now)


def expire(session: AsyncSession, link: AccountLink, now: datetime) -> None:
    """Ends an open link whose time is up, and erases its addresses."""
    _end(session, link, AccountLinkState.EXPIRED, Event.ACCOUNT_LINK_EXPIRED, now)


def replace(session: AsyncSession, links: Sequence[AccountLink], now: datetime) -> None:
    """Ends open links that something newer took the place of, and owes their processes the news."""
    for link in links:
        _end(session, link, AccountLinkState.REPLACED, Event.ACCOUNT_LINK_REPLACED, now)
        outbox.owe_signal(session, ProcessKind.ACCOUNT_LINK, link.id, "row_changed", now)


def _end(
    session: AsyncSession, link: AccountLink, state: AccountLinkState, event: Event, now: datetime
) -> None:
    link.state, link.ended_at = state, now
    erase(link)
    record(session, link, event, at=now)


def erase(link: AccountLink) -> None:
    """Empties the addresses."""
    link.email = link.new_email = ""


def record(
    session: AsyncSession,
    link: AccountLink,
    event: Event,
    *,
    at: datetime,
    actor: Actor = Actor.PROCESS,
    by: UUID | None = None,
) -> None:
    """Adds an event about a request. `by`: the user, when it certainly is he who acts."""
    audit.record(
        session,
        event,
        at=at,
        actor=actor,
        actor_id=by,
        subject_id=link.user_id,
        process_id=link.id,
        purpose=link.purpose.value,
    )


async def by_token_hash(session: AsyncSession, token_hash: str) -> AccountLink | None:
    """The request whose link holds this token."""
    query = select(AccountLink).where(AccountLink.token_hash == token_hash)
    return (await session.scalars(query)).one_or_none()


async def locked(session: AsyncSession, link_id: UUID) -> AccountLink | None:
    """The request as it stands now; nobody else changes it before the current transaction ends.

    Who changes the user, too, locks him first.
    """
    query = (
        select(AccountLink)
        .where(AccountLink.id == link_id)
        .with_for_update(of=AccountLink)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def open_of(
    session: AsyncSession, user_id: UUID, purpose: AccountLinkPurpose | None = None
) -> Sequence[AccountLink]:
    """A user's open links, of one purpose or of all, locked, the newest first. Lock the user before."""
    query = (
        select(AccountLink)
        .where(AccountLink.user_id == user_id, AccountLink.state == AccountLinkState.OPEN)
        .order_by(AccountLink.created_at.desc(), AccountLink.id)
        .with_for_update(of=AccountLink)
        .execution_options(populate_existing=True)
    )
    if purpose is not None:
        query = query.where(AccountLink.purpose == purpose)
    return (await session.scalars(query)).all()


async def knows_source(session: AsyncSession, user_id: UUID, source_hash: str, since: datetime) -> bool:
    """Whether this user has used a link from that source since then."""
    query = select(AccountLink.id).where(
        AccountLink.user_id == user_id,
        AccountLink.used_source_hash == source_hash,
        AccountLink.used_at >= since,
    )
    return (await session.scalars(query.limit(1))).first() is not None


async def forgotten(session: AsyncSession, since: datetime, limit: int) -> Sequence[AccountLink]:
    """Those whose time was up before a moment and that still hold addresses: their processes should have
    erased them.
    """
    query = (
        select(AccountLink)
        .where(AccountLink.deadline < since, AccountLink.email != "")
        .order_by(AccountLink.deadline)
        .limit(limit)
        .with_for_update(of=AccountLink, skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def forget_before(session: AsyncSession, moment: datetime) -> None:
    """Deletes requests whose time was up before a moment."""
    await session.execute(delete(AccountLink).where(AccountLink.deadline < moment))
