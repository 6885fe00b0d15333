"""Having oneself erased (spec 3.7): asked for, regretted within two weeks, or done."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.codes import Code, Refused
from domain.vocabulary import ErasureState
from starter.services import own_password
from starter.services.context import Services
from starter.services.processes import deliver_owed
from starter.services.refusals import FieldChecks
from store import authorization_acts, authorizations
from store import erasures as rows
from store.customers import CustomerRelation
from store.erasures import Erasure
from store.sessions import Session
from store.users import User


@dataclass(frozen=True)
class ErasurePreview:
    """What being erased means: where one holds something, and where nobody would manage the users then.

    `scheduled`: the erasure that is asked for already.
    """

    relations: Sequence[CustomerRelation]
    without_manager: Sequence[CustomerRelation]
    scheduled: Erasure | None


async def preview(services: Services, user: User) -> ErasurePreview:
    """What being erased would mean for a user now. Changes nothing."""
    now = services.clock()
    async with services.database.reading() as session:
        own = await authorizations.of_user(session, user.id, now)
        relations = list({each.relation_id: each.relation for each in own}.values())
        lonely = []
        for relation in relations:
            held = await authorizations.of_relation(session, relation.id, now)
            if authorization_acts.managers(relation, held, now) == [user.id]:
                lonely.append(relation)
        return ErasurePreview(relations, lonely, await rows.under_way(session, user.id))


async def schedule(services: Services, session: Session, password: str) -> Erasure:
    """Asks for the erasure; it is done after the time for regret. Again: the one that is under way.

    Raises FieldsRefused (`/password`), Refused(`session.expired`), TooMany.
    """
    checks = FieldChecks()
    if not await own_password.is_right(services, session, password):
        checks.refuse("/password", Code.PASSWORD_WRONG)
    checks.done()
    async with services.database.transaction() as writing:
        # Locked: asked for twice at the same moment, it is one.
        user = await own_password.locked_user(writing, session, "/password")
        erasure = await rows.under_way(writing, user.id)
        if erasure is None:
            erasure = rows.begin(writing, user.id, services.settings.erasure, services.clock())
            await writing.flush()
    await deliver_owed(services, erasure.id)
    return erasure


async def regret(services: Services, user: User) -> Erasure:
    """Takes the wish back. Raises Refused: `not_found` when there is none, `erasure.ended` when it is due."""
    now = services.clock()
    async with services.database.transaction() as session:
        under_way = await rows.under_way(session, user.id)
        erasure = None if under_way is None else await rows.locked(session, under_way.id)
        if erasure is None:
            raise Refused(Code.NOT_FOUND)
        if erasure.state is not ErasureState.SCHEDULED or now >= erasure.due:
            raise Refused(Code.ERASURE_ENDED)
        rows.cancel(session, erasure, now)
    await deliver_owed(services, erasure.id)
    return erasure
