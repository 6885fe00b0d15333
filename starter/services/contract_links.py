"""Fetching one's contracts into the service: *Update authorizations* (spec 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from domain.codes import Code, Refused
from domain.vocabulary import ContractLinkState
from starter.services import throttle
from starter.services.context import Services
from starter.services.processes import deliver_owed
from starter.services.waiting import until_settled
from store import contract_links, identifications
from store.contract_links import ContractLink
from store.customers import CustomerRelation
from store.users import User

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Result:
    """A fetching, and the relations that it found: in force, and ended."""

    link: ContractLink
    linked: Sequence[CustomerRelation]
    closed: Sequence[CustomerRelation]


async def begin(services: Services, user: User) -> Result:
    """Fetches the contracts under the user's identity code; one that is under way goes on.

    Waits a few seconds for the registry; then `linking` is returned, and what comes of it is seen later and
    told by e-mail. Raises Refused(`identification.required`) for a user without a strong identity.
    """
    await throttle.hit(
        services,
        "contract-link",
        str(user.id),
        limit=services.settings.registration_limits.contract_links_per_user_and_day,
        window=_DAY,
        code=Code.REQUEST_TOO_MANY,
    )
    try:
        link = await _write(services, user)
    except IntegrityError:
        # Another one began at this very moment.
        link = await _write(services, user)
    await deliver_owed(services, link.id)
    return await until_settled(
        lambda: find(services, user, link.id), lambda result: result.link.state is ContractLinkState.LINKING
    )


async def _write(services: Services, user: User) -> ContractLink:
    now = services.clock()
    async with services.database.transaction() as session:
        if await identifications.identity_of(session, user.id) is None:
            raise Refused(Code.IDENTIFICATION_REQUIRED)
        running = await contract_links.open_of(session, user.id)
        if running is not None:
            return running
        link = contract_links.begin(session, user.id, services.settings.contract_link, now)
        await session.flush()
        return link


async def find(services: Services, user: User, link_id: UUID) -> Result:
    """The user's fetching and what it found. Raises Refused(`not_found`)."""
    async with services.database.reading() as session:
        link = await contract_links.of_user(session, link_id, user.id)
        if link is None:
            raise Refused(Code.NOT_FOUND)
        return Result(
            link,
            [await session.get_one(CustomerRelation, UUID(each)) for each in link.linked],
            [await session.get_one(CustomerRelation, UUID(each)) for each in link.closed],
        )
