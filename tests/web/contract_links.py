"""Fetchings of contracts, as they stand somehow."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from domain.vocabulary import ContractLinkState
from runtime.clock import Clock
from store.contract_links import ContractLink
from store.customers import CustomerRelation
from store.database import Database
from store.users import User


async def make_link(
    database: Database,
    clock: Clock,
    user: User,
    state: ContractLinkState,
    linked: Sequence[CustomerRelation] = (),
    closed: Sequence[CustomerRelation] = (),
) -> str:
    """The page of one that found these relations."""
    made = ContractLink(
        id=uuid4(),
        user_id=user.id,
        state=state,
        linked=[str(each.id) for each in linked],
        closed=[str(each.id) for each in closed],
        created_at=clock(),
        deadline=clock() + timedelta(days=1),
        ended_at=None if state is ContractLinkState.LINKING else clock(),
    )
    async with database.transaction() as session:
        session.add(made)
    return f"/contract-links/{made.id}"
