"""Attacks on removing and levelling: raising oneself, reaching over relations, shedding a suspension, haste.

What single requests are refused with is in `tests/api/test_removals.py`, `test_levels.py` and in the matrix.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import update

from activities.invitations import InvitationActivities
from domain.invitations import GrantAuthorization
from domain.vocabulary import CustomerKind, GrantedThrough, InvitationState, Level, Role, Subpage
from store import policy
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.identifications import StrongIdentity
from store.sessions import Session
from store.users import User
from tests import factories
from tests.activities.running import attempt
from tests.bank import Bank
from tests.frontend import Frontend, draft, invite, make_services, refusal

NOT_FOUND = (404, "not_found")
LIMITED = {Subpage.INVOICES: Level.NONE, Subpage.CONTRACTS: Level.READ}


@dataclass
class Scene:
    """A company's relation; people are added to it."""

    frontend: Frontend
    relation: CustomerRelation

    async def holds(
        self,
        role: Role = Role.ADMINISTRATOR,
        levels: Mapping[Subpage, Level] | None = None,
        *,
        user: User | None = None,
        on: CustomerRelation | None = None,
    ) -> "Holder":
        """Somebody, identified, who holds a role, and is logged in."""
        if user is None:
            user = await factories.make_user(self.frontend.database)
            await self.identified(user)
        held = await factories.make_authorization(
            self.frontend.database, user, on or self.relation, role=role, levels=levels
        )
        return Holder(self, user, held, await self.frontend.log_in(user))

    async def identified(self, user: User) -> None:
        now = self.frontend.services.clock()
        async with self.frontend.database.transaction() as session:
            session.add(
                StrongIdentity(
                    user_id=user.id,
                    identity_index=uuid4().hex,
                    identity_sealed="sealed",
                    first_name=user.first_name,
                    last_name=user.last_name,
                    created_at=now,
                    identified_at=now,
                )
            )

    async def accept(self, invitation: Mapping[str, Any], user: User) -> InvitationState:
        """As its process does it."""
        order = GrantAuthorization(
            invitation_id=invitation["id"], user_id=user.id, now=self.frontend.services.clock()
        )
        return (await attempt(InvitationActivities(self.frontend.database).grant, order)).state

    async def kept(self) -> dict[str, Any]:
        return await self.frontend.dump("audit_events", "counters", "sessions", "idempotency_keys")


@dataclass
class Holder:
    """Somebody who holds something, and his session, which begins with an identification at the bank."""

    scene: Scene
    user: User
    held: Authorization
    client: httpx2.AsyncClient

    async def at_the_bank(self) -> None:
        async with self.scene.frontend.database.transaction() as session:
            now = self.scene.frontend.services.clock()
            await session.execute(
                update(Session).where(Session.user_id == self.user.id).values(identified_at=now)
            )

    async def may(self, on: CustomerRelation | None = None) -> dict[Subpage, Level]:
        async with self.scene.frontend.database.reading() as session:
            relation, now = on or self.scene.relation, self.scene.frontend.services.clock()
            return await policy.levels(session, self.user.id, relation.id, now)

    async def removes(self, *held: Authorization, **headers: str) -> httpx2.Response:
        await self.at_the_bank()
        first, *also = [str(each.id) for each in held]
        return await self.client.post(
            f"/v1/authorizations/{first}/removal", json={"also": also}, headers=headers
        )

    async def sets(self, held: Authorization, **changed: str) -> httpx2.Response:
        """Changes some levels of what is there, having looked at it."""
        await self.at_the_bank()
        seen = await self.client.get(f"/v1/authorizations/{held.id}")
        if seen.status_code != 200:
            return seen
        return await self.client.put(
            f"/v1/authorizations/{held.id}/levels",
            json={"levels": seen.json()["levels"] | changed},
            headers={"If-Match": seen.headers["etag"]},
        )

    async def invites(self, user: User, **changes: Any) -> httpx2.Response:
        await self.at_the_bank()
        return await self.client.post(
            f"/v1/customer-relations/{self.scene.relation.id}/invitations",
            json=draft(email=user.email, **changes),
        )


@pytest.fixture
async def scene(frontend: Frontend) -> AsyncIterator[Scene]:
    """With a bank, so that levels can be offered that need one."""
    given = frontend.services
    with_bank = make_services(
        given.settings, given.database, given.client, given.clock, identity_provider=Bank()
    )
    made = Frontend(with_bank)
    yield Scene(made, await factories.make_relation(given.database))
    await made.close()


async def test_two_who_help_each_other_get_no_higher(scene: Scene) -> None:
    """A manager with few levels and whom he lets in: whatever they do, neither has more than he had."""
    await scene.holds()
    limited = await scene.holds(levels=LIMITED)
    had = await limited.may()
    accomplice = await factories.make_user(scene.frontend.database)
    await scene.identified(accomplice)
    assert refusal(await limited.invites(accomplice, role="administrator")) == (
        422,
        "authorization.level_too_high",
    )
    own = {subpage.value: level.value for subpage, level in had.items()}
    made = await limited.invites(accomplice, role="administrator", levels=own)
    assert made.status_code == 201
    assert await scene.accept(made.json(), accomplice) is InvitationState.ACCEPTED
    async with scene.frontend.database.reading() as session:
        [given] = await factories.authorizations_of(session, accomplice.id)
    other = Holder(scene, accomplice, given, await scene.frontend.log_in(accomplice))

    for actor in (limited, other):
        for held in (limited.held, other.held):
            for subpage, level in (("invoices", "read"), ("invoices", "write"), ("contracts", "write")):
                response = await actor.sets(held, **{subpage: level})
                assert refusal(response) == (422, "authorization.level_too_high")
    second = await limited.invites(accomplice, role="relation_user", levels=own | {"invoices": "read"})
    assert refusal(second) == (422, "authorization.level_too_high")
    assert await limited.may() == await other.may() == had


async def test_who_invites_himself_under_another_address_gains_nothing(scene: Scene) -> None:
    """The address becomes his own after he has invited it."""
    await scene.holds()
    limited = await scene.holds(levels=LIMITED)
    had = await limited.may()
    own = {subpage.value: level.value for subpage, level in had.items()}
    await limited.at_the_bank()
    made = await invite(
        limited.client, scene.relation.id, email="x@example.com", role="relation_user", levels=own
    )
    later = await invite(limited.client, scene.relation.id, email="y@example.com", role="viewer")
    async with scene.frontend.database.transaction() as session:
        user = await session.get_one(User, limited.user.id)
        user.email = user.email_normalised = "x@example.com"
    await scene.accept(made, limited.user)
    assert await limited.may() == had

    # Once everything is taken from him, an invitation that he still has lets nobody in again.
    async with scene.frontend.database.transaction() as session:
        for each in await factories.authorizations_of(session, limited.user.id):
            each.ended_at = scene.frontend.services.clock()
        user = await session.get_one(User, limited.user.id)
        user.email = user.email_normalised = "y@example.com"
    assert await scene.accept(later, limited.user) is InvitationState.VOID
    assert set((await limited.may()).values()) == {Level.NONE}


async def test_a_role_given_twice_is_given_once(scene: Scene) -> None:
    """Two invitations to the same role, the second to an address that is his when he accepts."""
    manager = await scene.holds()
    await manager.at_the_bank()
    person = await factories.make_user(scene.frontend.database)
    one = await invite(manager.client, scene.relation.id, email=person.email, role="viewer")
    two = await invite(manager.client, scene.relation.id, email="new@example.com", role="viewer")
    assert await scene.accept(one, person) is InvitationState.ACCEPTED
    async with scene.frontend.database.transaction() as session:
        row = await session.get_one(User, person.id)
        row.email = row.email_normalised = "new@example.com"
    await scene.accept(two, person)
    async with scene.frontend.database.reading() as session:
        assert len(await factories.authorizations_of(session, person.id)) == 1


async def test_only_what_was_seen_is_changed(scene: Scene) -> None:
    """Tags of another authorization, of all, of several, of none."""
    manager, held = await scene.holds(), await scene.holds(Role.VIEWER)
    await manager.at_the_bank()
    others = (await manager.client.get(f"/v1/authorizations/{manager.held.id}")).headers["etag"]
    seen = await manager.client.get(f"/v1/authorizations/{held.held.id}")
    levels = seen.json()["levels"] | {"reports": "none"}
    before = await scene.kept()
    for tag in (others, "*", f'{seen.headers["etag"]}, "x"', "", seen.headers["etag"].strip('"')):
        response = await manager.client.put(
            f"/v1/authorizations/{held.held.id}/levels", json={"levels": levels}, headers={"If-Match": tag}
        )
        assert refusal(response) == (412, "authorization.changed_meanwhile"), tag
    assert await scene.kept() == before


async def test_an_owner_by_contract_is_out_of_everybodys_reach(scene: Scene) -> None:
    """Of his spouse who owns it, too, of the relative whom he invited, and of himself."""
    home = await factories.make_relation(scene.frontend.database, kind=CustomerKind.PRIVATE)
    owner, spouse = [await scene.holds(Role.OWNER, on=home) for _ in range(2)]
    relative = await scene.holds(Role.RELATION_USER, on=home)
    async with scene.frontend.database.transaction() as session:
        by_contract = update(Authorization).where(Authorization.role == Role.OWNER)
        await session.execute(by_contract.values(granted_through=GrantedThrough.CONTRACT))
    before = await scene.kept()
    for actor, expected in (
        (owner, (409, "authorization.by_contract")),
        (spouse, (409, "authorization.by_contract")),
        (relative, (403, "authorization.missing")),
    ):
        assert refusal(await actor.removes(owner.held)) == expected
        assert refusal(await actor.sets(owner.held, users="none")) == expected
    assert await scene.kept() == before


async def test_no_act_reaches_over_relations(scene: Scene) -> None:
    """Even of somebody who manages both, and of one user's."""
    elsewhere = await factories.make_relation(scene.frontend.database)
    manager = await scene.holds()
    await scene.holds(user=manager.user, on=elsewhere)
    here = await scene.holds(Role.VIEWER)
    there = await scene.holds(Role.VIEWER, user=here.user, on=elsewhere)
    before = await scene.kept()
    for chosen in ((here.held, there.held), (there.held, here.held), (manager.held, here.held)):
        assert refusal(await manager.removes(*chosen)) == NOT_FOUND
    assert refusal(await here.removes(here.held, there.held)) == NOT_FOUND
    assert await scene.kept() == before


async def test_nothing_opens_a_way_around_the_bank(scene: Scene) -> None:
    """Managing others asks for a recent identification whatever is named first in the request."""
    manager, other = await scene.holds(), await scene.holds()
    ended = await scene.holds(Role.VIEWER)
    assert (await manager.removes(ended.held)).status_code == 201
    live = await scene.holds(Role.RELATION_USER, user=ended.user)
    async with scene.frontend.database.transaction() as session:
        await session.execute(update(Session).values(identified_at=None))
    before = await scene.kept()
    for first in (ended.held.id, manager.held.id, uuid4()):
        response = await manager.client.post(
            f"/v1/authorizations/{first}/removal", json={"also": [str(live.held.id), str(other.held.id)]}
        )
        assert response.status_code in {404, 409}, first
        response = await manager.client.post(
            f"/v1/authorizations/{first}/removal", json={"also": [str(live.held.id)]}
        )
        assert response.status_code in {404, 409}, first
    stale = await manager.client.post(f"/v1/authorizations/{live.held.id}/removal")
    assert refusal(stale) == (403, "identification.stale")
    assert await scene.kept() == before


async def test_a_suspended_right_cannot_be_shed(scene: Scene) -> None:
    """For everybody it is as absent, so nobody ends it, and its holder is let in by no other way."""
    manager, suspended, onlooker = await scene.holds(), await scene.holds(), await scene.holds(Role.VIEWER)
    async with scene.frontend.database.transaction() as session:
        row = await session.get_one(Authorization, suspended.held.id)
        row.suspended_at = scene.frontend.services.clock()
    absent = Authorization(id=uuid4())
    before = await scene.kept()
    for actor in (manager, suspended, onlooker):
        answers = []
        for held in (suspended.held, absent):
            responses = [
                await actor.removes(held),
                await actor.sets(held, invoices="none"),
                await actor.client.get(f"/v1/authorizations/{held.id}/removal"),
            ]
            assert [refusal(each) for each in responses] == [NOT_FOUND] * 3
            answers.append([(each.content, sorted(each.headers.items())) for each in responses])
        assert answers[0] == answers[1]
    response = await manager.invites(suspended.user, role="viewer")
    assert refusal(response) == (409, "authorization.suspended")
    assert await scene.kept() == before


async def test_a_removed_manager_takes_nothing_with_him(scene: Scene) -> None:
    """Whom he let in stays until somebody removes him; he himself is out, with old keys and sessions, too."""
    manager, removed, victim = await scene.holds(), await scene.holds(), await scene.holds(Role.VIEWER)
    colleague = await factories.make_user(scene.frontend.database)
    made = (await removed.invites(colleague, role="viewer")).json()
    assert await scene.accept(made, colleague) is InvitationState.ACCEPTED
    waiting = (await removed.invites(await factories.make_user(scene.frontend.database))).json()
    key = {"Idempotency-Key": "from-before"}
    first = await removed.removes(victim.held, **key)
    assert first.status_code == 201

    assert (await manager.removes(removed.held)).status_code == 201

    again = await scene.holds(Role.RELATION_USER, user=victim.user)
    before = await scene.kept()
    assert refusal(await removed.removes(victim.held, **key)) == NOT_FOUND
    assert refusal(await removed.removes(again.held)) == NOT_FOUND
    assert refusal(await removed.removes(again.held, **key)) == (422, "idempotency.key_reused")
    assert refusal(await removed.sets(again.held, reports="none")) == NOT_FOUND
    for path in (
        f"customer-relations/{scene.relation.id}",
        f"customer-relations/{scene.relation.id}/users",
        f"invitations/{waiting['id']}",
    ):
        assert refusal(await removed.client.get(f"/v1/{path}")) == NOT_FOUND
    assert await scene.kept() == before
    async with scene.frontend.database.reading() as session:
        [stays] = await factories.authorizations_of(session, colleague.id)
        assert stays.ended_at is None
    # His key is his: to another manager the request is a new one.
    assert refusal(await manager.removes(victim.held, **key)) == (409, "authorization.ended")


async def test_who_may_less_may_remove_but_not_raise(scene: Scene) -> None:
    """A manager with few levels, and one above him: within the table and his own (spec 3.5)."""
    limited, above, high = await scene.holds(levels=LIMITED), await scene.holds(), await scene.holds()
    assert refusal(await limited.sets(above.held, invoices="read")) == (422, "authorization.level_too_high")
    assert (await limited.sets(above.held, invoices="none")).status_code == 200
    assert refusal(await limited.sets(above.held, invoices="write")) == (422, "authorization.level_too_high")
    assert (await limited.removes(above.held)).status_code == 201
    assert set((await above.may()).values()) == {Level.NONE}
    assert (await high.sets(limited.held, invoices="write")).status_code == 200


async def test_what_was_done_is_told_to_nobody_else(scene: Scene) -> None:
    """The process of a removal: for whom it does not concern it is as absent."""
    manager, held = await scene.holds(), await scene.holds(Role.VIEWER)
    onlooker, elsewhere = (
        await scene.holds(Role.RELATION_USER),
        await factories.make_relation(scene.frontend.database),
    )
    outsider = await scene.holds(on=elsewhere)
    done = (await manager.removes(held.held)).headers["location"]
    for somebody in (onlooker, outsider):
        told, absent = [await somebody.client.get(each) for each in (done, f"/v1/processes/{uuid4()}")]
        assert refusal(told) == NOT_FOUND
        assert told.content == absent.content
    for somebody in (manager, held):
        assert (await somebody.client.get(done)).status_code == 200
