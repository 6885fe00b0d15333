"""Many who confirm at the very same moment: one administrator, one user a person, name and address."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities import registrations as completing
from domain.codes import Code
from domain.registrations import AbandonRegistration, ConfirmOutcome
from domain.vocabulary import Commodity, RegistrationState, Role
from store import audit, authorizations
from store.authorizations import Authorization
from store.database import Database
from store.identifications import StrongIdentity
from store.registrations import Registration
from store.users import User
from tests import factories
from tests.activities.registrations import activities, confirming, make_reviewed
from tests.activities.running import NOW, attempt
from tests.bank import new_person

FIFTY, TWENTY = 50, 20
COMPLETED = ConfirmOutcome(state=RegistrationState.COMPLETED)


class Crowded(Database):
    """The first transaction waits before its commit until another one is as far, if that comes soon."""

    def __init__(self, like: Database) -> None:
        url = like.url.set(drivername=like.url.get_backend_name()).render_as_string(hide_password=False)
        super().__init__(url)
        self._there = 0
        self._second = asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with super().transaction() as session:
            yield session
            await session.flush()
            self._there += 1
            if self._there > 1:
                self._second.set()
            await asyncio.wait([asyncio.ensure_future(self._second.wait())], timeout=0.3)
            self._second.set()


async def complete_all(database: Database, rows: Sequence[Registration]) -> Counter[str]:
    """All at once; how often each answer was given."""
    crowded = Crowded(database)
    complete = activities(crowded).complete
    outcomes = await asyncio.gather(*(attempt(complete, confirming(row)) for row in rows))
    await crowded.close()
    return Counter(str(each.refusal or each.state) for each in outcomes)


async def one_administrator(database: Database, count: int) -> None:
    """So many register the same company at once, with two relations."""
    relation = await factories.make_relation(database)
    heating = await factories.make_relation(
        database, customer=relation.customer, commodity=Commodity.DISTRICT_HEATING
    )
    rows = [await make_reviewed(database, relation.customer) for _ in range(count)]

    assert await complete_all(database, rows) == {"completed": count}

    async with database.reading() as session:
        held = await authorizations.of_customer(session, relation.customer_id)
        assert len((await session.scalars(select(User.id))).all()) == count
    assert Counter((each.role, each.relation_id) for each in held) == {
        (role, each.id): number
        for role, number in ((Role.ADMINISTRATOR, 1), (Role.VIEWER, count - 1))
        for each in (relation, heating)
    }
    assert len({each.user_id for each in held if each.role is Role.ADMINISTRATOR}) == 1


async def test_fifty_at_once_have_one_administrator(database: Database) -> None:
    await one_administrator(database, FIFTY)


async def test_without_the_lock_there_would_be_more(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above: a build that looks, but does not lock what it looks at."""

    async def first_role(session: AsyncSession, registration: Registration) -> Role:
        assert registration.customer_id is not None
        earlier = await authorizations.of_customer(session, registration.customer_id)
        return Role.VIEWER if earlier else Role.ADMINISTRATOR

    monkeypatch.setattr(completing, "first_role", first_role)
    with pytest.raises(AssertionError):
        await one_administrator(postgresql_database, 5)


async def test_one_registration_confirmed_twenty_times(database: Database) -> None:
    relation = await factories.make_relation(database)
    row = await make_reviewed(database, relation.customer)

    assert await complete_all(database, [row] * TWENTY) == {"completed": TWENTY}

    async with database.reading() as session:
        [grant] = await authorizations.of_process(session, row.id)
        [user] = (await session.scalars(select(User))).all()
        events = Counter(each.event.value for each in await audit.of_process(session, row.id))
    assert (grant.user_id, grant.role) == (user.id, Role.ADMINISTRATOR)
    assert events == {"user.registered": 1, "authorization.granted": 1, "registration.completed": 1}


async def test_one_person_in_fifty_registrations(database: Database) -> None:
    relation = await factories.make_relation(database)
    person = new_person()
    rows = [await make_reviewed(database, relation.customer, person=person) for _ in range(FIFTY)]

    assert await complete_all(database, rows) == {"completed": 1, "already_user": FIFTY - 1}

    async with database.reading() as session:
        [user] = (await session.scalars(select(User))).all()
        [identity] = (await session.scalars(select(StrongIdentity))).all()
        [grant] = (await session.scalars(select(Authorization))).all()
        left = (await session.scalars(select(Registration.identity_sealed))).all()
    assert identity.user_id == grant.user_id == user.id
    assert set(left) == {None}


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"username": "samma"}, Code.USER_USERNAME_TAKEN),
        ({"email": "samma@example.com"}, Code.USER_EXISTS),
    ],
)
async def test_the_same_word_at_the_same_moment(
    database: Database, typed: dict[str, Any], refusal: Code
) -> None:
    rows = [await make_reviewed(database, None, **typed) for _ in range(TWENTY)]

    assert await complete_all(database, rows) == {"completed": 1, refusal.value: TWENTY - 1}

    async with database.reading() as session:
        states = Counter((await session.scalars(select(Registration.state))).all())
        assert len((await session.scalars(select(User))).all()) == 1
    # The others go on with another word.
    assert states == {RegistrationState.COMPLETED: 1, RegistrationState.REVIEW: TWENTY - 1}


async def test_confirmed_and_abandoned_at_the_same_moment(database: Database) -> None:
    for _ in range(5):
        row = await make_reviewed(database, None)
        one = activities(database)
        confirmed, stands = await asyncio.gather(
            attempt(one.complete, confirming(row)),
            attempt(one.abandon, AbandonRegistration(registration_id=row.id, now=row.deadline)),
        )
        assert confirmed.state is stands.state
        async with database.reading() as session:
            users = (
                await session.scalars(select(User).where(User.username == row.details["username"]))
            ).all()
        assert len(users) == (stands.state is RegistrationState.COMPLETED)


async def test_abandoned_too_early(sqlite_database: Database) -> None:
    row = await make_reviewed(sqlite_database, None)
    early = AbandonRegistration(registration_id=row.id, now=NOW)
    assert (await attempt(activities(sqlite_database).abandon, early)).state is RegistrationState.REVIEW


async def test_other_details_than_were_reviewed(sqlite_database: Database) -> None:
    row = await make_reviewed(sqlite_database, None)
    async with sqlite_database.transaction() as session:
        changed = await session.get_one(Registration, row.id)
        changed.state, changed.revision = RegistrationState.CHECKING, 2
    outcome = await attempt(activities(sqlite_database).complete, confirming(row))
    assert outcome == ConfirmOutcome(state=RegistrationState.CHECKING, refusal=Code.REGISTRATION_NOT_READY)
