"""Own details, who is on a relation, and the suggestion of a name (spec 2, 3.1 phase 2, 4)."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from domain.vocabulary import CustomerKind, Language, NameSuggestion
from store.audit import AuditEvent, Event
from store.database import Database
from tests import factories
from tests.api.conftest import Cast
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.frontend import Frontend, field_codes, make_services, refusal
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer

ME = "/v1/me"


async def events(frontend: Frontend, event: Event) -> Sequence[AuditEvent]:
    async with frontend.database.reading() as session:
        return (await session.scalars(select(AuditEvent).where(AuditEvent.event == event))).all()


async def test_own_details_change_only_as_seen(cast: Cast) -> None:
    seen = await cast.invitee.get(ME)
    etag = {"If-Match": seen.headers["etag"]}
    change = {"first_name": "  Åsa ", "language": "fi"}

    assert refusal(await cast.invitee.patch(ME, json=change)) == (428, "request.precondition_required")
    changed = await cast.invitee.patch(ME, json=change, headers=etag)
    assert changed.status_code == 200
    assert changed.json() == seen.json() | {"first_name": "Åsa", "language": "fi"}
    assert changed.headers["etag"] != seen.headers["etag"]
    stale = await cast.invitee.patch(ME, json={"first_name": "Eva"}, headers=etag)
    assert refusal(stale) == (412, "user.changed_meanwhile")
    assert (await cast.invitee.get(ME)).json() == changed.json()
    [event] = await events(cast.frontend, Event.USER_CHANGED)
    assert event.details == {"fields": "first_name language"}

    now = {"If-Match": changed.headers["etag"]}
    again = await cast.invitee.patch(ME, json=change, headers=now)
    assert (again.status_code, again.headers["etag"]) == (200, now["If-Match"])
    wrong = await cast.invitee.patch(ME, json={"last_name": "a\u0000", "email": "x@example.com"}, headers=now)
    assert field_codes(wrong) == {"/email": "field.unknown"}
    wrong = await cast.invitee.patch(ME, json={"last_name": "a\u0000", "first_name": ""}, headers=now)
    assert field_codes(wrong) == {"/last_name": "field.not_text", "/first_name": "field.required"}


async def test_a_garbled_etag_is_not_the_current_one(cast: Cast) -> None:
    for etag in ("", '"', "*", '"x"', "W/", '"-1"', '"٣"', '"1","2"', f'"{"9" * 6000}"'):
        headers = [(b"If-Match", etag.encode())]
        refused = await cast.invitee.patch(ME, json={"first_name": "Eva"}, headers=headers)
        assert refusal(refused) == (412, "user.changed_meanwhile"), etag


async def test_the_users_of_a_relation(cast: Cast) -> None:
    await factories.make_authorization(cast.frontend.database, cast.anna, cast.relation)
    shown = (await cast.inviter.get(f"/v1/customer-relations/{cast.relation.id}/users")).json()["items"]
    assert {(each["user_id"], each["role"], each["email"]) for each in shown} == {
        (str(cast.manager.id), "administrator", cast.manager.email),
        (str(cast.anna.id), "administrator", cast.anna.email),
    }
    own = (await cast.invitee.get("/v1/customer-relations")).json()["items"]
    assert [each["id"] for each in own] == [str(cast.relation.id)]
    one = (await cast.invitee.get(f"/v1/customer-relations/{cast.relation.id}")).json()
    assert one == own[0]
    assert one["my_levels"]["users"] == "write"


async def test_an_ended_relation_is_seen_and_not_managed(cast: Cast, clock: SettableClock) -> None:
    ended = await factories.make_relation(cast.frontend.database, kind=CustomerKind.PRIVATE, ended_at=clock())
    owner = await factories.make_manager(cast.frontend.database, ended)
    client = await cast.frontend.log_in(owner)
    shown = (await client.get(f"/v1/customer-relations/{ended.id}")).json()
    assert (shown["ended"], shown["customer_kind"]) == (True, "private")
    refused = await client.get(f"/v1/customer-relations/{ended.id}/users")
    assert refusal(refused) == (403, "authorization.missing")


# The name suggestion


async def make_frontend(
    database: Database,
    server: RunningDevServer,
    smtp: ScriptedSmtpServer,
    clock: SettableClock,
    **settings: Any,
) -> Frontend:
    return Frontend(make_services(make_settings(database, smtp, **settings), database, server.client, clock))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (NameSuggestion.OFF, set()),
        (NameSuggestion.SHARED_OR_OPTED_IN, {"sharing", "willing"}),
        (NameSuggestion.REGISTERED, {"sharing", "willing", "private"}),
    ],
)
async def test_whose_name_is_suggested(
    sqlite_database: Database,
    dev_server: RunningDevServer,
    smtp: ScriptedSmtpServer,
    clock: SettableClock,
    setting: NameSuggestion,
    told: set[str],
) -> None:
    frontend = await make_frontend(sqlite_database, dev_server, smtp, clock, name_suggestion=setting)
    relation = await factories.make_relation(sqlite_database)
    manager = await factories.make_manager(sqlite_database, relation)
    people = {
        "sharing": await factories.make_user(sqlite_database, first_name="Saga"),
        "willing": await factories.make_user(
            sqlite_database, first_name="Vera", name_suggestion_allowed=True, language=Language.FINNISH
        ),
        "private": await factories.make_user(sqlite_database, first_name="Pia"),
    }
    await factories.make_authorization(sqlite_database, people["sharing"], relation)
    client = await frontend.log_in(manager)
    path = f"/v1/customer-relations/{relation.id}/name-suggestions"

    nobody = await client.post(path, json={"email": "nobody@example.com"})
    assert nobody.json() == {"first_name": None, "last_name": None}
    for who, person in people.items():
        response = await client.post(path, json={"email": person.email.upper()})
        if who in told:
            assert response.json() == {"first_name": person.first_name, "last_name": person.last_name}
        else:
            assert response.content == nobody.content
    audited = await events(frontend, Event.NAME_SUGGESTED)
    suggested = [people[who].id if who in told else None for who in people]
    assert [each.subject_id for each in audited] == [None, *suggested]
    assert all((each.actor_id, each.relation_id) == (manager.id, relation.id) for each in audited)
    await frontend.close()


async def test_names_are_suggested_to_few_and_slowly(cast: Cast) -> None:
    path = f"/v1/customer-relations/{cast.relation.id}/name-suggestions"
    body = {"email": cast.manager.email}
    assert refusal(await cast.invitee.post(path, json=body)) == (404, "not_found")
    invalid = await cast.inviter.post(path, json={"email": "none"})
    assert invalid.status_code == 422
    for _ in range(30):
        assert (await cast.inviter.post(path, json=body)).status_code == 200
    assert refusal(await cast.inviter.post(path, json=body)) == (429, "request.too_many")
