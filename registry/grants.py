"""A customer's new relation: whoever holds the others through a contract or a registration holds it too."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, lazyload

from domain.roles import Levels
from domain.vocabulary import CustomerKind, GrantedThrough, Level, Role, Subpage
from store import audit
from store.audit import Actor, Event
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.identifications import StrongIdentity

_BY_REGISTRATION = (GrantedThrough.FIRST_REGISTRATION, GrantedThrough.LATER_REGISTRATION)
# A user in a role.
Holder = tuple[UUID, Role]


async def grant_on(
    session: AsyncSession, openings: Mapping[UUID, datetime | None], *, actor: Actor, now: datetime
) -> int:
    """Grants on relations that have a contract now, given with when they had ended before (None: new).

    Nobody gets what he lost while the relation ran, nor more than he holds on the customer's other
    relations. Returns how many were granted.
    """
    granted = 0
    pasts = await _pasts(session, openings)
    for relation_id, siblings in (await _siblings(session, openings, now)).items():
        past = pasts.get(relation_id, [])
        for holder, held in _by_holder(siblings):
            if not _stands(holder, past, openings[relation_id]):
                continue
            authorization = _same(held, relation_id, past, now)
            session.add(authorization)
            await session.flush()
            granted += 1
            audit.record(
                session,
                Event.AUTHORIZATION_GRANTED,
                at=now,
                actor=actor,
                subject_id=authorization.id,
                relation_id=relation_id,
                role=authorization.role,
                granted_through=authorization.granted_through,
            )
    return granted


async def _siblings(
    session: AsyncSession, openings: Mapping[UUID, datetime | None], now: datetime
) -> dict[UUID, list[Authorization]]:
    """What is held on other relations of the same customers and passes on, by the relation it passes to.

    A private customer's owner must be the person whose the customer number is, if both are known.
    """
    other = aliased(CustomerRelation)
    of_owner = and_(
        Customer.kind == CustomerKind.PRIVATE,
        Authorization.role == Role.OWNER,
        Authorization.granted_through == GrantedThrough.CONTRACT,
        or_(
            Customer.identity_index.is_(None),
            StrongIdentity.identity_index.is_(None),
            Customer.identity_index == StrongIdentity.identity_index,
        ),
    )
    of_registration = and_(
        Customer.kind == CustomerKind.COMPANY,
        Authorization.granted_through.in_(_BY_REGISTRATION),
        other.ended_at.is_(None),
    )
    query = (
        select(CustomerRelation.id, Authorization)
        .join(Customer, Customer.id == CustomerRelation.customer_id)
        .join(other, and_(other.customer_id == Customer.id, other.id != CustomerRelation.id))
        .join(Authorization, Authorization.relation_id == other.id)
        .outerjoin(StrongIdentity, StrongIdentity.user_id == Authorization.user_id)
        .where(
            CustomerRelation.id.in_(openings),
            Authorization.valid_from <= now,
            Authorization.ended_at.is_(None),
            Authorization.suspended_at.is_(None),
            or_(of_owner, of_registration),
        )
        # Locked in the order in which everybody does; taken in the order of granting.
        .order_by(Authorization.id)
        .options(lazyload(Authorization.user), lazyload(Authorization.relation))
        .with_for_update(read=True, of=Authorization)
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, list[Authorization]] = {}
    rows = (await session.execute(query)).all()
    for relation_id, authorization in sorted(rows, key=lambda row: (row[1].valid_from, row[1].id)):
        found.setdefault(relation_id, []).append(authorization)
    return found


async def _pasts(
    session: AsyncSession, openings: Mapping[UUID, datetime | None]
) -> dict[UUID, list[Authorization]]:
    """What is and was held on the relations that are open again."""
    again = [relation_id for relation_id, ended_at in openings.items() if ended_at is not None]
    query = (
        select(Authorization)
        .where(Authorization.relation_id.in_(again))
        .options(lazyload(Authorization.user), lazyload(Authorization.relation))
    )
    found: dict[UUID, list[Authorization]] = {}
    for authorization in await session.scalars(query):
        found.setdefault(authorization.relation_id, []).append(authorization)
    return found


def _by_holder(siblings: Sequence[Authorization]) -> Iterator[tuple[Holder, Sequence[Authorization]]]:
    holders: dict[Holder, list[Authorization]] = {}
    for authorization in siblings:
        holders.setdefault((authorization.user_id, authorization.role), []).append(authorization)
    yield from holders.items()


def _stands(holder: Holder, past: Sequence[Authorization], ended_at: datetime | None) -> bool:
    """Whether the holder lacks the right, and did not lose it otherwise than by the relation's end."""
    ends = [each.ended_at for each in past if (each.user_id, each.role) == holder]
    if not ends:
        return True
    latest = max((end for end in ends if end is not None), default=None)
    return None not in ends and latest is not None and ended_at is not None and latest >= ended_at


def _same(
    held: Sequence[Authorization], relation_id: UUID, past: Sequence[Authorization], now: datetime
) -> Authorization:
    """The same right on another relation. It rests on the same process, unless that granted there already."""
    first = held[0]
    taken = {each.process_id for each in past}
    return Authorization(
        user_id=first.user_id,
        relation_id=relation_id,
        role=first.role,
        levels=_lowest([each.levels for each in held]),
        valid_from=now,
        granted_through=first.granted_through,
        granted_by=first.granted_by,
        process_id=None if first.process_id in taken else first.process_id,
    )


def _lowest(levels: Sequence[Levels]) -> dict[Subpage, Level]:
    return {
        subpage: min((each.get(subpage, Level.NONE) for each in levels), key=lambda level: level.rank)
        for subpage in Subpage
    }
