"""What tests need in the database, with sensible defaults: one plain function a thing.

relation = await make_relation(database)
inviter = await make_manager(database, relation)
invitee = await make_user(database)
invitation = await make_invitation(database, inviter=inviter, relation=relation, email=invitee.email)
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Final
from uuid import UUID, uuid4

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address, usernames
from domain.invitations import InvitationStart, InvitationWaits
from domain.processes import ProcessStart
from domain.roles import FIRST_ROLE, ROLE_LEVELS
from domain.vocabulary import (
    Commodity,
    CustomerKind,
    GrantedThrough,
    InvitationState,
    Language,
    Level,
    ProcessKind,
    Role,
    Subpage,
)
from runtime.keys import Keys, token_hash
from runtime.settings import DEVELOPMENT_KEY
from store import audit
from store.audit import Actor, Event
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.outbox import OutboxRow, Owed
from store.users import User

PASSWORD: Final = "Norrsken-27-kilowatt"
# A real argon2 hash, but one that takes a millisecond.
PASSWORD_HASH: Final = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)
LONG_AGO: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
KEYS: Final = Keys(DEVELOPMENT_KEY)
_NUMBERS = count(1)


async def make_relation(
    database: Database,
    *,
    kind: CustomerKind = CustomerKind.COMPANY,
    commodity: Commodity = Commodity.ELECTRICITY,
    customer: Customer | None = None,
    name: str | None = None,
    ended_at: datetime | None = None,
) -> CustomerRelation:
    """A customer's relation; `customer` gives an existing customer another one."""
    number = next(_NUMBERS)
    if customer is None:
        company = kind is CustomerKind.COMPANY
        customer = Customer(
            id=uuid4(),
            customer_number=f"{700000 + number}",
            kind=kind,
            name=name or ("Björkbacka Bageri Ab" if company else "Matti Virtanen"),
            business_id="0737546-2" if company else None,
            contact_email="konttori@example.com" if company else None,
        )
    relation = CustomerRelation(id=uuid4(), customer_id=customer.id, commodity=commodity, ended_at=ended_at)
    async with database.transaction() as session:
        await session.merge(customer)
        await session.flush()
        session.add(relation)
        await session.flush()
        await session.refresh(relation, ["customer"])
    return relation


async def make_user(
    database: Database,
    *,
    first_name: str = "Anna",
    last_name: str = "Andersson",
    email: str | None = None,
    username: str | None = None,
    language: Language = Language.SWEDISH,
    name_suggestion_allowed: bool = False,
    created_at: datetime = LONG_AGO,
) -> User:
    """A user with a confirmed address, who logs in with `PASSWORD`."""
    number = next(_NUMBERS)
    address = email or f"person{number}@example.com"
    name = username or f"person{number}"
    user = User(
        id=uuid4(),
        username=name,
        username_normalised=usernames.normalised(name),
        password_hash=PASSWORD_HASH,
        first_name=first_name,
        last_name=last_name,
        email=address,
        email_normalised=email_address.normalised(address),
        language=language,
        name_suggestion_allowed=name_suggestion_allowed,
        terms_version="2026-11",
        terms_accepted_at=created_at,
        created_at=created_at,
    )
    async with database.transaction() as session:
        session.add(user)
    return user


async def make_authorization(
    database: Database,
    user: User,
    relation: CustomerRelation,
    *,
    role: Role = Role.ADMINISTRATOR,
    levels: Mapping[Subpage, Level] | None = None,
    valid_from: datetime = LONG_AGO,
    ended_at: datetime | None = None,
) -> Authorization:
    """An authorization with the role's own levels, unless others are given for some subpages."""
    authorization = Authorization(
        id=uuid4(),
        user_id=user.id,
        relation_id=relation.id,
        role=role,
        levels={**ROLE_LEVELS[role], **(levels or {})},
        valid_from=valid_from,
        ended_at=ended_at,
        granted_through=GrantedThrough.CUSTOMER_SERVICE,
    )
    async with database.transaction() as session:
        session.add(authorization)
    return authorization


async def make_manager(
    database: Database, relation: CustomerRelation, *, first_name: str = "Birgitta", last_name: str = "Berg"
) -> User:
    """A user who manages the relation's users: its owner or a company's administrator."""
    user = await make_user(database, first_name=first_name, last_name=last_name)
    await make_authorization(database, user, relation, role=FIRST_ROLE[relation.customer.kind])
    return user


async def end_authorization(database: Database, authorization: Authorization, at: datetime) -> None:
    """Ends it, as a removal does."""
    async with database.transaction() as session:
        row = await session.get_one(Authorization, authorization.id, with_for_update=True)
        row.ended_at = at


async def authorizations_of(session: AsyncSession, user_id: UUID) -> Sequence[Authorization]:
    """Everything that somebody holds or held, on any relation."""
    query = select(Authorization).where(Authorization.user_id == user_id)
    return (await session.scalars(query.order_by(Authorization.valid_from))).all()


async def make_invitation(
    database: Database,
    *,
    inviter: User,
    relation: CustomerRelation,
    email: str,
    first_name: str = "Anna",
    last_name: str = "Andersson",
    cover_message: str = "Hej! Nu kan du se vår elförbrukning.",
    language: Language = Language.SWEDISH,
    role: Role = Role.RELATION_USER,
    levels: Mapping[Subpage, Level] | None = None,
    waits: InvitationWaits | None = None,
    now: datetime = LONG_AGO,
    state: InvitationState = InvitationState.PENDING,
    ended_at: datetime | None = None,
) -> Invitation:
    """An invitation as the API makes it: the row, its audit event, and the start that is owed to Temporal.

    With an end as `state`, nothing is owed.
    """
    waits = waits or InvitationWaits()
    process_id = uuid4()
    invitation = Invitation(
        id=process_id,
        relation_id=relation.id,
        inviter_id=inviter.id,
        email=email,
        email_normalised=email_address.normalised(email),
        first_name=first_name,
        last_name=last_name,
        cover_message=cover_message,
        language=language,
        role=role,
        levels={**ROLE_LEVELS[role], **(levels or {})},
        state=state,
        token_hash=token_hash(KEYS.invitation_token(process_id, 1)),
        created_at=now,
        deadline=now + waits.at_most,
        ended_at=ended_at,
    )
    async with database.transaction() as session:
        session.add(invitation)
        audit.record(
            session,
            Event.INVITATION_CREATED,
            at=now,
            actor=Actor.USER,
            actor_id=inviter.id,
            subject_id=process_id,
            relation_id=relation.id,
            process_id=process_id,
        )
        if state.is_open:
            session.add(owed_start(invitation, waits))
        await session.flush()
        await session.refresh(invitation)
    return invitation


def owed_start(invitation: Invitation, waits: InvitationWaits) -> OutboxRow:
    """The outbox's row of an invitation's start."""
    start = InvitationStart(invitation_id=invitation.id, deadline=invitation.deadline, waits=waits)
    payload = ProcessStart(
        input=start.model_dump(mode="json"),
        state=invitation.state,
        relations=[invitation.relation_id],
        deadline=invitation.deadline,
    )
    return OutboxRow(
        process_kind=ProcessKind.INVITATION,
        process_id=invitation.id,
        owed=Owed.START,
        payload=payload.model_dump(mode="json"),
        created_at=invitation.created_at,
    )


def owed_signal(process: Invitation, name: str, at: datetime) -> OutboxRow:
    """The outbox's row of a signal without content."""
    return OutboxRow(
        process_kind=ProcessKind.INVITATION,
        process_id=process.id,
        owed=Owed.SIGNAL,
        signal=name,
        payload={},
        created_at=at,
    )
