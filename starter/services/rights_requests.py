"""*May I have more rights?*: asking, answering, withdrawing. Each is one transaction on the row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import roles, text
from domain.codes import Code, Refused
from domain.roles import EXISTING_LEVELS, Levels
from domain.vocabulary import GrantedThrough, Level, RightsRequestState, Subpage
from starter.services import held, throttle
from starter.services import levels as levels_service
from starter.services.context import Services
from starter.services.idempotency import RequestKey, earlier_result, remember
from starter.services.processes import deliver_owed
from starter.services.refusals import FieldChecks
from starter.services.removals import earlier_change, follow_up
from store import authorization_acts, authorizations, identifications, policy
from store import rights_requests as rows
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.rights_requests import RightsRequest
from store.users import User

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Askable:
    """What the holder of an authorization may ask for, per subpage, lowest first; what he has is among it.

    `identified`: whether he has identified strongly; some levels need that, and are left out without.
    `open_request`: the one that waits already.
    """

    authorization: Authorization
    levels: dict[Subpage, tuple[Level, ...]]
    identified: bool
    open_request: RightsRequest | None

    @property
    def is_something(self) -> bool:
        """Whether there is anything more to ask for."""
        return any(len(levels) > 1 for levels in self.levels.values())


async def askable(services: Services, user: User, authorization_id: UUID) -> Askable:
    """What a user may ask for on his own authorization. Raises Refused(`not_found`)."""
    now = services.clock()
    async with services.database.reading() as session:
        authorization = await _own(session, user, authorization_id, now)
        identified = await identifications.identity_of(session, user.id) is not None
        waiting = await rows.open_on(session, authorization_id)
    if waiting is not None and waiting.state_at(now) is not RightsRequestState.OPEN:
        waiting = None
    return Askable(authorization, _askable(authorization, identified=identified), identified, waiting)


def _askable(authorization: Authorization, *, identified: bool) -> dict[Subpage, tuple[Level, ...]]:
    """By the rules for whoever may set everything, and upwards alone."""
    everything = {subpage: levels[-1] for subpage, levels in EXISTING_LEVELS.items()}
    by_contract = authorization.granted_through is GrantedThrough.CONTRACT
    settable = roles.settable_levels(
        kind=authorization.relation.customer.kind,
        giver=roles.NOTHING if by_contract else everything,
        current=authorization.levels,
        identified=identified,
    )
    return {
        subpage: tuple(each for each in levels if each.rank >= authorization.levels[subpage].rank)
        for subpage, levels in settable.items()
    }


async def _own(session: AsyncSession, user: User, authorization_id: UUID, now: datetime) -> Authorization:
    """One's own, in force. Raises Refused(`not_found`)."""
    found = await session.get(Authorization, authorization_id)
    if found is None or found.user_id != user.id:
        raise Refused(Code.NOT_FOUND)
    active = await authorizations.active_on(session, user.id, found.relation_id, now)
    if found.relation.ended_at is not None or all(each.id != found.id for each in active):
        raise Refused(Code.NOT_FOUND)
    return found


async def ask(
    services: Services,
    user: User,
    authorization_id: UUID,
    levels: Levels,
    message: str,
    key: RequestKey | None = None,
) -> RightsRequest:
    """Asks those who manage the users for these levels, one for every subpage.

    The same request with the same key returns what it made before. Raises Refused: `not_found`,
    `rights_request.*`, `identification.required`, `authorization.level_too_high`; FieldsRefused; TooMany.
    """
    checks = FieldChecks()
    words = checks.value("/message", text.checked_message, message) if message.strip() else ""
    checks.done()
    await throttle.hit(
        services,
        "rights-request",
        str(user.id),
        limit=services.settings.limits.rights_requests_per_user_and_day,
        window=_DAY,
        code=Code.RIGHTS_REQUEST_TOO_MANY,
    )
    try:
        request = await _write(services, user, authorization_id, levels, words, key)
    except IntegrityError:
        # The same at the same moment.
        request = await _write(services, user, authorization_id, levels, words, key)
    await deliver_owed(services, request.id)
    return request


async def _write(
    services: Services,
    user: User,
    authorization_id: UUID,
    levels: Levels,
    message: str,
    key: RequestKey | None,
) -> RightsRequest:
    now = services.clock()
    async with services.database.transaction() as session:
        # Alone: the same request, sent twice at once, sees what the first one made.
        await held.hold(session, [authorization_id])
        if (earlier := await earlier_result(services, session, key)) is not None:
            return await session.get_one(RightsRequest, earlier)
        authorization = await _own(session, user, authorization_id, now)
        identified = await identifications.identity_of(session, user.id) is not None
        _refuse_asking(authorization, levels, identified=identified)
        await _make_room(session, authorization_id, now)
        everybody = await authorizations.of_relation(session, authorization.relation_id, now)
        managers = authorization_acts.managers(authorization.relation, everybody, now)
        asked = [each for each in managers if each != user.id]
        if not asked:
            raise Refused(Code.RIGHTS_REQUEST_NOBODY_TO_ASK)
        request = rows.begin(
            session,
            authorization,
            levels=dict(levels),
            message=message,
            told_managers=asked,
            waits=services.settings.rights_request,
            now=now,
        )
        remember(services, session, key, request.id)
        await session.flush()
        return request


def _refuse_asking(authorization: Authorization, levels: Levels, *, identified: bool) -> None:
    current = authorization.levels
    if not any(level.rank > current[subpage].rank for subpage, level in levels.items()):
        raise Refused(Code.RIGHTS_REQUEST_NOTHING_MORE)
    for with_identity, code in (
        (True, Code.AUTHORIZATION_LEVEL_TOO_HIGH),
        (identified, Code.IDENTIFICATION_REQUIRED),
    ):
        possible = _askable(authorization, identified=with_identity)
        if any(level not in possible[subpage] for subpage, level in levels.items()):
            raise Refused(code)


async def _make_room(session: AsyncSession, authorization_id: UUID, now: datetime) -> None:
    """One open request at a time; one whose time is up is ended if its process has not done so yet."""
    waiting = await rows.open_on(session, authorization_id)
    found = None if waiting is None else await rows.locked(session, waiting.id)
    if found is None or found.state is not RightsRequestState.OPEN:
        return
    if found.state_at(now) is RightsRequestState.OPEN:
        raise Refused(Code.RIGHTS_REQUEST_ALREADY_OPEN)
    rows.end(session, found, RightsRequestState.EXPIRED, at=now)
    await session.flush()


@dataclass(frozen=True)
class Viewed:
    """A request as somebody sees it who asked (`own`) or can answer (`manages`)."""

    request: RightsRequest
    state: RightsRequestState
    own: bool
    manages: bool


async def view(services: Services, user: User, request_id: UUID) -> Viewed:
    """A request, for who made it and who manages the relation's users. Raises Refused(`not_found`)."""
    now = services.clock()
    async with services.database.reading() as session:
        request = await rows.request(session, request_id)
        if request is None:
            raise Refused(Code.NOT_FOUND)
        levels = await policy.levels(session, user.id, request.relation_id, now)
    own, manages = request.user_id == user.id, levels[Subpage.USERS] is Level.WRITE
    if not (own or manages):
        raise Refused(Code.NOT_FOUND)
    return Viewed(request, request.state_at(now), own=own, manages=manages and not own)


async def approve(
    services: Services, user: User, request_id: UUID, levels: Levels | None, key: RequestKey | None = None
) -> AuthorizationChange:
    """Gives who asked what he asked for, or of it these `levels`, one for every subpage. Takes nothing away.

    The same request with the same key returns what it did before. Raises Refused: `not_found`,
    `rights_request.ended`, `rights_request.nothing_more`, and what `levels.change` refuses with.
    """
    now = services.clock()
    await _require_manager(services, user, request_id)
    async with services.database.transaction() as session:
        request = await session.get_one(RightsRequest, request_id)
        await held.hold(session, [request.authorization_id])
        if (earlier := await earlier_change(services, session, user, key, now)) is not None:
            return earlier
        request = await _open(session, request_id, now)
        given = _given(request, request.levels if levels is None else levels)
        change = await levels_service.change_in(
            services, session, user, request.authorization_id, given, seen=None, now=now
        )
        if change is None:
            raise Refused(Code.RIGHTS_REQUEST_NOTHING_MORE)
        rows.end(session, request, RightsRequestState.APPROVED, at=now, by=user.id)
        remember(services, session, key, change.id)
    await follow_up(services, change)
    await deliver_owed(services, request_id)
    return change


def _given(request: RightsRequest, levels: Levels) -> Levels:
    """These levels, or what is held where that is more: somebody may have raised it meanwhile.

    Raises Refused(`authorization.level_too_high`) for more than was asked for.
    """
    current = request.authorization.levels
    given = {
        subpage: max(level, current[subpage], key=lambda each: each.rank) for subpage, level in levels.items()
    }
    if any(
        level.rank > max(request.levels[subpage].rank, current[subpage].rank)
        for subpage, level in given.items()
    ):
        raise Refused(Code.AUTHORIZATION_LEVEL_TOO_HIGH)
    return given


async def decline(services: Services, user: User, request_id: UUID) -> RightsRequest:
    """Says no. Again by the same person: the same. Raises Refused: `not_found`, `rights_request.ended`."""
    await _require_manager(services, user, request_id)
    return await _end(services, user, request_id, RightsRequestState.DECLINED)


async def withdraw(services: Services, user: User, request_id: UUID) -> RightsRequest:
    """Takes one's own request back. Again: the same. Raises Refused: `not_found`, `rights_request.ended`."""
    if not (await view(services, user, request_id)).own:
        raise Refused(Code.NOT_FOUND)
    return await _end(services, user, request_id, RightsRequestState.WITHDRAWN)


async def _require_manager(services: Services, user: User, request_id: UUID) -> None:
    if not (await view(services, user, request_id)).manages:
        raise Refused(Code.NOT_FOUND)


async def _end(services: Services, user: User, request_id: UUID, state: RightsRequestState) -> RightsRequest:
    now = services.clock()
    async with services.database.transaction() as session:
        request = await rows.locked(session, request_id)
        if request is None:
            raise Refused(Code.NOT_FOUND)
        if (request.state, request.ended_by) == (state, user.id):
            return request
        request = await _open(session, request_id, now)
        rows.end(session, request, state, at=now, by=user.id)
    await deliver_owed(services, request_id)
    return request


async def _open(session: AsyncSession, request_id: UUID, now: datetime) -> RightsRequest:
    """The request, locked, while it waits. Raises Refused(`rights_request.ended`)."""
    request = await rows.locked(session, request_id)
    if request is None or request.state_at(now) is not RightsRequestState.OPEN:
        raise Refused(Code.RIGHTS_REQUEST_ENDED)
    return request


async def to_handle(services: Services, user: User) -> Sequence[RightsRequest]:
    """The requests that wait for this user's answer, the most urgent first."""
    now = services.clock()
    async with services.database.reading() as session:
        managed = await managed_relations(session, user, now)
        found = await rows.to_handle(session, managed, now)
    return [each for each in found if each.user_id != user.id]


async def managed_relations(session: AsyncSession, user: User, now: datetime) -> Sequence[UUID]:
    """The relations whose users this user manages."""
    by_relation: dict[UUID, list[Authorization]] = {}
    for each in await authorizations.of_user(session, user.id, now):
        by_relation.setdefault(each.relation_id, []).append(each)
    return [
        relation_id
        for relation_id, own in by_relation.items()
        if policy.levels_of(own[0].relation, own, now)[Subpage.USERS] is Level.WRITE
    ]
