"""Authorizations follow the registry: relations that end, open, begin, and change hands (spec section 2).

What is asked each time is what everybody can do then (architecture, rule 9).
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.roles import ROLE_LEVELS
from domain.vocabulary import Commodity, GrantedThrough, Level, Role, Subpage
from registry import writing
from registry.follow import Followed
from registry.sample import identity_code
from store import authorizations
from store.audit import Actor, Event
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.users import User
from tests import factories
from tests.registry.following import (
    NOW,
    bring,
    events,
    held_on,
    hold,
    identify,
    levels,
    owner,
    relation,
    signalled,
)
from tests.registry.stand_in import Said, company, contract, private

CODE, OTHER = identity_code(7), identity_code(8)
NOTHING = dict.fromkeys(Subpage, Level.NONE)
READING = dict.fromkeys(Subpage, Level.READ) | {Subpage.USERS: Level.NONE}
LATER = NOW + timedelta(days=30)
FIRST, SECOND = GrantedThrough.FIRST_REGISTRATION, GrantedThrough.LATER_REGISTRATION


def person(
    *, ends_on: str | None = None, code: str | None = CODE, heating: Sequence[Said] | None = None
) -> Said:
    return private(code=code, electricity=[contract("E-1", ends_on=ends_on)], district_heating=heating)


def firm(*, ends_on: str | None = None, heating: Sequence[Said] | None = None) -> Said:
    return company(electricity=[contract("E-2", ends_on=ends_on)], district_heating=heating)


HEATING = [contract("D-1")]
ENDED = "2026-11-19"


async def private_scene(database: Database) -> tuple[CustomerRelation, User, User]:
    """A relation, its owner, and a relative whom he invited."""
    await bring(database, person())
    on = await relation(database, "300001")
    one, other = await owner(database, on), await factories.make_user(database)
    await hold(database, other, on, Role.RELATION_USER, GrantedThrough.INVITATION)
    return on, one, other


async def company_scene(database: Database) -> tuple[CustomerRelation, User, User]:
    """A relation, its first user and a later one."""
    await bring(database, firm())
    on = await relation(database, "300002")
    one, other = await factories.make_user(database), await factories.make_user(database)
    await hold(database, one, on, Role.ADMINISTRATOR, FIRST, process_id=uuid4())
    await hold(database, other, on, Role.VIEWER, SECOND, process_id=uuid4())
    return on, one, other


# A relation ends


async def assert_only_the_owner_reads(
    database: Database, on: CustomerRelation, one: User, other: User
) -> None:
    assert await held_on(database, on) == {one.id: {Role.OWNER}}
    assert await levels(database, one, on) == READING
    assert await levels(database, other, on) == NOTHING


async def test_when_the_last_contract_ends_only_the_owner_still_reads(database: Database) -> None:
    on, one, other = await private_scene(database)
    brought = await bring(database, person(ends_on=ENDED))

    assert brought.followed == Followed(ended=1)
    await assert_only_the_owner_reads(database, on, one, other)
    [event] = await events(database, Event.AUTHORIZATION_ENDED)
    assert (event.actor, event.at, event.relation_id) == (Actor.PROCESS, NOW, on.id)
    assert event.details == {"role": "relation_user"}


async def test_without_following_others_would_keep_their_rights(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""

    async def nothing(*_: object, **__: object) -> Followed:
        return Followed()

    on, one, other = await private_scene(database)
    monkeypatch.setattr(writing, "follow", nothing)
    await bring(database, person(ends_on=ENDED))
    with pytest.raises(AssertionError):
        await assert_only_the_owner_reads(database, on, one, other)


async def test_a_relation_with_another_running_contract_keeps_everything(database: Database) -> None:
    on, one, other = await private_scene(database)
    both = [contract("E-1", ends_on=ENDED), contract("E-3", starts_on="2026-11-20")]
    brought = await bring(database, private(code=CODE, electricity=both))
    assert brought.followed == Followed()
    assert set(await held_on(database, on)) == {one.id, other.id}


async def test_the_last_day_is_a_day_of_the_contract(database: Database) -> None:
    on, one, other = await private_scene(database)
    await bring(database, person(ends_on="2026-11-20"))
    assert set(await held_on(database, on)) == {one.id, other.id}


async def test_open_invitations_fall_with_the_relation(database: Database) -> None:
    on, one, _ = await private_scene(database)
    invitation = await factories.make_invitation(
        database, inviter=one, relation=on, email="ny@example.com", now=NOW
    )
    brought = await bring(database, person(ends_on=ENDED))
    assert brought.followed.falling_invitations == 1
    assert await signalled(database) == {invitation.id: "right_lost"}


async def test_a_companys_relation_that_ended_leaves_nobody_anything(database: Database) -> None:
    on, one, other = await company_scene(database)
    await bring(database, firm(ends_on=ENDED))
    assert await held_on(database, on) == {}
    assert await levels(database, one, on) == await levels(database, other, on) == NOTHING


# It is open again


async def test_a_private_relation_that_is_open_again_gives_its_owner_all(database: Database) -> None:
    on, one, other = await private_scene(database)
    await bring(database, person(ends_on=ENDED))
    brought = await bring(database, person(), now=LATER, today=LATER.date())
    assert brought.followed == Followed()
    assert await levels(database, one, on, LATER) == ROLE_LEVELS[Role.OWNER]
    assert await levels(database, other, on, LATER) == NOTHING


async def test_a_companys_relation_that_is_open_again_goes_to_who_holds_the_others(
    database: Database,
) -> None:
    on, one, other = await company_scene(database)
    await bring(database, firm(heating=HEATING))
    heating = await relation(database, "300002", Commodity.DISTRICT_HEATING)
    await bring(database, firm(ends_on=ENDED, heating=HEATING))
    assert await held_on(database, on) == {}
    await bring(database, firm(heating=HEATING), now=LATER, today=LATER.date())
    assert await held_on(database, on) == {one.id: {Role.ADMINISTRATOR}, other.id: {Role.VIEWER}}
    assert await held_on(database, heating) == await held_on(database, on)


async def test_what_was_taken_away_before_the_end_does_not_come_back(database: Database) -> None:
    on, one, other = await company_scene(database)
    await bring(database, firm(heating=HEATING))
    async with database.transaction() as session:
        for each in await authorizations.active_on(session, other.id, on.id, NOW):
            each.ended_at = NOW
    await bring(database, firm(ends_on="2026-11-30", heating=HEATING), now=LATER, today=LATER.date())
    much_later = LATER + timedelta(days=30)
    await bring(database, firm(heating=HEATING), now=much_later, today=much_later.date())
    assert await held_on(database, on) == {one.id: {Role.ADMINISTRATOR}}


# A new relation


async def test_a_private_customers_new_relation_goes_to_the_owner_alone(database: Database) -> None:
    _, one, _ = await private_scene(database)
    brought = await bring(database, person(heating=HEATING))

    heating = await relation(database, "300001", Commodity.DISTRICT_HEATING)
    assert brought.followed == Followed(granted=1)
    assert await held_on(database, heating) == {one.id: {Role.OWNER}}
    assert await levels(database, one, heating) == ROLE_LEVELS[Role.OWNER]
    [event] = await events(database, Event.AUTHORIZATION_GRANTED)
    assert event.details == {"role": "owner", "granted_through": "contract"}
    assert (event.actor, event.relation_id) == (Actor.PROCESS, heating.id)


async def test_a_companys_new_relation_goes_to_its_registered_users(database: Database) -> None:
    on, one, other = await company_scene(database)
    invited = await factories.make_user(database)
    await hold(database, invited, on, Role.ADMINISTRATOR, GrantedThrough.INVITATION)
    await bring(database, firm(heating=HEATING))

    heating = await relation(database, "300002", Commodity.DISTRICT_HEATING)
    assert await held_on(database, heating) == {one.id: {Role.ADMINISTRATOR}, other.id: {Role.VIEWER}}
    async with database.reading() as session:
        [here] = await authorizations.active_on(session, one.id, on.id, NOW)
        [there] = await authorizations.active_on(session, one.id, heating.id, NOW)
    # Whatever undoes the registration undoes this.
    assert (there.process_id, there.granted_through) == (here.process_id, FIRST)


async def test_a_first_import_and_strangers_get_nothing(database: Database) -> None:
    stranger = await factories.make_user(database)
    await identify(database, stranger, CODE)
    brought = await bring(database, person(heating=HEATING), firm(heating=HEATING))
    again = await bring(database, person(heating=HEATING, code=CODE))
    assert (brought.followed, again.followed) == (Followed(), Followed())


async def test_nobody_gets_more_than_he_holds(database: Database) -> None:
    """An end, a suspension, a lowered level, a right that begins later: none passes on as more."""
    await bring(database, firm())
    on = await relation(database, "300002")
    ended, suspended, later, low = [await factories.make_user(database) for _ in range(4)]
    rights = {
        user.id: await hold(database, user, on, Role.ADMINISTRATOR, FIRST)
        for user in (ended, suspended, later)
    }
    await hold(database, low, on, Role.ADMINISTRATOR, FIRST, levels={Subpage.USERS: Level.NONE})
    async with database.transaction() as session:
        (await session.get_one(Authorization, rights[ended.id].id)).ended_at = NOW
        (await session.get_one(Authorization, rights[suspended.id].id)).suspended_at = NOW
        (await session.get_one(Authorization, rights[later.id].id)).valid_from = LATER
    await bring(database, firm(heating=HEATING))

    heating = await relation(database, "300002", Commodity.DISTRICT_HEATING)
    assert await held_on(database, heating) == {low.id: {Role.ADMINISTRATOR}}
    assert (await levels(database, low, heating))[Subpage.USERS] is Level.NONE


async def test_a_new_relation_that_is_over_already_goes_to_nobody(database: Database) -> None:
    await private_scene(database)
    over = [contract("D-1", ends_on=ENDED)]
    assert (await bring(database, person(heating=over))).followed == Followed()


async def test_the_owner_of_an_ended_relation_gets_the_new_one(database: Database) -> None:
    _, one, _ = await private_scene(database)
    await bring(database, person(ends_on=ENDED))
    await bring(database, person(ends_on=ENDED, heating=HEATING))
    heating = await relation(database, "300001", Commodity.DISTRICT_HEATING)
    assert await held_on(database, heating) == {one.id: {Role.OWNER}}


# Another person


async def test_a_number_that_is_another_persons_leaves_the_old_one_nothing(database: Database) -> None:
    on, one, other = await private_scene(database)
    await identify(database, one, CODE)
    invitation = await factories.make_invitation(
        database, inviter=one, relation=on, email="ny@example.com", now=NOW
    )
    brought = await bring(database, person(code=OTHER, heating=HEATING))

    assert brought.followed == Followed(ended=2, falling_invitations=1)
    assert await held_on(database, on) == {}
    assert await held_on(database, await relation(database, "300001", Commodity.DISTRICT_HEATING)) == {}
    assert await levels(database, one, on) == await levels(database, other, on) == NOTHING
    assert await signalled(database) == {invitation.id: "right_lost"}


async def test_who_takes_a_number_over_keeps_what_he_has(database: Database) -> None:
    on, _, spouse = await private_scene(database)
    await identify(database, spouse, OTHER)
    await bring(database, person(code=OTHER))
    assert await held_on(database, on) == {spouse.id: {Role.RELATION_USER}}


async def test_a_person_who_becomes_known_changes_nothing(database: Database) -> None:
    await bring(database, person(code=None))
    on = await relation(database, "300001")
    one = await owner(database, on)
    await bring(database, person(code=CODE))
    await bring(database, person(code=None))
    assert await held_on(database, on) == {one.id: {Role.OWNER}}


async def test_an_owner_who_is_not_the_customer_gets_no_new_relation(database: Database) -> None:
    await bring(database, person(code=None))
    on = await relation(database, "300001")
    await owner(database, on, code=OTHER)
    await bring(database, person(code=CODE))
    await bring(database, person(code=CODE, heating=HEATING))
    heating = await relation(database, "300001", Commodity.DISTRICT_HEATING)
    assert await held_on(database, heating) == {}
