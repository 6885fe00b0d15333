"""What the erasure of a user does (spec 3.7). Each method may run any number of times."""

from collections.abc import Mapping
from types import MappingProxyType

from temporalio import activity

from activities.notifications import Letter, Notifier, attempt_time
from domain.authorization_changes import AuthorizationChangeWaits
from domain.codes import Code, Refused
from domain.erasures import BeginErasing, EraseUser, ErasureStands, LookAtErasure, TellOfErasure
from domain.vocabulary import ErasureState, Message
from emails import props
from store import erasures, forgetting
from store.database import Database
from store.erasures import Erasure
from store.users import User

_MESSAGES: Mapping[ErasureState, Message] = MappingProxyType(
    {
        ErasureState.SCHEDULED: Message.ERASURE_SCHEDULED,
        ErasureState.CANCELLED: Message.ERASURE_CANCELLED,
        ErasureState.ERASING: Message.ERASURE_DUE,
    }
)


class ErasureActivities:
    """Tells, ends all access, erases."""

    def __init__(
        self,
        *,
        database: Database,
        notifier: Notifier,
        origin: str,
        change_waits: AuthorizationChangeWaits,
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._origin = origin
        self._change_waits = change_waits

    @activity.defn(name="TellOfErasure")
    async def tell(self, news: TellOfErasure) -> None:
        """Tells the person that it is scheduled, cancelled, or due now."""
        async with self._database.reading() as session:
            erasure = _existing(await erasures.erasure(session, news.erasure_id))
            user = await session.get_one(User, erasure.user_id)
        if user.erased_at is None and news.state in _MESSAGES:
            await self._notifier.send(
                erasure.id, self._letter(erasure, user, news.state), now=attempt_time(news.now)
            )

    def _letter(self, erasure: Erasure, user: User, state: ErasureState) -> Letter:
        written: props.EmailProps
        if state is ErasureState.SCHEDULED:
            written = props.ErasureScheduledProps(
                first_name=user.first_name, due=erasure.due, link=f"{self._origin}/account/erasure"
            )
        elif state is ErasureState.CANCELLED:
            written = props.ErasureCancelledProps(first_name=user.first_name)
        else:
            written = props.ErasureDueProps(first_name=user.first_name)
        return Letter(_MESSAGES[state], user.email, user.language, lambda _: written)

    @activity.defn(name="LookAtErasure")
    async def look(self, look: LookAtErasure) -> ErasureStands:
        """How it stands in the database."""
        async with self._database.reading() as session:
            erasure = _existing(await erasures.erasure(session, look.erasure_id))
            return ErasureStands(state=erasure.state)

    @activity.defn(name="BeginErasing")
    async def begin(self, order: BeginErasing) -> ErasureStands:
        """Ends all that the person may do in the service, unless he regretted it at the last moment."""
        async with self._database.transaction() as session:
            erasure = _existing(await erasures.locked(session, order.erasure_id))
            if erasure.state is ErasureState.SCHEDULED:
                erasure.state = ErasureState.ERASING
                await forgetting.end_access(session, erasure.user_id, waits=self._change_waits, now=order.now)
            return ErasureStands(state=erasure.state)

    @activity.defn(name="EraseUser")
    async def erase(self, order: EraseUser) -> ErasureStands:
        """Erases everything personal; ids, roles and times stay."""
        async with self._database.transaction() as session:
            erasure = _existing(await erasures.locked(session, order.erasure_id))
            if erasure.state is ErasureState.ERASING:
                await forgetting.forget(session, erasure.user_id, now=order.now)
                erasures.finish(session, erasure, order.now)
            return ErasureStands(state=erasure.state)


def _existing(found: Erasure | None) -> Erasure:
    """The row; it is written before the process starts, so without it the process has no sense."""
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found
