"""Who may do what, said as simply as it can be: spec section 2, 3.4 and 3.5 in plain Python.

Nothing here knows of databases or of how the service is built. What the service answers must be what this
says; where they differ, one of them is wrong.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.codes import Code
from domain.roles import ROLE_LEVELS
from domain.vocabulary import Commodity, CustomerKind, GrantedThrough, InvitationState, Level, Role, Subpage

Levels = dict[Subpage, Level]
NOTHING: Levels = dict.fromkeys(Subpage, Level.NONE)
FIRST = {CustomerKind.PRIVATE: Role.OWNER, CustomerKind.COMPANY: Role.ADMINISTRATOR}
INVITABLE = {
    CustomerKind.PRIVATE: {Role.RELATION_USER},
    CustomerKind.COMPANY: {Role.VIEWER, Role.RELATION_USER, Role.ADMINISTRATOR},
}
NO_SUCH_LEVELS = {
    (Subpage.CONSUMPTION, Level.WRITE),
    (Subpage.USERS, Level.READ),
}
BY_REGISTRATION = {GrantedThrough.FIRST_REGISTRATION, GrantedThrough.LATER_REGISTRATION}
READS_AFTER_END = timedelta(days=730)
MAY_OBJECT = timedelta(days=30)


@dataclass(eq=False, repr=False)
class Person:
    """A user. `code`: who he is, once he has identified strongly."""

    name: str
    code: str | None = None

    def __repr__(self) -> str:
        return self.name


@dataclass(eq=False, repr=False)
class Customer:
    """A customer number. `code`: of a private one, whose it is."""

    name: str
    kind: CustomerKind
    code: str | None = None
    relations: list["Relation"] = field(default_factory=list)

    def __repr__(self) -> str:
        return self.name


@dataclass(eq=False, repr=False)
class Relation:
    """Of a customer, for one commodity."""

    customer: Customer
    commodity: Commodity
    ended_at: datetime | None = None

    def __repr__(self) -> str:
        return f"{self.customer.name}'s {self.commodity}"


@dataclass(eq=False, repr=False)
class Registration:
    """A completed one, to which the customer may object."""

    user: Person
    customer: Customer
    at: datetime
    disputed: bool = False

    def __repr__(self) -> str:
        return f"<{self.user} registers {self.customer}>"


@dataclass(eq=False, repr=False)
class Grant:
    """An authorization, from when it was given on."""

    user: Person
    relation: Relation
    role: Role
    levels: Levels
    through: GrantedThrough
    by: Person | None = None
    registration: Registration | None = None
    level_changes: int = 0
    suspended: bool = False
    ended: bool = False
    # Taken away while the relation ran, so nothing that a new contract brings back.
    taken_away: bool = False

    @property
    def stands(self) -> bool:
        return not self.ended and not self.suspended

    @property
    def by_contract(self) -> bool:
        return self.through is GrantedThrough.CONTRACT

    def __repr__(self) -> str:
        state = "ended" if self.ended else "suspended" if self.suspended else "valid"
        return f"<{self.user.name}: {self.role} of {self.relation}, {state}>"


@dataclass(eq=False, repr=False)
class Invitation:
    """An invitation, and what it will give."""

    inviter: Person
    relation: Relation
    invitee: Person
    role: Role
    levels: Levels
    deadline: datetime
    state: InvitationState = InvitationState.PENDING
    # Its process has yet to hear that the right is gone.
    falling: bool = False

    @property
    def is_open(self) -> bool:
        return self.state is InvitationState.PENDING

    def __repr__(self) -> str:
        return (
            f"<{self.inviter.name} invites {self.invitee.name}: {self.role} of {self.relation}, {self.state}>"
        )


def beyond_reports(levels: Levels) -> bool:
    """Whether something more can be changed with them than one's own reports."""
    return any(level is Level.WRITE and each is not Subpage.REPORTS for each, level in levels.items())


def no_such(levels: Levels) -> bool:
    """Whether one of them does not exist on its subpage."""
    return bool(NO_SUCH_LEVELS & set(levels.items()))


class Model:
    """What was given, and what follows. `why_not_...`: the codes that an act is refused with, or none."""

    def __init__(self, people: Sequence[Person], customers: Sequence[Customer], now: datetime) -> None:
        self.people = people
        self.customers = customers
        self.now = now
        self.grants: list[Grant] = []
        self.invitations: list[Invitation] = []
        self.registrations: list[Registration] = []

    @property
    def relations(self) -> Sequence[Relation]:
        return [relation for customer in self.customers for relation in customer.relations]

    # Who may do what

    def levels(self, user: Person, relation: Relation) -> Levels:
        """What somebody may do."""
        held = [
            each for each in self.grants if (each.user, each.relation) == (user, relation) and each.stands
        ]
        if relation.ended_at is None:
            return _highest([each.levels for each in held])
        if self.now >= relation.ended_at + READS_AFTER_END:
            return NOTHING
        left = _highest([each.levels for each in held if each.by_contract])
        readable = {each: Level.NONE if level is Level.NONE else Level.READ for each, level in left.items()}
        return readable | {Subpage.USERS: Level.NONE}

    def manages(self, user: Person, relation: Relation) -> bool:
        return self.levels(user, relation)[Subpage.USERS] is Level.WRITE

    def managers(self, relation: Relation) -> list[Person]:
        return [each for each in self.people if self.manages(each, relation)]

    def sees(self, user: Person, relation: Relation) -> bool:
        """Whether the relation exists for somebody."""
        return any(each.stands for each in self.grants if (each.user, each.relation) == (user, relation))

    def is_suspended(self, user: Person, customer: Customer) -> bool:
        return any(
            each.suspended and not each.ended
            for each in self.grants
            if each.user is user and each.relation.customer is customer
        )

    def held(self, user: Person, relation: Relation, role: Role | None = None) -> Grant | None:
        """What he holds, suspended or not."""
        for each in self.grants:
            if (
                (each.user, each.relation) == (user, relation)
                and not each.ended
                and role in {None, each.role}
            ):
                return each
        return None

    # Giving

    def give(self, user: Person, relation: Relation, role: Role, through: GrantedThrough) -> Grant:
        """Gives a role with its own levels."""
        given = Grant(user, relation, role, dict(ROLE_LEVELS[role]), through)
        self.grants.append(given)
        return given

    def why_not_register(self, user: Person, customer: Customer) -> set[Code]:
        running = [each for each in customer.relations if each.ended_at is None]
        if not running:
            return {Code.REGISTRATION_DETAILS_DO_NOT_MATCH}
        if self.is_suspended(user, customer):
            return {Code.AUTHORIZATION_SUSPENDED}
        if all(self.held(user, each) for each in running):
            return {Code.AUTHORIZATION_EXISTS}
        return set()

    def register(self, user: Person, customer: Customer) -> Registration:
        """The first one ever is administrator, all later ones see."""
        first = not any(each.relation.customer is customer for each in self.grants)
        role = Role.ADMINISTRATOR if first else Role.VIEWER
        through = GrantedThrough.FIRST_REGISTRATION if first else GrantedThrough.LATER_REGISTRATION
        registration = Registration(user, customer, self.now)
        for relation in customer.relations:
            if relation.ended_at is None and self.held(user, relation) is None:
                self.give(user, relation, role, through).registration = registration
        self.registrations.append(registration)
        return registration

    def link(self, user: Person) -> None:
        """Who has identified owns what the registry has under his code."""
        for relation in self.relations:
            if user.code is None or relation.customer.code != user.code:
                continue
            over = relation.ended_at is not None and self.now >= relation.ended_at + READS_AFTER_END
            if not over and self.held(user, relation, Role.OWNER) is None:
                self.give(user, relation, Role.OWNER, GrantedThrough.CONTRACT)

    # Inviting

    def why_not_give(self, giver: Person, relation: Relation, role: Role, levels: Levels) -> set[Code]:
        own, kind = self.levels(giver, relation), relation.customer.kind
        reasons = set()
        if own[Subpage.USERS] is not Level.WRITE:
            reasons.add(Code.AUTHORIZATION_MISSING)
        if role not in INVITABLE[kind]:
            reasons.add(Code.AUTHORIZATION_ROLE_NOT_AVAILABLE)
        if no_such(levels):
            reasons.add(Code.AUTHORIZATION_LEVEL_UNKNOWN)
        too_high = any(level.rank > own[each].rank for each, level in levels.items())
        if too_high or (kind is CustomerKind.PRIVATE and beyond_reports(levels)):
            reasons.add(Code.AUTHORIZATION_LEVEL_TOO_HIGH)
        return reasons

    def why_not_invite(
        self, inviter: Person, relation: Relation, invitee: Person, role: Role, levels: Levels
    ) -> set[Code]:
        if not self.sees(inviter, relation):
            return {Code.NOT_FOUND}
        if not self.manages(inviter, relation):
            return {Code.AUTHORIZATION_MISSING}
        reasons = self.why_not_give(inviter, relation, role, levels)
        if invitee is inviter:
            reasons.add(Code.INVITATION_OWN_ADDRESS)
        if self.is_suspended(invitee, relation.customer):
            reasons.add(Code.AUTHORIZATION_SUSPENDED)
        held = self.held(invitee, relation, role)
        if held is not None and held.stands:
            reasons.add(Code.AUTHORIZATION_EXISTS)
        if any(self.now < each.deadline for each in self._open_for(invitee, relation)):
            reasons.add(Code.INVITATION_ALREADY_PENDING)
        return reasons

    def invite(
        self,
        inviter: Person,
        relation: Relation,
        invitee: Person,
        role: Role,
        levels: Levels,
        deadline: datetime,
    ) -> Invitation:
        for late in self._open_for(invitee, relation):
            late.state = InvitationState.EXPIRED
        made = Invitation(inviter, relation, invitee, role, levels, deadline)
        self.invitations.append(made)
        return made

    def _open_for(self, invitee: Person, relation: Relation) -> list[Invitation]:
        return [
            each
            for each in self.invitations
            if each.is_open and (each.invitee, each.relation) == (invitee, relation)
        ]

    def why_not_accept(self, invitation: Invitation, user: Person) -> set[Code]:
        """Why it stays open."""
        reasons = set()
        if user is not invitation.invitee:
            reasons.add(Code.INVITATION_WRONG_RECIPIENT)
        if self.is_suspended(user, invitation.relation.customer):
            reasons.add(Code.AUTHORIZATION_SUSPENDED)
        if beyond_reports(invitation.levels) and user.code is None:
            reasons.add(Code.IDENTIFICATION_REQUIRED)
        return reasons

    def accept(self, invitation: Invitation, user: Person) -> None:
        """It falls when the inviter could not give it any more, and even if he could again meanwhile."""
        giver, relation = invitation.inviter, invitation.relation
        if invitation.falling or self.why_not_give(giver, relation, invitation.role, invitation.levels):
            invitation.state = InvitationState.VOID
            return
        invitation.state = InvitationState.ACCEPTED
        if self.held(user, relation, invitation.role) is None:
            given = self.give(user, relation, invitation.role, GrantedThrough.INVITATION)
            given.levels, given.by = invitation.levels, giver

    # Removing and levelling

    def why_not_touch(self, actor: Person, grants: Collection[Grant]) -> set[Code]:
        """Why somebody may do nothing to these, be it to remove or to level them."""
        users, relations = {each.user for each in grants}, {each.relation for each in grants}
        if len(users) > 1 or len(relations) > 1 or any(each.suspended for each in grants):
            return {Code.NOT_FOUND}
        relation = relations.pop()
        if not self.sees(actor, relation):
            return {Code.NOT_FOUND}
        if users != {actor} and not self.manages(actor, relation):
            return {Code.AUTHORIZATION_MISSING}
        if any(each.ended for each in grants):
            return {Code.AUTHORIZATION_ENDED}
        return {Code.AUTHORIZATION_BY_CONTRACT} if any(each.by_contract for each in grants) else set()

    def why_not_remove(self, actor: Person, grants: Collection[Grant]) -> set[Code]:
        reasons = self.why_not_touch(actor, grants)
        if not reasons and self._leaves_nobody(grants, {}):
            return {Code.AUTHORIZATION_LAST_MANAGER}
        return reasons

    def why_not_set(self, actor: Person, grant: Grant, levels: Levels) -> set[Code]:
        reasons = self.why_not_touch(actor, [grant])
        if reasons:
            return reasons
        own = self.levels(actor, grant.relation)
        changed = {each: level for each, level in levels.items() if level is not grant.levels[each]}
        private = grant.relation.customer.kind is CustomerKind.PRIVATE
        if no_such(levels):
            reasons.add(Code.AUTHORIZATION_LEVEL_UNKNOWN)
        if levels == NOTHING:
            reasons.add(Code.AUTHORIZATION_LEVELS_EMPTY)
        above = any(level.rank > own[each].rank for each, level in changed.items())
        if changed and (
            above or own[Subpage.USERS] is not Level.WRITE or (private and beyond_reports(changed))
        ):
            reasons.add(Code.AUTHORIZATION_LEVEL_TOO_HIGH)
        if beyond_reports(changed) and grant.user.code is None:
            reasons.add(Code.IDENTIFICATION_REQUIRED)
        if self._leaves_nobody([grant], levels):
            reasons.add(Code.AUTHORIZATION_LAST_MANAGER)
        return reasons

    def _leaves_nobody(self, grants: Collection[Grant], levels: Levels) -> bool:
        """Whether the relation would lose its last manager if these grants had these levels instead."""
        [user], [relation] = {each.user for each in grants}, {each.relation for each in grants}
        if not self.manages(user, relation):
            return False
        before = [each.levels for each in grants]
        for each in grants:
            each.levels = NOTHING | levels
        left = self.managers(relation)
        for each, own in zip(grants, before, strict=True):
            each.levels = own
        return not left

    def end(self, grants: Collection[Grant]) -> None:
        for each in grants:
            each.ended = True
            each.taken_away = each.relation.ended_at is None
        self._drop_what_rests_on(grants)

    def set_levels(self, grant: Grant, levels: Levels) -> None:
        if grant.levels != levels:
            grant.level_changes += 1
        grant.levels = levels
        self._drop_what_rests_on([grant])

    def _drop_what_rests_on(self, grants: Collection[Grant]) -> None:
        for each in self.invitations:
            rests = any((each.inviter, each.relation) == (lost.user, lost.relation) for lost in grants)
            if rests and each.is_open:
                lost_right = self.why_not_give(each.inviter, each.relation, each.role, each.levels)
                each.falling |= bool(lost_right)

    # What the customer and the registry do

    def may_dispute(self, registration: Registration) -> bool:
        return self.now < registration.at + MAY_OBJECT

    def dispute(self, registration: Registration) -> None:
        """What the registration gave falls, and all that those gave who lose something by it."""
        if registration.disputed:
            return
        registration.disputed = True
        there = [each for each in self.grants if each.relation.customer is registration.customer]
        bad = {registration.user, *(each.user for each in there if each.suspended)}
        while True:
            falling = [
                each
                for each in there
                if each.stands
                and (each.by in bad or (each.user is registration.user and each.through in BY_REGISTRATION))
            ]
            if not falling:
                return
            for each in falling:
                each.suspended = True
            bad |= {each.user for each in falling}

    def relation_ends(self, relation: Relation) -> None:
        """Only its owner keeps something."""
        relation.ended_at = self.now
        for each in self.grants:
            if each.relation is relation and not (each.by_contract and each.role is Role.OWNER):
                each.ended = True
        for made in self.invitations:
            made.falling |= made.is_open and made.relation is relation

    def relation_opens(self, relation: Relation) -> None:
        """Goes to who holds the customer's other relation by contract or registration."""
        relation.ended_at = None
        code = relation.customer.code
        for each in list(self.grants):
            if (
                each.relation.customer is not relation.customer
                or each.relation is relation
                or not each.stands
            ):
                continue
            by_person = each.by_contract and each.role is Role.OWNER and None in {code, each.user.code}
            by_person |= each.by_contract and each.role is Role.OWNER and code == each.user.code
            by_registration = each.through in BY_REGISTRATION and each.relation.ended_at is None
            if not (by_person or by_registration) or self.held(each.user, relation, each.role):
                continue
            earlier = [
                past
                for past in self.grants
                if (past.user, past.relation) == (each.user, relation) and past.role is each.role
            ]
            if earlier and earlier[-1].taken_away:
                continue
            given = self.give(each.user, relation, each.role, each.through)
            given.levels, given.by, given.registration = dict(each.levels), each.by, each.registration

    def becomes_another_persons(self, customer: Customer, code: str) -> None:
        """Nobody else keeps anything."""
        known, customer.code = customer.code, code
        if known in {None, code}:
            return
        lost = [each for each in self.grants if each.relation.customer is customer and not each.ended]
        for each in lost:
            if each.user.code != code:
                each.ended, each.taken_away = True, each.relation.ended_at is None
                self._drop_all(each.user, each.relation)

    def _drop_all(self, inviter: Person, relation: Relation) -> None:
        for each in self.invitations:
            each.falling |= each.is_open and (each.inviter, each.relation) == (inviter, relation)

    def clear_up(self) -> None:
        """What gives nothing any more ends."""
        for each in self.grants:
            over = each.relation.ended_at
            each.ended |= over is not None and self.now >= over + READS_AFTER_END


def _highest(levels: Sequence[Levels]) -> Levels:
    return {
        each: max((held[each] for held in levels), key=lambda level: level.rank, default=Level.NONE)
        for each in Subpage
    }
