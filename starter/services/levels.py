"""Setting what a user may do on each subpage of a relation (spec 3.5)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain import roles
from domain.codes import Code, Refused
from domain.roles import Levels
from domain.vocabulary import Level, Subpage
from starter.services import held as holdings
from starter.services.context import Services
from starter.services.held import Held
from starter.services.idempotency import RequestKey, remember
from starter.services.removals import earlier_change, follow_up
from store import authorization_acts, identifications
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.users import User


@dataclass(frozen=True)
class Choices:
    """An authorization, and the levels that the actor may set on each subpage, lowest first.

    `identified`: whether its user has identified strongly; without that, some levels cannot be his.
    """

    held: Held
    settable: Mapping[Subpage, tuple[Level, ...]]
    identified: bool

    @property
    def authorization(self) -> Authorization:
        """The one."""
        return self.held.chosen[0]


def version(authorization: Authorization) -> str:
    """Another one whenever the levels are others: the ETag of an authorization."""
    levels = {subpage.value: authorization.levels[subpage].value for subpage in Subpage}
    return hashlib.sha256(json.dumps(levels).encode()).hexdigest()[:16]


async def choices(services: Services, actor: User, authorization_id: UUID) -> Choices:
    """The levels that may be chosen. On one that comes with a contract there is nothing to choose.

    Raises what `held.find` raises.
    """
    now = services.clock()
    async with services.database.reading() as session:
        return await _choices(session, actor, authorization_id, now, alone=False)


async def change(
    services: Services,
    actor: User,
    authorization_id: UUID,
    levels: Levels,
    *,
    seen: str,
    key: RequestKey | None = None,
) -> AuthorizationChange | None:
    """Sets a level for every subpage, at once, on the authorization as it was `seen` (its `version`).

    None when they are what they were. The same request with the same key returns what it did before. Raises
    Refused: what `held.find` raises, `authorization.by_contract`, `authorization.changed_meanwhile`,
    `authorization.last_manager`, and the codes of `roles.refusal_to_set`.
    """
    now = services.clock()
    async with services.database.transaction() as session:
        await holdings.hold(session, [authorization_id])
        if (earlier := await earlier_change(services, session, actor, key, now)) is not None:
            return earlier
        made = await change_in(services, session, actor, authorization_id, levels, seen=seen, now=now)
        if made is None:
            return None
        remember(services, session, key, made.id)
    await follow_up(services, made)
    return made


async def change_in(
    services: Services,
    session: AsyncSession,
    actor: User,
    authorization_id: UUID,
    levels: Levels,
    *,
    seen: str | None,
    now: datetime,
) -> AuthorizationChange | None:
    """The same in a transaction of the caller's; `seen`: None for whatever version it has."""
    found = await _choices(session, actor, authorization_id, now, alone=True)
    _refuse(found, levels, seen, now)
    if dict(levels) == found.authorization.levels:
        return None
    return await authorization_acts.set_levels(
        session,
        found.held.relation,
        found.authorization,
        levels,
        actor=await session.get_one(User, actor.id),
        waits=services.settings.authorization_change,
        now=now,
    )


async def _choices(
    session: AsyncSession, actor: User, authorization_id: UUID, now: datetime, *, alone: bool
) -> Choices:
    held = await holdings.find(session, actor, [authorization_id], now, alone=alone)
    identified = await identifications.identity_of(session, held.user.id) is not None
    current = held.chosen[0].levels
    giver = held.actor_levels if not held.is_by_contract else roles.NOTHING
    settable = roles.settable_levels(
        kind=held.relation.customer.kind, giver=giver, current=current, identified=identified
    )
    return Choices(held=held, settable=settable, identified=identified)


def _refuse(found: Choices, levels: Levels, seen: str | None, now: datetime) -> None:
    held, authorization = found.held, found.authorization
    if held.is_by_contract:
        raise Refused(Code.AUTHORIZATION_BY_CONTRACT)
    if seen is not None and version(authorization) != seen:
        raise Refused(Code.AUTHORIZATION_CHANGED_MEANWHILE)
    refusal = roles.refusal_to_set(
        kind=held.relation.customer.kind,
        levels=levels,
        giver=held.actor_levels,
        current=authorization.levels,
        identified=found.identified,
    )
    if refusal is not None:
        raise Refused(refusal)
    if levels[Subpage.USERS] is not Level.WRITE:
        others = [each for each in held.everybody if each.id != authorization.id]
        holdings.refuse_without_manager(held, others, now)
