"""Identifying strongly while logged in, and acts that ask for a recent one (spec 3.7)."""

import asyncio
from datetime import timedelta

import pytest

from domain.codes import Code, Refused
from domain.vocabulary import Language
from starter.services import identifications, own_identity
from starter.services.context import Services
from starter.services.identifications import Answer, Returned
from store.database import Database
from store.identifications import StrongIdentity
from store.sessions import Session
from tests import factories
from tests.bank import Bank, Person, new_person, state_of
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.frontend import make_services
from tests.harness import make_settings
from tests.registering import log_in
from tests.smtp_server import ScriptedSmtpServer

_MINUTE = timedelta(minutes=1)


@pytest.fixture
def services(
    database: Database,
    dev_server: RunningDevServer,
    smtp: ScriptedSmtpServer,
    clock: SettableClock,
    bank: Bank,
) -> Services:
    """On either database; nobody is at work on the processes that start."""
    settings = make_settings(database, smtp)
    return make_services(settings, database, dev_server.client, clock, identity_provider=bank)


async def asked(services: Services, bank: Bank, begun: tuple[Session, str], person: Person) -> Answer:
    """What comes back through the browser of somebody who identified."""
    session, token = begun
    way = await identifications.begin_for_session(
        services, session, token, "nordea", Language.ENGLISH, return_to="/users"
    )
    code = bank.identify(way.authorization_url, person)
    return Answer(state_of(way.authorization_url), code, "", None, [token])


async def identify(services: Services, bank: Bank, begun: tuple[Session, str], person: Person) -> Returned:
    return await identifications.complete(services, await asked(services, bank, begun, person))


async def is_fresh(services: Services, begun: tuple[Session, str]) -> bool:
    async with services.database.reading() as session:
        found = await session.get_one(Session, begun[0].id)
    try:
        await identifications.require_fresh(services, found)
    except Refused as refused:
        assert refused.code is Code.IDENTIFICATION_STALE
        return False
    return True


async def test_a_recent_identification(services: Services, bank: Bank, clock: SettableClock) -> None:
    user, person = await factories.make_user(services.database), new_person()
    first = await log_in(services, user)
    # Who cannot identify is not asked to.
    assert await is_fresh(services, first)
    assert await own_identity.own(services, first[0]) is None

    returned = await identify(services, bank, first, person)

    assert (returned.refusal, returned.return_to, returned.registration_id) == (None, "/users", None)
    own = await own_identity.own(services, first[0])
    assert own is not None
    assert own.masked_code == f"{person.code[:7]}••••"
    assert await is_fresh(services, first)
    # It is the session's: another one of the same user, an hour later or not, knows nothing of it.
    other = await log_in(services, user)
    assert not await is_fresh(services, other)
    clock.advance(30 * _MINUTE - timedelta(seconds=1))
    assert await is_fresh(services, first)
    clock.advance(timedelta(seconds=1))
    assert not await is_fresh(services, first)
    assert (await identify(services, bank, first, person)).refusal is None
    assert await is_fresh(services, first)


async def test_somebody_else_identifies(services: Services, bank: Bank) -> None:
    person, stranger = new_person(), new_person("Aino", "Korhonen")
    one, other = [await log_in(services, await factories.make_user(services.database)) for _ in range(2)]
    assert (await identify(services, bank, one, person)).refusal is None

    assert (await identify(services, bank, one, stranger)).refusal is Code.IDENTIFICATION_OTHER_PERSON
    assert (await identify(services, bank, other, person)).refusal is Code.IDENTIFICATION_IN_USE

    async with services.database.reading() as session:
        assert (await session.get_one(Session, other[0].id)).identified_at is None
        known = await session.get_one(StrongIdentity, one[0].user_id)
        assert (known.first_name, await session.get(StrongIdentity, other[0].user_id)) == ("Maija", None)


async def test_one_person_becomes_many_users_at_once(services: Services, bank: Bank) -> None:
    person = new_person()
    users = [await factories.make_user(services.database) for _ in range(8)]
    answers = [await asked(services, bank, await log_in(services, user), person) for user in users]

    returned = await asyncio.gather(*(identifications.complete(services, each) for each in answers))

    refusals = sorted(str(each.refusal) for each in returned)
    assert refusals == ["None", *[Code.IDENTIFICATION_IN_USE.value] * 7]


async def test_the_same_answer_at_once_counts_once(services: Services, bank: Bank) -> None:
    begun = await log_in(services, await factories.make_user(services.database))
    answer = await asked(services, bank, begun, new_person())

    outcomes = await asyncio.gather(
        *(identifications.complete(services, answer) for _ in range(10)), return_exceptions=True
    )

    assert sum(isinstance(each, Returned) for each in outcomes) == 1
    codes = {each.code for each in outcomes if isinstance(each, Refused)}
    assert (codes, bank.asked) == ({Code.IDENTIFICATION_FAILED}, 1)


async def test_who_logged_out_meanwhile(services: Services, bank: Bank) -> None:
    begun = await log_in(services, await factories.make_user(services.database))
    answer = await asked(services, bank, begun, new_person())
    async with services.database.transaction() as session:
        (await session.get_one(Session, begun[0].id)).ended_at = services.clock()

    assert (await identifications.complete(services, answer)).refusal is Code.SESSION_EXPIRED

    async with services.database.reading() as session:
        assert await session.get(StrongIdentity, begun[0].user_id) is None


async def test_not_set_up(services: Services) -> None:
    bare = make_services(services.settings, services.database, services.client, services.clock)
    begun = await log_in(services, await factories.make_user(services.database))
    assert identifications.offered(bare) == []
    with pytest.raises(Refused, match=Code.IDENTIFICATION_UNAVAILABLE):
        await identifications.begin_for_session(bare, *begun, "nordea", Language.ENGLISH)
