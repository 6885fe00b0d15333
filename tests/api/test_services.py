"""The choice of service: which e-services are open to whom (spec 3, last rule; 4 `me/services`)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.vocabulary import CustomerKind, Language, Level, Role, Subpage
from runtime.settings import EService, Settings
from store.database import Database
from tests import factories
from tests.api.conftest import Cast
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.frontend import Frontend, make_services
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer

SERVICES = "/v1/me/services"
NAMES = {"sv": "Tjänst", "fi": "Palvelu", "en": "Service"}


def service(**changes: Any) -> dict[str, Any]:
    return {"name": NAMES, "address": "https://x.example.com/a", "subpage": "reports", **changes}


async def test_each_with_the_relations_that_it_is_open_for(cast: Cast) -> None:
    database = cast.frontend.database
    assert (await cast.invitee.get(SERVICES)).json() == {"items": []}
    home = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    await factories.make_authorization(database, cast.anna, home, role=Role.RELATION_USER)
    await factories.make_authorization(database, cast.anna, cast.relation, role=Role.VIEWER)

    shown = (await cast.invitee.get(SERVICES, headers={"Accept-Language": "en"})).json()["items"]

    both = {str(home.id), str(cast.relation.id)}
    assert {each["subpage"]: {of["id"] for of in each["relations"]} for each in shown} == {
        "consumption": both,
        "reports": both,
        "contracts": {str(home.id)},
        "invoices": {str(home.id)},
        "contact_details": {str(home.id)},
    }
    assert shown[0]["name"] == "Consumption"
    assert shown[0]["description"] == "See the consumption hour by hour."
    assert shown[0]["address"] == "https://e-services.example.com/consumption"
    assert {each["customer_name"] for each in shown[2]["relations"]} == {home.customer.name}
    own = (await cast.invitee.get(SERVICES)).json()["items"]
    assert [each["name"] for each in own][:2] == ["Förbrukning", "Rapporter"]


async def test_a_right_that_has_ended_opens_nothing(cast: Cast, clock: SettableClock) -> None:
    database = cast.frontend.database
    held = await factories.make_authorization(database, cast.anna, cast.relation)
    await factories.make_authorization(
        database, cast.anna, await factories.make_relation(database), valid_from=clock() + timedelta(days=1)
    )
    for each in (await cast.invitee.get(SERVICES)).json()["items"]:
        assert [of["id"] for of in each["relations"]] == [str(cast.relation.id)]
    await factories.end_authorization(database, held, clock())
    assert (await cast.invitee.get(SERVICES)).json() == {"items": []}


async def test_configured_levels(
    sqlite_database: Database, dev_server: RunningDevServer, smtp: ScriptedSmtpServer, clock: SettableClock
) -> None:
    """Highest of several authorizations; an ended relation opens nothing to a company's users."""
    configured = [
        service(subpage="invoices", level="write"),
        service(subpage="users", level="write", description=NAMES),
    ]
    settings = make_settings(sqlite_database, smtp, e_services=configured)
    frontend = Frontend(make_services(settings, sqlite_database, dev_server.client, clock))
    user = await factories.make_user(sqlite_database, language=Language.FINNISH)
    running = await factories.make_relation(sqlite_database)
    ended = await factories.make_relation(sqlite_database, ended_at=clock())
    viewed = await factories.make_relation(sqlite_database)
    for relation, role in (
        (running, Role.VIEWER),
        (running, Role.ADMINISTRATOR),
        (ended, Role.ADMINISTRATOR),
        (viewed, Role.VIEWER),
    ):
        await factories.make_authorization(sqlite_database, user, relation, role=role)

    shown = (await (await frontend.log_in(user)).get(SERVICES)).json()["items"]

    assert [(each["subpage"], each["name"], each["description"]) for each in shown] == [
        ("invoices", "Palvelu", None),
        ("users", "Palvelu", "Palvelu"),
    ]
    assert [{of["id"] for of in each["relations"]} for each in shown] == [
        {str(running.id)},
        {str(running.id)},
    ]
    await frontend.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": {"sv": "Tjänst", "fi": "Palvelu"}},
        {"description": NAMES | {"en": ""}},
        {"subpage": "consumption", "level": "write"},
        {"subpage": "users"},
        {"level": "none"},
        {"address": "e-services.example.com"},
    ],
)
def test_settings_that_are_none(wrong: dict[str, Any]) -> None:
    assert EService.model_validate(service()).level is Level.READ
    with pytest.raises(ValidationError):
        EService.model_validate(service(**wrong))


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FULLMAKT_E_SERVICES", json.dumps([service()]))
    [one] = Settings(_env_file=None).e_services
    assert (one.name[Language.FINNISH], one.subpage) == ("Palvelu", Subpage.REPORTS)
