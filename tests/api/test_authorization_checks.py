"""May this user do this? Asked by other e-services, with credentials of their own, without Temporal."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from domain.roles import ROLE_LEVELS
from domain.vocabulary import Commodity, CustomerKind, GrantedThrough, Level, Role, Subpage
from store import policy
from store.audit import Actor, AuditEvent, Event
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from tests import factories
from tests.checking import (
    BASIC,
    CREDENTIAL,
    NEW_CREDENTIAL,
    NEW_SECRET,
    PATH,
    SECRET,
    SERVICE,
    EService,
    e_service,
    question_about,
)
from tests.clock import SettableClock
from tests.factories import LONG_AGO
from tests.fixtures.api import LiveStack
from tests.frontend import field_codes, refusal
from tests.leaks import assert_nothing_personal

NOTHING = (False, Level.NONE)
READ, WRITE = Level.READ, Level.WRITE
CONSUMPTION, INVOICES, USERS = Subpage.CONSUMPTION, Subpage.INVOICES, Subpage.USERS
ONE = timedelta(microseconds=1)


@pytest.fixture
async def service(log_file: Path, database: Database, clock: SettableClock) -> AsyncIterator[EService]:
    """On both databases."""
    async with e_service(database, clock) as made:
        yield made


@pytest.fixture
async def sqlite_service(
    log_file: Path, sqlite_database: Database, clock: SettableClock
) -> AsyncIterator[EService]:
    """Where the kind of database does not matter."""
    async with e_service(sqlite_database, clock) as made:
        yield made


async def change(database: Database, row: Authorization | CustomerRelation, **values: Any) -> None:
    """Changes a row as a process does."""
    async with database.transaction() as session:
        found = await session.get_one(type(row), row.id)
        for name, value in values.items():
            setattr(found, name, value)


async def test_every_level_that_is_held_and_none_beyond(service: EService, database: Database) -> None:
    relation = await factories.make_relation(database)
    user = await factories.make_user(database)
    await factories.make_authorization(database, user, relation, role=Role.RELATION_USER)
    for subpage, held in ROLE_LEVELS[Role.RELATION_USER].items():
        level = WRITE if subpage is USERS else READ
        allowed = held.rank >= level.rank
        assert await service.ask(user.id, relation.id, subpage, level) == (allowed, held)
    assert await service.ask(user.id, relation.id, Subpage.REPORTS, WRITE) == (True, WRITE)
    assert await service.ask(user.id, relation.id, INVOICES, WRITE) == (False, READ)


async def test_every_reason_for_a_no(service: EService, database: Database, clock: SettableClock) -> None:
    """They all look the same."""
    now = clock()
    relation = await factories.make_relation(database)
    sister = await factories.make_relation(
        database, customer=relation.customer, commodity=Commodity.DISTRICT_HEATING
    )
    ended = await factories.make_relation(database, ended_at=now)
    holder, ended_one, later, suspended = [await factories.make_user(database) for _ in range(4)]
    await factories.make_authorization(database, holder, relation)
    await factories.make_authorization(database, holder, ended)
    await factories.make_authorization(database, ended_one, relation, ended_at=now)
    await factories.make_authorization(database, later, relation, valid_from=now + ONE)
    held = await factories.make_authorization(database, suspended, relation)
    await change(database, held, suspended_at=now)

    assert await service.ask(holder.id, relation.id, CONSUMPTION, READ) == (True, READ)
    for user_id, relation_id in (
        (uuid4(), relation.id),
        (holder.id, uuid4()),
        (relation.id, holder.id),
        (holder.id, sister.id),
        (holder.id, ended.id),
        (ended_one.id, relation.id),
        (later.id, relation.id),
        (suspended.id, relation.id),
    ):
        for subpage in Subpage:
            level = WRITE if subpage is USERS else READ
            assert await service.ask(user_id, relation_id, subpage, level) == NOTHING
    clock.advance(ONE)
    assert await service.ask(later.id, relation.id, CONSUMPTION, READ) == (True, READ)


async def test_an_owner_reads_what_has_ended_for_24_months(
    service: EService, database: Database, clock: SettableClock
) -> None:
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    owner = await factories.make_user(database)
    held = await factories.make_authorization(database, owner, relation, role=Role.OWNER)
    await change(database, held, granted_through=GrantedThrough.CONTRACT)
    assert await service.ask(owner.id, relation.id, INVOICES, WRITE) == (True, WRITE)

    await change(database, relation, ended_at=clock())

    clock.advance(policy.OWNER_READS_AFTER_END - ONE)
    assert await service.ask(owner.id, relation.id, INVOICES, READ) == (True, READ)
    assert await service.ask(owner.id, relation.id, INVOICES, WRITE) == (False, READ)
    assert await service.ask(owner.id, relation.id, USERS, WRITE) == NOTHING
    clock.advance(ONE)
    assert await service.ask(owner.id, relation.id, INVOICES, READ) == NOTHING


async def test_the_very_next_check_sees_every_change(
    service: EService, database: Database, clock: SettableClock
) -> None:
    relation = await factories.make_relation(database)
    user = await factories.make_user(database)

    async def answer() -> tuple[bool, Level]:
        return await service.ask(user.id, relation.id, INVOICES, WRITE)

    assert await answer() == NOTHING
    held = await factories.make_authorization(database, user, relation)
    assert await answer() == (True, WRITE)
    await change(database, held, levels=held.levels | {INVOICES: READ})
    assert await answer() == (False, READ)
    await change(database, held, levels=held.levels)
    await change(database, held, suspended_at=clock())
    assert await answer() == NOTHING
    await change(database, held, suspended_at=None)
    assert await answer() == (True, WRITE)
    await change(database, relation, ended_at=clock())
    assert await answer() == NOTHING
    await change(database, relation, ended_at=None)
    assert await answer() == (True, WRITE)
    await factories.end_authorization(database, held, clock())
    assert await answer() == NOTHING


async def test_the_moment_is_told(sqlite_service: EService, clock: SettableClock) -> None:
    response = await sqlite_service.http.post(PATH, json=question_about(uuid4(), uuid4()), auth=BASIC)
    assert datetime.fromisoformat(response.json()["checked_at"]) == clock()


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"subpage": "consumption", "level": "write"}, {"/level": "authorization.level_unknown"}),
        ({"subpage": "users", "level": "read"}, {"/level": "authorization.level_unknown"}),
        ({"level": "none"}, {"/level": "field.invalid"}),
        ({"level": "admin", "subpage": "cellar"}, {"/level": "field.invalid", "/subpage": "field.invalid"}),
        (
            {"user_id": "anna", "relation_id": 7},
            {"/user_id": "field.invalid", "/relation_id": "field.invalid"},
        ),
        ({"level": None, "at": "2020-01-01T00:00:00Z"}, {"/level": "field.invalid", "/at": "field.unknown"}),
    ],
)
async def test_what_cannot_be_asked(
    sqlite_service: EService, changed: dict[str, Any], wrong: dict[str, str]
) -> None:
    question = question_about(uuid4(), uuid4()) | changed
    assert field_codes(await sqlite_service.http.post(PATH, json=question, auth=BASIC)) == wrong


async def test_all_four_must_be_said(sqlite_service: EService) -> None:
    response = await sqlite_service.http.post(PATH, json={}, auth=BASIC)
    assert field_codes(response) == dict.fromkeys(
        ("/user_id", "/relation_id", "/subpage", "/level"), "field.required"
    )


def basic(text: bytes) -> str:
    return f"Basic {base64.b64encode(text).decode()}"


async def test_who_is_no_service_learns_nothing(sqlite_service: EService) -> None:
    """A user's token, even of somebody who manages the relation, is no service's credential."""
    database = sqlite_service.frontend.database
    relation = await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    logged_in = await sqlite_service.frontend.log_in(manager)
    question = question_about(manager.id, relation.id)
    none: list[str | None] = [
        None,
        "",
        logged_in.headers["Authorization"],
        f"Bearer {SECRET}",
        f"Bearer {SERVICE}:{SECRET}",
        f"Basic {SERVICE}:{SECRET}",
        "Basic",
        "Basic ***",
        basic(SERVICE.encode()),
        basic(f"{SERVICE}:{SECRET}å".encode()),
    ]
    wrong = [
        basic(f"{SERVICE}:{SECRET[:-1]}".encode()),
        basic(f"{SERVICE}:{SECRET}\n".encode()),
        basic(f"{SERVICE}:".encode()),
        basic(f":{SECRET}".encode()),
        basic(f"{SERVICE.upper()}:{SECRET}".encode()),
        basic(f"{SERVICE}:{CREDENTIAL.secret_hash}".encode()),
        basic(f"{SERVICE}:{NEW_SECRET}".encode()),
        basic(f"{manager.username}:{factories.PASSWORD}".encode()),
    ]
    for code, given in (("service.credentials_required", none), ("service.bad_credentials", wrong)):
        for header in given:
            anybody = sqlite_service.frontend.client()
            headers = {} if header is None else {"Authorization": header}
            response = await anybody.post(PATH, json=question, headers=headers)
            assert refusal(response) == (401, code), header
            assert response.headers["www-authenticate"] == 'Basic realm="services"'
    # Not even what is wrong with the question.
    assert refusal(await logged_in.post(PATH, json={}))[0] == 401


async def test_a_service_is_no_user(sqlite_service: EService) -> None:
    for header in (basic(f"{SERVICE}:{SECRET}".encode()), f"Bearer {SECRET}"):
        for method, path in (("GET", "/v1/me"), ("DELETE", "/v1/sessions/current"), ("GET", "/v1/me/tasks")):
            response = await sqlite_service.http.request(method, path, headers={"Authorization": header})
            assert refusal(response) == (401, "session.required")
            assert response.headers["www-authenticate"] == "Bearer"


async def test_a_secret_is_replaced_without_a_gap(sqlite_database: Database, clock: SettableClock) -> None:
    """Both work while both are in the setting."""
    question = question_about(uuid4(), uuid4())
    for given, works in (
        ([CREDENTIAL], [True, False]),
        ([CREDENTIAL, NEW_CREDENTIAL], [True, True]),
        ([NEW_CREDENTIAL], [False, True]),
    ):
        async with e_service(sqlite_database, clock, *given) as service:
            answers = [
                await service.http.post(PATH, json=question, auth=(SERVICE, each))
                for each in (SECRET, NEW_SECRET)
            ]
        assert [each.status_code == 200 for each in answers] == works


async def test_failures_wear_out_their_source_and_no_right_secret(
    service: EService, database: Database, clock: SettableClock
) -> None:
    """Of a flood the audit keeps one event; what was typed as a name or a secret is kept nowhere."""
    rules = service.frontend.services.settings.sessions
    question = question_about(uuid4(), uuid4())
    guess = httpx2.BasicAuth(SERVICE, "Gissat-losenord-27")

    for _ in range(rules.failures_of_source):
        response = await service.http.post(PATH, json=question, auth=guess)
        assert refusal(response) == (401, "service.bad_credentials")
    response = await service.http.post(PATH, json=question, auth=("Kalle Anka", "x"))
    assert refusal(response) == (429, "request.too_many")
    elsewhere = await service.frontend.client().post(PATH, json=question, auth=guess)
    assert refusal(elsewhere) == (401, "service.bad_credentials")

    before = await service.frontend.dump()
    assert (await service.http.post(PATH, json=question, auth=BASIC)).status_code == 200
    assert await service.frontend.dump() == before  # a right one writes nothing
    async with database.reading() as session:
        events = (await session.scalars(select(AuditEvent).order_by(AuditEvent.number))).all()
    assert [(each.event, each.actor, each.details) for each in events] == [
        (Event.SERVICE_REFUSED, Actor.SERVICE, {"service": SERVICE})
    ] * 2
    assert_nothing_personal(repr(before).encode(), ["Gissat-losenord-27", "Kalle Anka", SECRET])
    clock.advance(rules.failure_window)
    assert refusal(await service.http.post(PATH, json=question, auth=guess))[0] == 401


async def test_checks_are_counted_without_saying_whose(live_stack: LiveStack, log_file: Path) -> None:
    """Metrics by service and outcome; nothing but the route in the log."""
    database = live_stack.frontend.database
    relation = await factories.make_relation(database)
    user = await factories.make_user(database)
    await factories.make_authorization(database, user, relation, valid_from=LONG_AGO)
    nobody, http = uuid4(), live_stack.frontend.client()
    for user_id, auth in (
        (user.id, BASIC),
        (nobody, BASIC),
        (nobody, httpx2.BasicAuth("Kalle_Anka", SECRET)),
    ):
        await http.post(PATH, json=question_about(user_id, relation.id), auth=auth)

    page = (await http.get(f"http://{live_stack.stack.settings.api_metrics}/metrics")).content

    for name, outcome in ((SERVICE, "allowed"), (SERVICE, "denied"), ("unknown", "refused")):
        line = f'fullmakt_authorization_checks_total{{outcome="{outcome}",service="{name}"}}'
        assert line.encode() in page
    for blob in (page, await asyncio.to_thread(log_file.read_bytes)):
        ids: list[UUID] = [user.id, nobody, relation.id]
        assert_nothing_personal(blob, ["Kalle_Anka", SECRET, *map(str, ids)])
