"""Registrations in-process with a bank of the tests': while others are away, and as time passes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from starter.services import waiting
from store.database import Database
from tests import factories
from tests.api.registering import Person, make_customer
from tests.bank import Bank, new_person, state_of
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.frontend import Frontend, make_services, refusal
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
async def frontend(
    log_file: object,
    dev_server: RunningDevServer,
    sqlite_database: Database,
    smtp: ScriptedSmtpServer,
    clock: SettableClock,
    bank: Bank,
) -> AsyncIterator[Frontend]:
    """Nobody is at work on the processes, so the registry seems to take long."""
    settings = make_settings(sqlite_database, smtp)
    made = Frontend(
        make_services(settings, sqlite_database, dev_server.client, clock, identity_provider=bank)
    )
    yield made
    await made.close()


async def identified(frontend: Frontend, bank: Bank, kind: str) -> Person:
    person = Person(frontend)
    await person.begin(kind)
    url = await person.authorization()
    answer = {
        "state": state_of(url),
        "code": bank.identify(url, new_person(person.first_name, person.last_name)),
    }
    taken = await person.client.post(f"{person.path}/identification/callback", json=answer)
    assert taken.status_code == 200, taken.text
    return person


async def test_what_takes_longer_is_accepted_and_seen_later(
    frontend: Frontend, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_PATIENCE", timedelta(milliseconds=200))
    company, _ = await make_customer(frontend.database)
    person = await identified(frontend, bank, "company")
    taken = await person.put(person.details(company))
    assert (taken.status_code, taken.json()["state"], taken.json()["next_step"]) == (202, "checking", "check")
    assert (await person.client.get(person.path)).json() == taken.json()
    assert taken.json()["details"]["company_name"] == company.name

    session = await frontend.log_in(await factories.make_user(frontend.database))
    url = (await session.post("/v1/me/identification", json={"means": "nordea"})).json()["authorization_url"]
    answer = {"state": state_of(url), "code": bank.identify(url, new_person())}
    assert (await session.post("/v1/me/identification/callback", json=answer)).status_code == 200
    linking = await session.post("/v1/contract-links")
    assert (linking.status_code, linking.json()["state"]) == (202, "linking")
    again = await session.post("/v1/contract-links")
    assert (again.status_code, again.json()) == (202, linking.json())


async def test_the_time_to_identify_and_to_complete_ends(
    frontend: Frontend, bank: Bank, clock: SettableClock
) -> None:
    late = Person(frontend)
    await late.begin("private")
    person = await identified(frontend, bank, "private")
    clock.advance(30 * MINUTE)
    refused = await late.client.post(f"{late.path}/identification", json={"means": "nordea"})
    assert refusal(refused) == (410, "registration.abandoned")
    shown = (await late.client.get(late.path)).json()
    assert (shown["state"], shown["next_step"]) == ("abandoned", None)
    assert (await person.client.get(person.path)).json()["next_step"] == "details"
    clock.advance(24 * HOUR)
    shown = (await person.client.get(person.path)).json()
    assert (shown["state"], shown["person"], shown["details"]) == ("abandoned", None, None)
    assert refusal(await person.put(person.details())) == (410, "registration.abandoned")


async def test_an_answer_that_comes_late_or_while_the_bank_is_down(
    frontend: Frontend, bank: Bank, clock: SettableClock
) -> None:
    person = Person(frontend)
    await person.begin("private")
    callback = f"{person.path}/identification/callback"
    url = await person.authorization()
    answer = {"state": state_of(url), "code": bank.identify(url, new_person())}
    clock.advance(15 * MINUTE)
    assert refusal(await person.client.post(callback, json=answer)) == (422, "identification.failed")

    url = await person.authorization()
    bank.down = True
    answer = {"state": state_of(url), "code": bank.identify(url, new_person())}
    unavailable = (503, "identification.unavailable")
    assert refusal(await person.client.post(callback, json=answer)) == unavailable
    refused = await person.client.post(f"{person.path}/identification", json={"means": "nordea"})
    assert refusal(refused) == unavailable
    bank.down = False
    assert (await person.client.get(person.path)).json()["state"] == "identifying"


async def test_what_one_began_another_does_not_go_on_with(frontend: Frontend) -> None:
    """Whoever adds a company to a user needs that user's session, besides the registration's secret."""
    anna = await factories.make_user(frontend.database)
    victim = await factories.make_user(frontend.database)
    person = Person(frontend)
    await person.begin("company", await frontend.log_in(anna))
    path, begin = f"{person.path}/identification", {"means": "nordea"}
    stolen = (await frontend.log_in(victim)).headers["Authorization"]
    own = (await frontend.log_in(anna)).headers["Authorization"]
    anybody, secret = frontend.client(), {"Registration-Secret": person.secret}
    for headers in (secret, secret | {"Authorization": stolen}):
        assert refusal(await anybody.post(path, json=begin, headers=headers)) == (404, "not_found")
        assert refusal(await anybody.get(person.path, headers=headers)) == (404, "not_found")
    begun = await anybody.post(path, json=begin, headers=secret | {"Authorization": own})
    assert begun.status_code == 201, begun.text
