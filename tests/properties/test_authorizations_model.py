"""Whatever people, operators, customers and the registry do, nobody has what no valid grant explains.

Hypothesis makes up acts; each is done by the service's own transactions and by a simple model, and they must
agree. `FULLMAKT_MODEL_EXAMPLES` sets how many sequences are tried on each database, and has a failing one
shortened, which takes minutes.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncSession

from domain import roles
from domain.roles import EXISTING_LEVELS, ROLE_LEVELS
from domain.vocabulary import Commodity, InvitationState, Level, Role, Subpage
from starter.services import held
from store import authorization_acts, disputes, policy
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.customers import CustomerRelation
from tests.properties.comparing import IDENTIFIED, Comparison
from tests.properties.model import INVITABLE, Grant, Levels, Person, Relation
from tests.properties.world import World

Answer = TypeVar("Answer")
MORE = os.environ.get("FULLMAKT_MODEL_EXAMPLES")
EXAMPLES = int(MORE or "12")
ACTS = 30

SOME_LEVELS = st.fixed_dictionaries({each: st.sampled_from(list(Level)) for each in Subpage})
GOOD_LEVELS = st.fixed_dictionaries({each: st.sampled_from(EXISTING_LEVELS[each]) for each in Subpage})
SUBPAGES = st.sets(st.sampled_from(list(Subpage)))
TIMES = st.sampled_from([timedelta(hours=1), *(timedelta(days=days) for days in (3, 9, 31, 731))])


class Acts(RuleBasedStateMachine):
    """Draws acts, most of them such as can be done."""

    runner: ClassVar[asyncio.Runner]
    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.both = Comparison(self.runner, self.world)

    def teardown(self) -> None:
        self.both.finish()

    # Drawing

    def one(self, data: st.DataObject, what: Sequence[Answer]) -> Answer:
        answer: Answer = data.draw(st.sampled_from(what))
        return answer

    def usually(self, data: st.DataObject) -> bool:
        return self.one(data, [*[True] * 9, False])

    def mostly(
        self, data: st.DataObject, likely: Sequence[Answer], all_there_are: Sequence[Answer]
    ) -> Answer:
        """One of those where something happens; of all now and then, and when there is none."""
        return self.one(data, likely if likely and self.usually(data) else all_there_are)

    def relation(self, data: st.DataObject) -> Relation:
        model = self.both.model
        return self.mostly(data, [each for each in model.relations if model.managers(each)], model.relations)

    def manager(self, data: st.DataObject, relation: Relation) -> Person:
        return self.mostly(data, self.both.model.managers(relation), self.both.people)

    def grant(self, data: st.DataObject) -> Grant:
        managers = self.both.model.managers
        touchable = [
            each
            for each in self.both.grants
            if each.stands and not each.by_contract and managers(each.relation) != [each.user]
        ]
        return self.mostly(data, touchable, list(self.both.grants))

    def identified(self, data: st.DataObject) -> Person:
        return self.one(data, [each for each in self.both.people if each.code])

    def no_higher(self, data: st.DataObject, levels: Levels, than: Levels) -> Levels:
        """Sometimes cut down to what somebody may give."""
        if data.draw(st.booleans()):
            return levels
        return {each: min(level, than[each], key=lambda one: one.rank) for each, level in levels.items()}

    # What is done

    @initialize(data=st.data())
    def begins(self, data: st.DataObject) -> None:
        """Mostly with a company's first administrator and a private owner."""
        if self.usually(data):
            self.both.register(self.identified(data))
            self.both.link(self.both.people[0])

    @rule(data=st.data())
    def something_is_given(self, data: st.DataObject) -> None:
        nameless = [each for each in self.both.people if each.code is None]
        match self.one(data, ["by operators", "by registering", "by contract", "an identity"]):
            case "by operators":
                self.both.operator_grants(self.one(data, self.both.people), self.relation(data))
            case "by registering":
                self.both.register(self.identified(data))
            case "by contract":
                self.both.link(self.identified(data))
            case "an identity" if nameless:
                self.both.identify(self.one(data, nameless))

    @rule(data=st.data())
    def invites(self, data: st.DataObject) -> None:
        relation = self.relation(data)
        inviter = self.manager(data, relation)
        role = self.mostly(data, sorted(INVITABLE[relation.customer.kind]), list(Role))
        without = [each for each in self.both.people if not self.both.model.held(each, relation, role)]
        others = [each for each in without if each is not inviter]
        invitee = self.mostly(data, others, self.both.people)
        levels = data.draw(st.one_of(st.just(dict(ROLE_LEVELS[role])), GOOD_LEVELS, SOME_LEVELS))
        levels = self.no_higher(data, levels, self.both.model.levels(inviter, relation))
        self.both.invite(inviter, relation, invitee, role, levels)

    @precondition(lambda self: self.both.invitations)
    @rule(data=st.data())
    def answers(self, data: st.DataObject) -> None:
        invitations = list(self.both.invitations)
        invitation = self.one(data, [each for each in invitations if each.is_open] or invitations)
        if self.usually(data):
            self.both.accept(invitation, self.mostly(data, [invitation.invitee], self.both.people))
        else:
            ends = [InvitationState.DECLINED, InvitationState.CANCELLED]
            self.both.end_invitation(invitation, self.one(data, ends))

    @precondition(lambda self: self.both.grants)
    @rule(data=st.data())
    def removes(self, data: st.DataObject) -> None:
        first = self.grant(data)
        chosen = [first]
        if data.draw(st.booleans()):
            chosen += [
                each
                for each in self.both.grants
                if (each.user, each.relation) == (first.user, first.relation) and each.stands
            ]
        if not self.usually(data):
            chosen.append(self.grant(data))
        actor = first.user if data.draw(st.booleans()) else self.manager(data, first.relation)
        self.both.remove(actor, list(dict.fromkeys(chosen)))

    @precondition(lambda self: self.both.grants)
    @rule(data=st.data())
    def sets_levels(self, data: st.DataObject) -> None:
        grant = self.grant(data)
        actor = self.manager(data, grant.relation)
        levels = data.draw(st.one_of(GOOD_LEVELS, SOME_LEVELS))
        if data.draw(st.booleans()):
            levels = grant.levels | {each: levels[each] for each in data.draw(SUBPAGES)}
        levels = self.no_higher(data, levels, self.both.model.levels(actor, grant.relation))
        self.both.set_levels(actor, grant, levels, stale=not self.usually(data))

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        both = self.both
        happens = ["time", "hearing", "registry", "objection", "operator", "hands", "clearing up"]
        match self.one(data, happens):
            case "time":
                both.pass_time(data.draw(TIMES))
            case "hearing":
                both.processes_hear()
            case "registry":
                both.registry_tells(self.one(data, both.model.customers), self.one(data, list(Commodity)))
            case "objection" if both.registrations:
                both.object_to(self.one(data, list(both.registrations)))
            case "operator" if both.grants:
                both.operator_ends(self.one(data, list(both.grants)))
            case "hands":
                both.number_changes_hands(self.one(data, both.codes[:IDENTIFIED]))
            case "clearing up":
                both.clear_up()


def explore(url: str) -> None:
    """Tries sequences of acts on a database. Raises what the first that goes wrong raises."""
    with asyncio.Runner() as runner:

        class ActsHere(Acts):
            pass

        ActsHere.runner, ActsHere.world = runner, runner.run(World.on(url))
        try:
            run_state_machine_as_test(
                ActsHere,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=ACTS,
                    database=None,
                    phases=[Phase.generate, Phase.shrink] if MORE else [Phase.generate],
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(ActsHere.world.close())


@pytest.mark.timeout(0 if MORE else 300)
async def test_the_service_does_what_the_model_says(log_file: object, database_url: str) -> None:
    await asyncio.to_thread(explore, database_url)


# The negative controls: one short story, which the service tells as the model does, until something breaks.


def story(url: str) -> None:
    with asyncio.Runner() as runner:
        world = runner.run(World.on(url))
        try:
            tell(Comparison(runner, world))
        finally:
            runner.run(world.close())


def tell(both: Comparison) -> None:
    owner, strong, other, weak, _ = both.people
    company, home = both.bakery.relations[0], both.home.relations[0]
    everything = dict(ROLE_LEVELS[Role.ADMINISTRATOR])
    for person in (strong, other):
        both.register(person)
    first, later = list(both.grants)
    both.link(owner)
    both.invite(owner, home, weak, Role.RELATION_USER, dict(ROLE_LEVELS[Role.RELATION_USER]))
    both.invite(strong, company, weak, Role.VIEWER, dict(ROLE_LEVELS[Role.VIEWER]))
    for invitation in both.invitations:
        both.accept(invitation, weak)
    relative = next(each for each in both.grants if each.user is weak and each.relation is home)
    assert relative.stands
    both.set_levels(owner, relative, everything)
    both.remove(strong, [later])
    both.remove(strong, [first])
    both.registry_tells(both.home, Commodity.ELECTRICITY)
    both.object_to(next(iter(both.registrations)))
    assert not [each for each in both.grants if each.relation is company and each.stands]
    both.finish()


def nothing(_: pytest.MonkeyPatch) -> None:
    pass


def a_removal_leaves_one_role(patch: pytest.MonkeyPatch) -> None:
    really = authorization_acts.end

    async def end(
        session: AsyncSession, relation: CustomerRelation, chosen: Sequence[Authorization], **how: Any
    ) -> AuthorizationChange:
        change = await really(session, relation, chosen, **how)
        chosen[0].ended_at = None
        return change

    patch.setattr(authorization_acts, "end", end)


def levels_have_no_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(roles, "refusal_to_set", lambda **_: None)


def the_last_manager_may_go(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(held, "refuse_without_manager", lambda *_: None)


def an_ended_relation_is_as_before(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "levels_of", lambda _, held, __: policy.combined_levels(held))


def accomplices_stay(patch: pytest.MonkeyPatch) -> None:
    async def suspend_all(*_: object) -> int:
        return 0

    patch.setattr(disputes, "suspend_all", suspend_all)


def ends_are_not_audited(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authorization_acts, "_audit", lambda *_: None)


@pytest.mark.parametrize(
    "broken",
    [
        nothing,
        a_removal_leaves_one_role,
        levels_have_no_limit,
        the_last_manager_may_go,
        an_ended_relation_is_as_before,
        accomplices_stay,
        ends_are_not_audited,
    ],
)
async def test_what_is_broken_is_found(
    broken: Callable[[pytest.MonkeyPatch], None],
    log_file: object,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken(monkeypatch)
    telling = asyncio.to_thread(story, sqlite_url)
    if broken is nothing:
        await telling
    else:
        with pytest.raises(AssertionError):
            await telling
