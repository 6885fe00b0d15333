"""The service and the model side by side: each act is done by both, then what they say is compared."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from domain.codes import Code
from domain.vocabulary import Commodity, CustomerKind, GrantedThrough, InvitationState, Level, Role, Subpage
from store.audit import Event
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.users import User
from tests.bank import new_person
from tests.properties import model
from tests.properties.model import Grant, Invitation, Model, Person, Registration, Relation, beyond_reports
from tests.properties.world import World

Answer = TypeVar("Answer")
# Whoever has no code has not identified strongly.
PEOPLE: Final = ("Owner", "Strong", "Other", "Weak", "Faint")
IDENTIFIED: Final = 3
_NEVER: Final = dict.fromkeys(Subpage, Level.NONE)


class Comparison:
    """A company and a private customer, each with a relation that runs and perhaps another one.

    Every act raises AssertionError when the two do not agree: on whether it is refused, on what is held
    then, on what everybody may do.
    """

    def __init__(self, runner: asyncio.Runner, world: World) -> None:
        self.runner, self.world = runner, world
        self.people = [Person(name) for name in PEOPLE]
        self.codes = [new_person().code for _ in PEOPLE]
        self.bakery = model.Customer("Bakery", CustomerKind.COMPANY)
        self.home = model.Customer("Owner", CustomerKind.PRIVATE, code=self.codes[0])
        customers = [self.bakery, self.home]
        self.model = Model(self.people, customers, world.now)
        self.running = {each: {Commodity.ELECTRICITY: True} for each in customers}
        self.numbers = {each: world.new_number() for each in customers}
        self.users: dict[Person, User] = {}
        self.rows: dict[Relation, CustomerRelation] = {}
        self.grants: dict[Grant, Authorization] = {}
        self.invitations: dict[Invitation, UUID] = {}
        self.registrations: dict[Registration, UUID] = {}
        runner.run(self._begin())

    async def _begin(self) -> None:
        made = await self.world.make_people(len(PEOPLE))
        self.users = dict(zip(self.people, made, strict=True))
        for customer in self.model.customers:
            await self._say(customer)
        for person, code in list(zip(self.people, self.codes, strict=True))[:IDENTIFIED]:
            await self._identify(person, code)

    # Giving

    def operator_grants(self, person: Person, relation: Relation) -> None:
        role = model.FIRST[relation.customer.kind]
        refused = relation.ended_at is not None or self.model.held(person, relation, role) is not None
        assert self._done(self.world.operator_grants(self.users[person], self.rows[relation])) is not refused
        if not refused:
            private = relation.customer.kind is CustomerKind.PRIVATE
            through = GrantedThrough.CONTRACT if private else GrantedThrough.CUSTOMER_SERVICE
            self.model.give(person, relation, role, through)
        self.compare(relation)

    def register(self, person: Person) -> None:
        """Somebody who has identified adds the company."""
        row = self.rows[self.bakery.relations[0]].customer
        registration_id, refusal = self._done(self.world.register(self.users[person], row))
        if self._agreed(refusal, self.model.why_not_register(person, self.bakery)):
            self.registrations[self.model.register(person, self.bakery)] = registration_id
        self.compare(*self.bakery.relations)

    def link(self, person: Person) -> None:
        """Somebody who has identified fetches his contracts."""
        self._done(self.world.link(self.users[person]))
        self.model.link(person)
        self.compare(*self.model.relations)

    def identify(self, person: Person) -> None:
        """Somebody identifies for the first time."""
        self._done(self._identify(person, self.codes[self.people.index(person)]))

    # Inviting

    def invite(
        self, inviter: Person, relation: Relation, invitee: Person, role: Role, levels: model.Levels
    ) -> None:
        email = self.users[invitee].email
        act = self.world.invite(self.users[inviter], self.rows[relation].id, email, role, levels)
        made = self._done(act)
        reasons = self.model.why_not_invite(inviter, relation, invitee, role, levels)
        self._agreed(made if isinstance(made, Code) else None, reasons)
        if not isinstance(made, Code):
            mine = self.model.invite(inviter, relation, invitee, role, levels, made.deadline)
            self.invitations[mine] = made.id
        self.compare(relation)

    def accept(self, invitation: Invitation, person: Person) -> None:
        """Before the deadline: afterwards the process does not ask."""
        if self.model.now >= invitation.deadline:
            return
        outcome = self._done(self.world.accept(self.invitations[invitation], self.users[person]))
        reasons = self.model.why_not_accept(invitation, person) if invitation.is_open else set()
        if self._agreed(outcome.refusal, reasons) and invitation.is_open:
            self.model.accept(invitation, person)
        assert outcome.state is invitation.state
        self.compare(invitation.relation)

    def end_invitation(self, invitation: Invitation, state: InvitationState) -> None:
        """Somebody's act does, or time has done it."""
        if self.model.now >= invitation.deadline:
            state = InvitationState.EXPIRED
        outcome = self._done(self.world.end_invitation(self.invitations[invitation], state))
        if invitation.is_open:
            invitation.state = state
        assert outcome.state is invitation.state
        self.compare(invitation.relation)

    def processes_hear(self) -> None:
        """Those of invitations whose right is gone end them."""
        lost = self._done(self.world.hear(list(self.invitations.values())))
        assert lost == {self.invitations[each] for each in self.invitations if each.falling}
        for each in self.invitations:
            if each.falling:
                each.falling = False
                each.state = InvitationState.VOID if each.is_open else each.state

    # Removing and levelling

    def remove(self, actor: Person, chosen: Sequence[Grant]) -> None:
        """Removes, or gives up."""
        managed = {each: self.model.managers(each) for each in self.model.relations}
        refusal = self._done(self.world.remove(self.users[actor], [self.grants[each].id for each in chosen]))
        if self._agreed(refusal, self.model.why_not_remove(actor, chosen)):
            self.model.end(chosen)
        self.compare(chosen[0].relation)
        self._nobody_was_the_last(managed)

    def set_levels(self, actor: Person, grant: Grant, levels: model.Levels, *, stale: bool = False) -> None:
        """`stale`: having seen others than it has."""
        seen = Authorization(id=self.grants[grant].id, levels=_NEVER) if stale else self.grants[grant]
        managed = {each: self.model.managers(each) for each in self.model.relations}
        reasons = self.model.why_not_set(actor, grant, levels)
        if stale and not self.model.why_not_touch(actor, [grant]):
            reasons.add(Code.AUTHORIZATION_CHANGED_MEANWHILE)
        refusal = self._done(self.world.set_levels(self.users[actor], seen, levels))
        if self._agreed(refusal, reasons):
            self.model.set_levels(grant, levels)
        self.compare(grant.relation)
        self._nobody_was_the_last(managed)

    def _nobody_was_the_last(self, before: dict[Relation, list[Person]]) -> None:
        for relation, managers in before.items():
            assert not managers or self.model.managers(relation), relation

    def operator_ends(self, grant: Grant) -> None:
        """What is held there in that role now, suspended or not, if anything is."""
        held = self.model.held(grant.user, grant.relation, grant.role)
        act = self.world.operator_ends(self.users[grant.user], self.rows[grant.relation], grant.role)
        assert self._done(act) is (held is not None)
        if held is not None:
            self.model.end([held])
        self.compare(grant.relation)

    # The customer, the registry, time

    def object_to(self, registration: Registration) -> None:
        """*This was not us.*"""
        refusal = self._done(self.world.dispute(self.registrations[registration]))
        over = not self.model.may_dispute(registration) and not registration.disputed
        if self._agreed(refusal, {Code.LINK_USED} if over else set()):
            self.model.dispute(registration)
        self.compare(*registration.customer.relations)

    def registry_tells(self, customer: model.Customer, commodity: Commodity) -> None:
        """A contract that ran has ended, or there is one (again)."""
        said = self.running[customer]
        runs = said[commodity] = not said.get(commodity, False)
        self._done(self._say(customer))
        relation = next(each for each in customer.relations if each.commodity is commodity)
        if runs:
            self.model.relation_opens(relation)
        else:
            self.model.relation_ends(relation)
        self.compare(*customer.relations)

    def number_changes_hands(self, code: str) -> None:
        """The private customer's number is that of the person with this code."""
        self.model.becomes_another_persons(self.home, code)
        self._done(self._say(self.home))
        self.compare(*self.home.relations)

    def pass_time(self, by: timedelta) -> None:
        self.world.clock.advance(by)
        self.compare(*self.model.relations)

    def clear_up(self) -> None:
        """The service's own schedule."""
        self._done(self.world.clear_up())
        self.model.clear_up()
        self.compare(*self.model.relations)

    # How the two are compared

    def _done(self, act: Coroutine[Any, Any, Answer]) -> Answer:
        """Does something in the world, a second after what was before."""
        self.world.clock.advance(timedelta(seconds=1))
        self.model.now = self.world.now
        answer: Answer = self.runner.run(act)
        return answer

    def _agreed(self, refusal: Code | None, reasons: set[Code]) -> bool:
        """Whether both let it be done."""
        if refusal is None:
            assert not reasons, f"done, but: {reasons}"
        else:
            assert refusal in reasons, f"refused as {refusal}, but: {reasons}"
        return refusal is None

    def compare(self, *relations: Relation) -> None:
        """Everything that is held, and what everybody may do on these relations."""
        self.model.now = self.world.now
        self.runner.run(self._compare(relations))
        for person in self.people:
            for relation in self.model.relations:
                self._check_rules(person, relation)

    async def _compare(self, relations: tuple[Relation, ...]) -> None:
        kept = {
            each.id: each
            for each in await self.world.authorizations([each.id for each in self.rows.values()])
        }
        known = {each.id for each in self.grants.values()}
        new = [each for each in kept.values() if each.id not in known]
        for grant in self.model.grants:
            if grant not in self.grants:
                found = [each for each in new if self._describes(grant, each)]
                assert len(found) == 1, f"not given: {grant}"
                self.grants[grant] = found[0]
                new.remove(found[0])
        assert not new, "given, but nothing explains it"
        for grant, before in self.grants.items():
            row = self.grants[grant] = kept[before.id]
            assert self._describes(grant, row), grant
            assert (row.ended_at is not None, row.suspended_at is not None) == (
                grant.ended,
                grant.suspended,
            ), grant
            assert row.levels == grant.levels, grant
        users = {self.users[each].id: each for each in self.people}
        asked = {self.rows[each].id: each for each in relations}
        answers = await self.world.levels(list(users), list(asked))
        for (user_id, relation_id), levels in answers.items():
            person, relation = users[user_id], asked[relation_id]
            assert levels == self.model.levels(person, relation), (person.name, relation)

    def _describes(self, grant: Grant, row: Authorization) -> bool:
        by = None if grant.by is None else self.users[grant.by].id
        return (row.user_id, row.relation_id, row.role, row.granted_through, row.granted_by) == (
            self.users[grant.user].id,
            self.rows[grant.relation].id,
            grant.role,
            grant.through,
            by,
        )

    def _check_rules(self, person: Person, relation: Relation) -> None:
        """What must hold whatever the model says."""
        standing = [
            each for each in self.grants if (each.user, each.relation) == (person, relation) and each.stands
        ]
        may = self.model.levels(person, relation)
        owns = any(each.role is Role.OWNER for each in standing)
        if relation.customer.kind is CustomerKind.PRIVATE and beyond_reports(may):
            assert owns, (person.name, relation)
        for each in standing:
            if each.through is GrantedThrough.INVITATION and beyond_reports(each.levels):
                assert person.code, each

    def finish(self) -> None:
        """Each begin and each end has left its event, and each invitation is where it should be."""
        self.compare(*self.model.relations)
        events = self.runner.run(self.world.events([each.id for each in self.grants.values()]))
        expected: Counter[tuple[UUID | None, Event]] = Counter()
        for grant, row in self.grants.items():
            expected[row.id, Event.AUTHORIZATION_GRANTED] = 1
            expected[row.id, Event.AUTHORIZATION_ENDED] = int(grant.ended)
            expected[row.id, Event.AUTHORIZATION_SUSPENDED] = int(grant.suspended)
            expected[row.id, Event.AUTHORIZATION_LEVELS_CHANGED] = grant.level_changes
        assert events == +expected
        for invitation, invitation_id in self.invitations.items():
            assert self.runner.run(self.world.invitation(invitation_id)).state is invitation.state, invitation

    # Small things

    async def _identify(self, person: Person, code: str) -> None:
        await self.world.identify(self.users[person], code)
        person.code = code

    async def _say(self, customer: model.Customer) -> None:
        number = self.numbers[customer]
        await self.world.says(number, customer.kind, customer.code, self.running[customer])
        known = {each.commodity: each for each in customer.relations}
        for commodity, row in (await self.world.relations_of(number)).items():
            if commodity not in known:
                known[commodity] = Relation(customer, commodity)
                customer.relations.append(known[commodity])
            self.rows[known[commodity]] = row
