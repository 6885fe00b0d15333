"""What people do to authorizations that exist: ending them, and setting their levels (spec 3.4, 3.5).

Whoever calls these holds the relation alone (`customers.relation_alone`), and has checked that it may be.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.authorization_changes import AuthorizationChangeWaits
from domain.roles import Levels
from domain.vocabulary import AuthorizationChangeKind, Level, Subpage
from store import audit, authorization_changes, authorizations, falling, policy, rights_requests
from store.audit import Actor, Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.users import User


def managers(relation: CustomerRelation, held: Iterable[Authorization], at: datetime) -> Sequence[UUID]:
    """The users who manage a relation's users, by what is held on it; who has done so longest comes first."""
    of_users: dict[UUID, list[Authorization]] = {}
    for each in held:
        of_users.setdefault(each.user_id, []).append(each)
    return [
        user_id
        for user_id, own in of_users.items()
        if policy.levels_of(relation, own, at)[Subpage.USERS] is Level.WRITE
    ]


async def end(
    session: AsyncSession,
    relation: CustomerRelation,
    chosen: Sequence[Authorization],
    *,
    actor: User | None,
    waits: AuthorizationChangeWaits,
    now: datetime,
) -> AuthorizationChange:
    """Ends some of one user's authorizations on a relation, at once. `actor`: None for customer service."""
    user = chosen[0].user
    everybody = await authorizations.of_relation(session, relation.id, now)
    before = _levels(relation, everybody, user, now)
    for authorization in chosen:
        authorization.ended_at = now
    await rights_requests.void_on(session, [each.id for each in chosen], now)
    gone = {each.id for each in chosen}
    left = [each for each in everybody if each.id not in gone]
    own = actor is not None and actor.id == user.id
    others = [each for each in managers(relation, left, now) if each != user.id]
    change = await _record(
        session,
        AuthorizationChangeKind.GIVEN_UP if own else AuthorizationChangeKind.REMOVAL,
        relation,
        chosen,
        levels=(before, _levels(relation, left, user, now)),
        told=others if own or before[Subpage.USERS] is Level.WRITE else [],
        actor=actor,
        waits=waits,
        now=now,
    )
    for authorization in chosen:
        _audit(session, Event.AUTHORIZATION_ENDED, authorization, change, now)
    return change


async def set_levels(
    session: AsyncSession,
    relation: CustomerRelation,
    authorization: Authorization,
    levels: Levels,
    *,
    actor: User,
    waits: AuthorizationChangeWaits,
    now: datetime,
) -> AuthorizationChange:
    """Gives an authorization other levels, at once."""
    everybody = await authorizations.of_relation(session, relation.id, now)
    before = _levels(relation, everybody, authorization.user, now)
    authorization.levels = dict(levels)
    after = _levels(relation, everybody, authorization.user, now)
    change = await _record(
        session,
        AuthorizationChangeKind.LEVELS,
        relation,
        [authorization],
        levels=(before, after),
        told=[],
        actor=actor,
        waits=waits,
        now=now,
    )
    _audit(session, Event.AUTHORIZATION_LEVELS_CHANGED, authorization, change, now)
    return change


def _levels(
    relation: CustomerRelation, held: Iterable[Authorization], user: User, now: datetime
) -> dict[Subpage, Level]:
    return policy.levels_of(relation, [each for each in held if each.user_id == user.id], now)


async def _record(
    session: AsyncSession,
    kind: AuthorizationChangeKind,
    relation: CustomerRelation,
    chosen: Sequence[Authorization],
    *,
    levels: tuple[dict[Subpage, Level], dict[Subpage, Level]],
    told: Collection[UUID],
    actor: User | None,
    waits: AuthorizationChangeWaits,
    now: datetime,
) -> AuthorizationChange:
    user = chosen[0].user
    fallen = await falling.falling_with(session, user.id, relation.id, levels[1])
    falling.drop(session, [each.id for each in fallen], now)
    remover = [actor.id] if kind is AuthorizationChangeKind.REMOVAL and actor is not None else []
    change = authorization_changes.begin(
        session,
        kind,
        relation=relation,
        user=user,
        actor=actor,
        authorizations={each.id: each.role for each in chosen},
        levels=levels,
        fallen_invitations=[each.id for each in fallen],
        told_managers=list(dict.fromkeys([*remover, *told])),
        waits=waits,
        now=now,
    )
    await session.flush()
    return change


def _audit(
    session: AsyncSession,
    event: Event,
    authorization: Authorization,
    change: AuthorizationChange,
    now: datetime,
) -> None:
    audit.record(
        session,
        event,
        at=now,
        actor=Actor.OPERATOR if change.actor is None else Actor.USER,
        actor_id=None if change.actor is None else change.actor.id,
        subject_id=authorization.id,
        relation_id=authorization.relation_id,
        process_id=change.id,
        role=authorization.role,
    )
