"""The one answer to "may this user?" (architecture, rules 9 and 10).

Rights hang on authorizations, never on the person. What somebody holds nothing on does not exist for him
(404); what he sees but may not do is refused with the reason (403).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.codes import Code, Refused
from domain.vocabulary import GrantedThrough, Level, Subpage
from store import authorizations, customers
from store.authorizations import Authorization
from store.customers import CustomerRelation

# Spec section 2: for the final invoice. A rule and no setting: whatever asks must get the same answer.
OWNER_READS_AFTER_END = timedelta(days=730)


def combined_levels(held: Iterable[Authorization]) -> dict[Subpage, Level]:
    """The highest level per subpage over several authorizations on the same relation."""
    combined = dict.fromkeys(Subpage, Level.NONE)
    for authorization in held:
        for subpage, level in authorization.levels.items():
            combined[subpage] = max(combined[subpage], level, key=lambda each: each.rank)
    return combined


async def levels(
    session: AsyncSession, user_id: UUID, relation_id: UUID, at: datetime, *, lock: bool = False
) -> dict[Subpage, Level]:
    """What a user may do on a relation at a moment: a level for every subpage.

    With `lock`, the answer holds until the current transaction ends.
    """
    if lock:
        # The relation before what is held on it, as operators' commands do: nobody waits crosswise.
        await customers.relation(session, relation_id, lock=True)
    # One query, which brings the relation: both are of the same moment.
    held = await authorizations.active_on(session, user_id, relation_id, at, lock=lock)
    return levels_of(held[0].relation if held else None, held, at)


def levels_of(
    relation: CustomerRelation | None, held: Iterable[Authorization], at: datetime
) -> dict[Subpage, Level]:
    """What somebody may do at a moment who holds these on the relation: a level for every subpage.

    On an ended relation its owner, by contract, may still read for 24 months; nobody else may anything.
    """
    if relation is None:
        return combined_levels([])
    if relation.ended_at is None:
        return combined_levels(held)
    if at >= relation.ended_at + OWNER_READS_AFTER_END:
        return combined_levels([])
    owners = [each for each in held if each.granted_through is GrantedThrough.CONTRACT]
    levels = {subpage: _at_most_read(level) for subpage, level in combined_levels(owners).items()}
    return levels | {Subpage.USERS: Level.NONE}


def _at_most_read(level: Level) -> Level:
    return min(level, Level.READ, key=lambda each: each.rank)


async def require_relation(
    session: AsyncSession, user_id: UUID, relation_id: UUID, at: datetime
) -> CustomerRelation:
    """The relation, for somebody who holds anything on it. Raises Refused(`not_found`)."""
    relation = await customers.relation(session, relation_id)
    if relation is None or not await authorizations.active_on(session, user_id, relation_id, at):
        raise Refused(Code.NOT_FOUND)
    return relation


async def require_level(
    session: AsyncSession,
    user_id: UUID,
    relation_id: UUID,
    subpage: Subpage,
    level: Level,
    at: datetime,
) -> CustomerRelation:
    """The relation, for somebody who holds this level on this subpage of it.

    Raises Refused: `not_found` for a relation on which he holds nothing, `authorization.missing` otherwise.
    """
    relation = await require_relation(session, user_id, relation_id, at)
    if (await levels(session, user_id, relation_id, at))[subpage].rank < level.rank:
        raise Refused(Code.AUTHORIZATION_MISSING)
    return relation
