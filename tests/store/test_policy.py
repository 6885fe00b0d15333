"""The one answer to "may this user?": 404 for what one holds nothing on, 403 for what one may not do."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import OperationalError

from domain.codes import Code, Refused
from domain.roles import ROLE_LEVELS
from domain.vocabulary import Commodity, CustomerKind, GrantedThrough, Level, Role, Subpage
from store import policy
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.users import User
from tests import factories
from tests.faulty_database import FaultyDatabase

NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
ONE = timedelta(microseconds=1)
NOTHING = dict.fromkeys(Subpage, Level.NONE)


async def levels(
    database: Database, user: User, relation_id: UUID, at: datetime = NOW
) -> dict[Subpage, Level]:
    async with database.reading() as session:
        return await policy.levels(session, user.id, relation_id, at)


async def refusal(
    database: Database,
    user: User,
    relation_id: UUID,
    subpage: Subpage,
    level: Level,
    at: datetime = NOW,
) -> Code | None:
    """Of require_level; require_relation must agree about what exists."""
    async with database.reading() as session:
        visible = True
        try:
            assert (await policy.require_relation(session, user.id, relation_id, at)).id == relation_id
        except Refused as refused:
            assert refused.code is Code.NOT_FOUND
            visible = False
        try:
            found = await policy.require_level(session, user.id, relation_id, subpage, level, at)
        except Refused as refused:
            assert (refused.code is Code.NOT_FOUND) is not visible
            return refused.code
        assert found.id == relation_id
        assert visible
        return None


@pytest.mark.parametrize("role", Role)
async def test_every_role_may_what_its_levels_say(database: Database, role: Role) -> None:
    relation = await factories.make_relation(database)
    user = await factories.make_user(database)
    await factories.make_authorization(database, user, relation, role=role)

    assert await levels(database, user, relation.id) == ROLE_LEVELS[role]
    for subpage in Subpage:
        for level in Level:
            enough = level.rank <= ROLE_LEVELS[role][subpage].rank
            expected = None if enough else Code.AUTHORIZATION_MISSING
            assert await refusal(database, user, relation.id, subpage, level) is expected


async def test_what_one_holds_nothing_on_does_not_exist(database: Database) -> None:
    relation = await factories.make_relation(database)
    same_customer = await factories.make_relation(
        database, customer=relation.customer, commodity=Commodity.DISTRICT_HEATING
    )
    user = await factories.make_user(database)
    stranger = await factories.make_manager(database, same_customer)
    await factories.make_authorization(database, user, relation, role=Role.VIEWER)

    for person, relation_id in ((stranger, relation.id), (user, same_customer.id), (user, uuid4())):
        assert await levels(database, person, relation_id) == NOTHING
        for level in Level:
            code = await refusal(database, person, relation_id, Subpage.CONSUMPTION, level)
            assert code is Code.NOT_FOUND


async def test_only_from_its_beginning_to_its_end(database: Database) -> None:
    relation = await factories.make_relation(database)
    user = await factories.make_user(database)
    held = await factories.make_authorization(database, user, relation, role=Role.VIEWER, valid_from=NOW)

    async def may(at: datetime) -> bool:
        code = await refusal(database, user, relation.id, Subpage.CONSUMPTION, Level.READ, at)
        assert code in {None, Code.NOT_FOUND}
        assert (await levels(database, user, relation.id, at) != NOTHING) is (code is None)
        return code is None

    assert not await may(NOW - ONE)
    assert await may(NOW)
    assert await may(NOW + timedelta(days=3650))
    await factories.end_authorization(database, held, NOW + ONE)
    assert not await may(NOW + ONE)
    assert not await may(NOW)  # a removal holds at once, whatever a clock says


async def test_several_authorizations_add_up_and_ended_ones_do_not(database: Database) -> None:
    relation = await factories.make_relation(database)
    user = await factories.make_user(database)
    none = NOTHING | {Subpage.CONSUMPTION: Level.READ}
    await factories.make_authorization(
        database, user, relation, role=Role.VIEWER, levels=none | {Subpage.INVOICES: Level.READ}
    )
    await factories.make_authorization(
        database, user, relation, role=Role.RELATION_USER, levels=none | {Subpage.REPORTS: Level.WRITE}
    )
    administrator = await factories.make_authorization(database, user, relation, valid_from=NOW)
    summed = none | {Subpage.INVOICES: Level.READ, Subpage.REPORTS: Level.WRITE}

    assert await levels(database, user, relation.id, NOW - ONE) == summed
    assert await levels(database, user, relation.id) == ROLE_LEVELS[Role.ADMINISTRATOR]
    await factories.end_authorization(database, administrator, NOW)
    assert await levels(database, user, relation.id) == summed


async def test_on_an_ended_relation_its_owner_reads_for_24_months_and_nobody_else_anything(
    database: Database,
) -> None:
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE, ended_at=NOW)
    owner, relative = await factories.make_user(database), await factories.make_user(database)
    held = await factories.make_authorization(database, owner, relation, role=Role.OWNER)
    await factories.make_authorization(database, relative, relation, role=Role.RELATION_USER)
    async with database.transaction() as session:
        row = await session.get_one(Authorization, held.id)
        row.granted_through = GrantedThrough.CONTRACT

    reading = dict.fromkeys(Subpage, Level.READ) | {Subpage.USERS: Level.NONE}
    last = NOW + policy.OWNER_READS_AFTER_END - ONE
    for at in (NOW, last):
        assert await levels(database, owner, relation.id, at) == reading
        assert await refusal(database, owner, relation.id, Subpage.INVOICES, Level.READ, at) is None
        for subpage in (Subpage.INVOICES, Subpage.USERS):
            missing = await refusal(database, owner, relation.id, subpage, Level.WRITE, at)
            assert missing is Code.AUTHORIZATION_MISSING
    assert await levels(database, owner, relation.id, last + ONE) == NOTHING
    assert await levels(database, relative, relation.id) == NOTHING


async def test_a_relation_that_is_open_again_gives_what_it_gave(database: Database) -> None:
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE, ended_at=NOW)
    owner = await factories.make_manager(database, relation)
    async with database.transaction() as session:
        (await session.get_one(CustomerRelation, relation.id)).ended_at = None
    assert await levels(database, owner, relation.id) == ROLE_LEVELS[Role.OWNER]


async def test_a_locked_answer_holds_until_the_end_of_the_transaction(database: Database) -> None:
    """Both what is held and the relation that it is held on."""
    relation = await factories.make_relation(database)
    user = await factories.make_user(database)
    held = await factories.make_authorization(database, user, relation)
    impatient = FaultyDatabase(database)

    async def end_relation() -> None:
        async with impatient.transaction() as session:
            row = await session.get_one(CustomerRelation, relation.id, with_for_update=True)
            row.ended_at = NOW

    async def end_authorization() -> None:
        await factories.end_authorization(impatient, held, NOW)

    removals: list[Callable[[], Awaitable[None]]] = [end_relation, end_authorization]
    async with database.transaction() as session:
        locked = await policy.levels(session, user.id, relation.id, NOW, lock=True)
        assert locked[Subpage.USERS] is Level.WRITE
        for remove in removals:
            with pytest.raises(OperationalError):
                await remove()
    for remove in removals:
        await remove()
    assert await levels(database, user, relation.id) == NOTHING
    await impatient.close()
