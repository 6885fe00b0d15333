"""Bringing a person's contracts and authorizations into agreement (spec 3.3). Repeating changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.asking import asking_registry
from activities.notifications import Letter, Notifier, attempt_time
from domain.codes import Code, Refused
from domain.contract_links import GiveUpLink, LinkContracts, LinkStands, TellOfLink
from domain.roles import ROLE_LEVELS
from domain.vocabulary import ContractLinkState, CustomerKind, GrantedThrough, Message, Role
from emails import props
from emails.letters import relation_label
from registry.client import CustomerRegistry
from registry.sync import bring_in
from runtime.identity_vault import IdentityVault
from runtime.keys import Keys
from store import audit, authorizations, contract_links, identifications
from store.audit import Actor, Event
from store.authorizations import Authorization
from store.contract_links import ContractLink
from store.customers import Customer, CustomerRelation
from store.database import Database
from store.identifications import StrongIdentity
from store.policy import OWNER_READS_AFTER_END
from store.users import User


class ContractLinkActivities:
    """Asks the registry by the identity code, which goes nowhere else."""

    def __init__(
        self,
        *,
        database: Database,
        registry: CustomerRegistry,
        vault: IdentityVault,
        keys: Keys,
        notifier: Notifier,
        origin: str,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._registry = registry
        self._vault = vault
        self._keys = keys
        self._notifier = notifier
        self._origin = origin
        self._zone = zone

    @activity.defn(name="LinkContracts")
    async def link(self, order: LinkContracts) -> LinkStands:
        """Makes the person owner of every relation under the code. Raises `registry.unavailable`."""
        now = attempt_time(order.now)
        async with self._database.reading() as session:
            link = _existing(await session.get(ContractLink, order.contract_link_id))
            identity = await identifications.identity_of(session, link.user_id)
        if link.state is not ContractLinkState.LINKING:
            return LinkStands(state=link.state)
        if identity is None:
            raise Refused(Code.IDENTIFICATION_REQUIRED)
        with asking_registry():
            code = self._vault.open(identity.identity_sealed, identity.user_id)
            found = await self._registry.by_identity(code)
        async with self._database.transaction() as session:
            link = _existing(await contract_links.locked(session, order.contract_link_id))
            if link.state is ContractLinkState.LINKING:
                today = now.astimezone(self._zone).date()
                brought = await bring_in(session, found, keys=self._keys, today=today, now=now)
                await self._grant(session, link, identity, list(brought.customer_ids.values()), now)
                _end(session, link, ContractLinkState.LINKED, now)
            return LinkStands(state=link.state)

    async def _grant(
        self,
        session: AsyncSession,
        link: ContractLink,
        identity: StrongIdentity,
        customers: Sequence[UUID],
        now: datetime,
    ) -> None:
        linked: list[str] = []
        closed: list[str] = []
        for relation in await _relations_of(session, identity, customers):
            if relation.ended_at is not None:
                if relation.ended_at + OWNER_READS_AFTER_END <= now:
                    continue
                closed.append(str(relation.id))
            else:
                linked.append(str(relation.id))
            await _make_owner(session, link, relation, now)
        link.linked, link.closed = linked, closed

    @activity.defn(name="GiveUpLink")
    async def give_up(self, order: GiveUpLink) -> LinkStands:
        """Records that the registry did not answer in time, unless it did at the last moment."""
        async with self._database.transaction() as session:
            link = _existing(await contract_links.locked(session, order.contract_link_id))
            if link.state is ContractLinkState.LINKING:
                _end(session, link, ContractLinkState.FAILED, order.now)
            return LinkStands(state=link.state)

    @activity.defn(name="TellOfLink")
    async def tell(self, news: TellOfLink) -> None:
        """Tells the person what is in the service now, or that it did not work out."""
        async with self._database.reading() as session:
            link = _existing(await session.get(ContractLink, news.contract_link_id))
            user = await session.get_one(User, link.user_id)
            letter = await self._letter(session, link, user)
        await self._notifier.send(link.id, letter, now=attempt_time(news.now))

    async def _letter(self, session: AsyncSession, link: ContractLink, user: User) -> Letter:
        written: props.EmailProps
        if link.state is ContractLinkState.FAILED or link.ended_at is None:
            message = Message.CONTRACTS_NOT_LINKED
            written = props.ContractsNotLinkedProps(
                first_name=user.first_name, link=f"{self._origin}/maintenance"
            )
        else:
            message = Message.CONTRACTS_LINKED
            written = props.ContractsLinkedProps(
                first_name=user.first_name,
                linked=await _labels(session, link.linked),
                closed=await _labels(session, link.closed),
                linked_at=link.ended_at,
                link=f"{self._origin}/services",
            )
        return Letter(message, user.email, user.language, lambda _: written)


def _existing(found: ContractLink | None) -> ContractLink:
    """The row; it is written before the process starts, so without it the process has no sense."""
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found


async def _relations_of(
    session: AsyncSession, identity: StrongIdentity, customers: Sequence[UUID]
) -> Sequence[CustomerRelation]:
    """Of the customers that the registry named just now, those that are the person's here, too."""
    query = (
        select(CustomerRelation)
        .join(Customer)
        .where(
            Customer.id.in_(customers),
            Customer.kind == CustomerKind.PRIVATE,
            Customer.identity_index == identity.identity_index,
        )
        .order_by(Customer.customer_number, CustomerRelation.commodity)
        .with_for_update(read=True, of=CustomerRelation)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def _make_owner(
    session: AsyncSession, link: ContractLink, relation: CustomerRelation, now: datetime
) -> None:
    if await authorizations.in_role(session, link.user_id, relation.id, Role.OWNER) is not None:
        return
    authorization = Authorization(
        user_id=link.user_id,
        relation_id=relation.id,
        role=Role.OWNER,
        levels=dict(ROLE_LEVELS[Role.OWNER]),
        valid_from=now,
        granted_through=GrantedThrough.CONTRACT,
        process_id=link.id,
    )
    session.add(authorization)
    await session.flush()
    audit.record(
        session,
        Event.AUTHORIZATION_GRANTED,
        at=now,
        subject_id=authorization.id,
        relation_id=relation.id,
        process_id=link.id,
    )


def _end(session: AsyncSession, link: ContractLink, state: ContractLinkState, now: datetime) -> None:
    link.state, link.ended_at = state, now
    linked = state is ContractLinkState.LINKED
    audit.record(
        session,
        Event.CONTRACTS_LINKED if linked else Event.CONTRACTS_NOT_LINKED,
        at=now,
        actor=Actor.PROCESS,
        subject_id=link.id,
        process_id=link.id,
        linked=len(link.linked),
        closed=len(link.closed),
    )


async def _labels(session: AsyncSession, relation_ids: Sequence[str]) -> tuple[props.RelationLabel, ...]:
    found = [await session.get_one(CustomerRelation, UUID(each)) for each in relation_ids]
    return tuple(relation_label(each) for each in found)
