"""Open invitations that fall because what their inviter may do on the relation has become less (spec 3.4)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain import roles
from domain.roles import Levels
from domain.vocabulary import ProcessKind
from store import invitations, outbox
from store.invitations import Invitation

# The invitation process listens to this.
RIGHT_LOST = "right_lost"


async def falling_with(
    session: AsyncSession, inviter_id: UUID, relation_id: UUID, levels: Levels
) -> Sequence[Invitation]:
    """The inviter's open invitations to a relation that he could not give with these levels."""
    resting = await invitations.resting_on(session, inviter_id, relation_id)
    return [
        each
        for each in resting
        if roles.refusal_to_give(
            kind=each.relation.customer.kind, role=each.role, levels=each.levels, giver=levels
        )
        is not None
    ]


def drop(session: AsyncSession, invitation_ids: Iterable[UUID], now: datetime) -> None:
    """Tells their processes to end them. Until they do, a grant asks anew and finds no right."""
    for invitation_id in invitation_ids:
        outbox.owe_signal(session, ProcessKind.INVITATION, invitation_id, RIGHT_LOST, now)
