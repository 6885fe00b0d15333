"""The service itself, driven act by act: its own transactions, on a database, with Temporal away.

What the outbox owes stays owed until `hear` plays the processes that would be told.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from temporalio.client import Client

from activities.contract_links import ContractLinkActivities
from activities.invitations import InvitationActivities
from activities.notifications import Notifier, Sender
from activities.registrations import RegistrationActivities
from domain.authorization_changes import AuthorizationChangeWaits
from domain.codes import Code, Refused
from domain.contract_links import ContractLinkWaits, LinkContracts
from domain.invitations import DecisionOutcome, EndInvitation, GrantAuthorization
from domain.registrations import CompleteRegistration
from domain.vocabulary import (
    Commodity,
    CustomerKind,
    InvitationState,
    Language,
    Level,
    RegistrationState,
    Role,
    Subpage,
)
from emails.brand import brand
from registry.ends import end_lapsed
from registry.sync import bring_in
from runtime.failures import DATA_CONVERTER
from runtime.keys import token_hash
from runtime.settings import InvitationLimits, RegistrationLimits, Settings
from starter import operators
from starter.services import Services, invitations, levels, registration_links, removals
from starter.services.invitation_checks import Draft
from store import contract_links, outbox, policy
from store.audit import AuditEvent, Event
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.database import Database
from store.falling import RIGHT_LOST
from store.identifications import StrongIdentity
from store.invitations import Invitation
from store.outbox import OutboxRow
from store.registrations import Registration
from store.users import User
from tests import factories
from tests.activities.running import attempt
from tests.bank import Bank
from tests.clock import SettableClock
from tests.dev_server import free_port
from tests.factories import KEYS, LONG_AGO
from tests.frontend import make_services, new_source
from tests.own_registry import own_registry
from tests.registry.following import record
from tests.registry.stand_in import company, contract, private
from worker.bootstrap import smtp_mailer

START: Final = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WAITS: Final = AuthorizationChangeWaits()
_MANY: Final = 10**9
_NUMBERS: Final = count(400001)


class World:
    """One database and its clock; examples share it, each with customers and users of its own."""

    def __init__(self, database: Database, services: Services, clock: SettableClock) -> None:
        self.database, self.services, self.clock = database, services, clock
        settings = services.settings
        self._invitations = InvitationActivities(database)
        self._registrations = RegistrationActivities(
            database=database, vault=services.vault, link_waits=ContractLinkWaits()
        )
        notifier = Notifier(
            database=database,
            mailer=smtp_mailer(settings.smtp, settings.mail_domain),
            brand=brand(settings),
            sender=Sender(address=settings.smtp.sender, domain=settings.mail_domain),
        )
        self._links = ContractLinkActivities(
            database=database,
            registry=own_registry(settings, database),
            vault=services.vault,
            keys=KEYS,
            notifier=notifier,
            origin=settings.origin_url,
            zone=ZoneInfo(settings.retailer.time_zone),
        )

    @classmethod
    async def on(cls, url: str) -> "World":
        """Around a migrated database."""
        database, clock = Database(url), SettableClock(START)
        settings = Settings(
            _env_file=None,
            database_url=url,
            limits=InvitationLimits(per_inviter_and_day=_MANY, per_inviter_address_and_day=_MANY),
            registration_limits=RegistrationLimits(starts_per_source_and_hour=_MANY),
        )
        nowhere = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True, data_converter=DATA_CONVERTER)
        services = make_services(settings, database, nowhere, clock, identity_provider=Bank())
        return cls(database, services, clock)

    async def close(self) -> None:
        await self.database.close()

    @property
    def now(self) -> datetime:
        return self.clock()

    # Who is there

    async def make_people(self, how_many: int) -> list[User]:
        return [await factories.make_user(self.database) for _ in range(how_many)]

    def new_number(self) -> str:
        return str(next(_NUMBERS))

    async def identify(self, user: User, code: str) -> None:
        """The user identifies strongly."""
        async with self.database.transaction() as session:
            session.add(
                StrongIdentity(
                    user_id=user.id,
                    identity_index=KEYS.identity_index(code),
                    identity_sealed=self.services.vault.seal(code, user.id),
                    first_name=user.first_name,
                    last_name=user.last_name,
                    created_at=LONG_AGO,
                    identified_at=LONG_AGO,
                )
            )

    async def says(
        self, number: str, kind: CustomerKind, code: str | None, running: dict[Commodity, bool]
    ) -> None:
        """The registry says that a customer has these relations, with a contract or with one that is over."""
        yesterday = (self.now - timedelta(days=1)).date().isoformat()
        relations: dict[str, Any] = {
            commodity.value: [
                contract(f"{commodity[:1].upper()}-{number}", ends_on=None if runs else yesterday)
            ]
            for commodity, runs in running.items()
        }
        said = company(number, **relations)
        if kind is CustomerKind.PRIVATE:
            said = private(number, code=code, **relations)
        async with self.database.transaction() as session:
            await bring_in(session, [record(said)], keys=KEYS, today=self.now.date(), now=self.now)

    async def relations_of(self, number: str) -> dict[Commodity, CustomerRelation]:
        async with self.database.reading() as session:
            query = select(CustomerRelation).join(Customer).where(Customer.customer_number == number)
            return {each.commodity: each for each in await session.scalars(query)}

    # What operators do

    async def operator_grants(self, user: User, relation: CustomerRelation) -> bool:
        """Whether it is done."""
        try:
            await operators.grant(
                self.database,
                username=user.username,
                customer_number=relation.customer.customer_number,
                commodity=relation.commodity,
                now=self.now,
            )
        except operators.OperatorError:
            return False
        return True

    async def operator_ends(self, user: User, relation: CustomerRelation, role: Role) -> bool:
        """Whether it is done."""
        try:
            await operators.end(
                self.database,
                username=user.username,
                customer_number=relation.customer.customer_number,
                commodity=relation.commodity,
                role=role,
                waits=WAITS,
                now=self.now,
            )
        except operators.OperatorError:
            return False
        return True

    # What people do; each returns the code with which it is refused, if it is

    async def register(self, user: User, customer: Customer) -> tuple[UUID, Code | None]:
        """A user who has identified confirms that he adds a company."""
        registration_id = uuid4()
        row = Registration(
            id=registration_id,
            kind=CustomerKind.COMPANY,
            state=RegistrationState.REVIEW,
            secret_hash=token_hash(registration_id.hex),
            language=Language.SWEDISH,
            makes_user=False,
            user_id=user.id,
            created_at=self.now,
            deadline=self.now + timedelta(hours=24),
            details={"company_name": customer.name, "business_id": customer.business_id or ""},
            revision=1,
            customer_id=customer.id,
            dispute_token_hash=token_hash(KEYS.registration_token("dispute", registration_id)),
        )
        async with self.database.transaction() as session:
            session.add(row)
        order = CompleteRegistration(registration_id=registration_id, revision=1, now=self.now)
        return registration_id, (await attempt(self._registrations.complete, order)).refusal

    async def dispute(self, registration_id: UUID) -> Code | None:
        token = KEYS.registration_token("dispute", registration_id)
        try:
            await registration_links.dispute(self.services, token, new_source())
        except Refused as refused:
            return refused.code
        return None

    async def link(self, user: User) -> None:
        """Fetches his contracts from our own tables."""
        async with self.database.transaction() as session:
            link = contract_links.begin(session, user.id, ContractLinkWaits(), self.now)
        await attempt(self._links.link, LinkContracts(contract_link_id=link.id, now=self.now))

    async def invite(
        self, inviter: User, relation_id: UUID, email: str, role: Role, given: dict[Subpage, Level]
    ) -> Invitation | Code:
        draft = Draft(
            email=email, first_name="A", last_name="B", cover_message="Hej!", role=role, levels=given
        )
        try:
            return await invitations.create(self.services, inviter, relation_id, draft, None)
        except Refused as refused:
            return refused.code

    async def accept(self, invitation_id: UUID, user: User) -> DecisionOutcome:
        """What the process does when it is told to accept."""
        order = GrantAuthorization(invitation_id=invitation_id, user_id=user.id, now=self.now)
        return await attempt(self._invitations.grant, order)

    async def end_invitation(
        self, invitation_id: UUID, state: InvitationState, by: User | None = None
    ) -> DecisionOutcome:
        order = EndInvitation(invitation_id=invitation_id, state=state, actor_id=by and by.id, now=self.now)
        return await attempt(self._invitations.end, order)

    async def remove(self, actor: User, authorization_ids: Sequence[UUID]) -> Code | None:
        """What the preview says beforehand is what happens."""
        before = await self._preview(actor, authorization_ids)
        try:
            await removals.remove(self.services, actor, authorization_ids)
        except Refused as refused:
            assert before is refused.code
            return refused.code
        assert before is None
        return None

    async def _preview(self, actor: User, authorization_ids: Sequence[UUID]) -> Code | None:
        try:
            await removals.preview(self.services, actor, authorization_ids)
        except Refused as refused:
            return refused.code
        return None

    async def set_levels(
        self, actor: User, authorization: Authorization, given: dict[Subpage, Level]
    ) -> Code | None:
        try:
            seen = levels.version(authorization)
            await levels.change(self.services, actor, authorization.id, given, seen=seen)
        except Refused as refused:
            return refused.code
        return None

    # What happens by itself

    async def hear(self, of: Sequence[UUID]) -> set[UUID]:
        """The processes of some invitations hear what they are owed, and end those whose right is gone."""
        async with self.database.reading() as session:
            query = select(OutboxRow.process_id).where(
                OutboxRow.process_id.in_(of), OutboxRow.signal == RIGHT_LOST
            )
            lost = set(await session.scalars(query))
        for each in sorted(lost):
            await self.end_invitation(each, InvitationState.VOID)
            async with self.database.transaction() as session:
                await outbox.signal_needless(session, each, RIGHT_LOST)
        return lost

    async def clear_up(self) -> None:
        """The schedule's transaction that ends what gives nothing any more."""
        async with self.database.transaction() as session:
            await end_lapsed(session, now=self.now, limit=_MANY)

    # What there is to see

    async def authorizations(self, relations: Sequence[UUID]) -> Sequence[Authorization]:
        async with self.database.reading() as session:
            query = select(Authorization).where(Authorization.relation_id.in_(relations))
            return (await session.scalars(query)).all()

    async def invitation(self, invitation_id: UUID) -> Invitation:
        async with self.database.reading() as session:
            return await session.get_one(Invitation, invitation_id)

    async def levels(
        self, users: Sequence[UUID], relations: Sequence[UUID]
    ) -> dict[tuple[UUID, UUID], dict[Subpage, Level]]:
        """What the service's one answer is for each of the users on each of the relations."""
        async with self.database.reading() as session:
            return {
                (user, relation): await policy.levels(session, user, relation, self.now)
                for user in users
                for relation in relations
            }

    async def events(self, subjects: Sequence[UUID]) -> Counter[tuple[UUID | None, Event]]:
        """How many audit events of each kind there are about some things."""
        query = (
            select(AuditEvent.subject_id, AuditEvent.event, func.count())
            .where(AuditEvent.subject_id.in_(subjects))
            .group_by(AuditEvent.subject_id, AuditEvent.event)
        )
        async with self.database.reading() as session:
            return Counter({(subject, event): n for subject, event, n in await session.execute(query)})
