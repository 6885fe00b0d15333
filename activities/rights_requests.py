"""What the process behind *May I have more rights?* does. Each method may run any number of times."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.notifications import Letter, Notifier, attempt_time
from activities.rights_request_letters import ended, requested
from domain.codes import Code, Refused
from domain.rights_requests import (
    ExpireRightsRequest,
    LookAtRightsRequest,
    RightsRequestStands,
    TellOfRightsRequest,
    TellOfRightsRequestEnd,
)
from domain.vocabulary import RightsRequestState
from store import authorization_acts, authorizations, rights_requests
from store.database import Database
from store.rights_requests import RightsRequest
from store.users import User

# What the person does not know from his own act, nor from the e-mail about changed rights.
_TOLD_ENDS = frozenset({RightsRequestState.DECLINED, RightsRequestState.EXPIRED, RightsRequestState.VOID})


class RightsRequestActivities:
    """Asks, looks, expires, tells."""

    def __init__(self, *, database: Database, notifier: Notifier, origin: str) -> None:
        self._database = database
        self._notifier = notifier
        self._origin = origin

    @activity.defn(name="TellOfRightsRequest")
    async def ask(self, order: TellOfRightsRequest) -> None:
        """Tells those who manage the users now, each once; nobody when it has ended meanwhile."""
        now = attempt_time(order.now)
        async with self._database.reading() as session:
            request = existing(await rights_requests.request(session, order.rights_request_id))
            if request.state_at(now) is not RightsRequestState.OPEN:
                return
            managers = await self._managers(session, request, now)
        letters = [requested(request, each, place, order.sequence, self._origin) for place, each in managers]
        await self._notifier.send_all(request.id, letters, now=now)

    async def _managers(
        self, session: AsyncSession, request: RightsRequest, now: datetime
    ) -> list[tuple[int, User]]:
        """Who was asked and still manages the users, with the place among those asked."""
        # The worker's clock may be a little behind the API's.
        at = max(now, request.created_at)
        held = await authorizations.of_relation(session, request.relation_id, at)
        managing = set(authorization_acts.managers(request.relation, held, at))
        return [
            (place, await session.get_one(User, UUID(each)))
            for place, each in enumerate(request.told_managers, start=1)
            if UUID(each) in managing
        ]

    @activity.defn(name="LookAtRightsRequest")
    async def look(self, look: LookAtRightsRequest) -> RightsRequestStands:
        """How it stands in the database."""
        async with self._database.reading() as session:
            return _stands(existing(await rights_requests.request(session, look.rights_request_id)))

    @activity.defn(name="ExpireRightsRequest")
    async def expire(self, order: ExpireRightsRequest) -> RightsRequestStands:
        """Records that nobody answered in time, unless somebody did at the last moment."""
        async with self._database.transaction() as session:
            request = existing(await rights_requests.locked(session, order.rights_request_id))
            if request.state is RightsRequestState.OPEN:
                rights_requests.end(session, request, RightsRequestState.EXPIRED, at=order.now)
            return _stands(request)

    @activity.defn(name="TellOfRightsRequestEnd")
    async def tell_of_end(self, news: TellOfRightsRequestEnd) -> None:
        """Tells the person how it ended, where he does not know."""
        async with self._database.reading() as session:
            request = existing(await rights_requests.request(session, news.rights_request_id))
        if request.state in _TOLD_ENDS:
            letter: Letter = ended(request, self._origin)
            await self._notifier.send(request.id, letter, now=attempt_time(news.now))


def existing(found: RightsRequest | None) -> RightsRequest:
    """The row; it is written before the process starts, so without it the process has no sense."""
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found


def _stands(request: RightsRequest) -> RightsRequestStands:
    return RightsRequestStands(state=request.state)
