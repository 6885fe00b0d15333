"""Who may ask what of whose things: every route of the API's own description, as everybody (cases A13, A17).

A new route needs a line in `MAY`, one that takes a body a good one in `tests/api/bodies.py`, and a new kind
of id one of one's own and another's in `_ids`; without them these tests say what is missing.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

import httpx2
import pytest

from domain.vocabulary import CustomerKind, InvitationState, Level, Role, Subpage
from starter.cli.openapi import description
from store import contract_links, erasures, rights_requests
from store.customers import CustomerRelation
from store.database import Database
from store.identifications import StrongIdentity
from store.users import User
from tests import checking, factories
from tests.api.bodies import BODIES
from tests.bank import Bank
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.frontend import Frontend, make_services, refusal
from tests.harness import make_settings
from tests.registering import log_in
from tests.smtp_server import ScriptedSmtpServer

REFUSALS: Final = {401, 403, 404}


class Who(StrEnum):
    """Everybody who could ask. `new`: somebody whom an operator has just made a user."""

    NOBODY = "nobody"
    SERVICE = "another e-service"
    NEW = "new user"
    OUTSIDER = "another customer's administrator"
    VIEWER = "viewer"
    RELATION_USER = "relation user"
    ADMINISTRATOR = "administrator"
    OWNER = "private owner"


WITHOUT_SESSION = {Who.NOBODY, Who.SERVICE}
MANAGERS = {Who.ADMINISTRATOR, Who.OWNER}
READERS = {Who.VIEWER, Who.RELATION_USER}
USERS = set(Who) - WITHOUT_SESSION


class May(StrEnum):
    """Who may, of things that are there: those of his own, or of the customer on whose relation he holds
    something. Whoever has no session gets 401; another customer's things exist for nobody.
    """

    # No id in it, or one that is a secret's: the same to all.
    ANYBODY = "anybody"
    # Other e-services alone.
    SERVICES = "services"
    # A user his own.
    USERS = "users"
    # Whoever holds anything on the relation.
    HOLDERS = "holders"
    # Who manages its users; others who hold something on it get 403.
    MANAGERS = "managers"
    # The same, but for others it does not exist.
    MANAGERS_ALONE = "managers alone"
    # He alone whose it is, and that is none of these.
    ANOTHER = "another"
    # The person invited; who manages the users knows of it, and gets 403.
    INVITEE = "invitee"


MAY: Final[Mapping[str, May]] = MappingProxyType(
    {
        # Before anybody is known
        "log_in": May.ANYBODY,
        "identification_means": May.ANYBODY,
        "terms": May.ANYBODY,
        "healthz": May.ANYBODY,
        "readyz": May.ANYBODY,
        "ask_for_help": May.ANYBODY,
        # By a link's token
        "look_up": May.ANYBODY,
        "register_through_invitation": May.ANYBODY,
        "look_up_email_confirmation": May.ANYBODY,
        "confirm_email": May.ANYBODY,
        "look_up_dispute": May.ANYBODY,
        "dispute_registration": May.ANYBODY,
        "ask_for_password_reset": May.ANYBODY,
        "look_up_password_reset": May.ANYBODY,
        "complete_password_reset": May.ANYBODY,
        "ask_for_username": May.ANYBODY,
        "look_up_email_change": May.ANYBODY,
        "confirm_email_change": May.ANYBODY,
        # By a registration's secret
        "begin_registration": May.ANYBODY,
        "show_registration": May.ANYBODY,
        "give_up_registration": May.ANYBODY,
        "begin_identification": May.ANYBODY,
        "take_identification": May.ANYBODY,
        "put_details": May.ANYBODY,
        "send_confirmation_again": May.ANYBODY,
        "confirm_registration": May.ANYBODY,
        # One's own
        "log_out": May.USERS,
        "own_details": May.USERS,
        "change_own_details": May.USERS,
        "change_password": May.USERS,
        "ask_for_email_change": May.USERS,
        "list_own_sessions": May.USERS,
        "end_session": May.USERS,
        "end_other_sessions": May.USERS,
        "begin_own_identification": May.USERS,
        "take_own_identification": May.USERS,
        "tasks": May.USERS,
        "open_services": May.USERS,
        "who_sees_my_data": May.USERS,
        "export_own_data": May.USERS,
        "preview_erasure": May.USERS,
        "ask_for_erasure": May.USERS,
        "regret_erasure": May.USERS,
        "link_contracts": May.USERS,
        "show_contract_link": May.USERS,
        "my_relations": May.USERS,
        # A customer's relation
        "relation": May.HOLDERS,
        "list_processes": May.HOLDERS,
        "users": May.MANAGERS,
        "list_invitations": May.MANAGERS,
        "invite": May.MANAGERS,
        "preview_invitation": May.MANAGERS,
        "suggest_name": May.MANAGERS,
        "list_events": May.MANAGERS,
        "export_events": May.MANAGERS,
        # What another holds on it
        "show_authorization": May.MANAGERS,
        "preview_removal": May.MANAGERS,
        "remove_authorization": May.MANAGERS,
        "set_authorization_levels": May.MANAGERS,
        # What that other asks for
        "show_askable": May.ANOTHER,
        "ask_for_rights": May.ANOTHER,
        "show_rights_request": May.MANAGERS_ALONE,
        "approve_rights_request": May.MANAGERS_ALONE,
        "decline_rights_request": May.MANAGERS_ALONE,
        "withdraw_rights_request": May.ANOTHER,
        # An invitation of another to it
        "show": May.MANAGERS_ALONE,
        "cancel": May.MANAGERS_ALONE,
        "timeline": May.MANAGERS_ALONE,
        "accept": May.INVITEE,
        "decline": May.INVITEE,
        "check_authorization": May.SERVICES,
    }
)
# What a user who has a strong identity may do only when he has identified lately (spec 3.7).
FRESH: Final = {
    "invite",
    "cancel",
    "remove_authorization",
    "set_authorization_levels",
    "approve_rights_request",
    "link_contracts",
    "ask_for_email_change",
    "export_own_data",
    "ask_for_erasure",
}
NOT_FOUND, MISSING = (404, "not_found"), (403, "authorization.missing")


@dataclass(frozen=True)
class Route:
    """A method and a path of the description. `ids`: what stands in the path or the query."""

    name: str
    method: str
    path: str
    ids: tuple[str, ...]
    in_query: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} ({self.method} {self.path})"

    @property
    def changes(self) -> bool:
        return self.method != "GET"


def routes_of(document: dict[str, Any]) -> Iterator[Route]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            in_query = tuple(
                each["name"]
                for each in operation.get("parameters", [])
                if each["in"] == "query" and each["name"].endswith("_id")
            )
            in_path = tuple(re.findall(r"{(\w+)}", path))
            yield Route(operation["operationId"], method.upper(), path, in_path + in_query, in_query)


def refusal_of(route: Route, who: Who) -> tuple[int, str] | None:
    """With what somebody is refused of whom it is; None: he may."""
    may = MAY[route.name]
    if may is May.ANYBODY or (may is May.SERVICES and who is Who.SERVICE):
        return None
    if who in WITHOUT_SESSION or may is May.SERVICES:
        return 401, "service.credentials_required" if may is May.SERVICES else "session.required"
    if may is May.ANOTHER:
        return NOT_FOUND
    if may is May.INVITEE:
        return (403, "invitation.wrong_recipient") if who in MANAGERS else NOT_FOUND
    if may is May.USERS or who in MANAGERS or (may is May.HOLDERS and who in READERS):
        return None
    return MISSING if may is May.MANAGERS and who in READERS else NOT_FOUND


@dataclass
class World:
    """A company and a private customer with everybody who holds something there, and another customer."""

    frontend: Frontend
    routes: list[Route]
    users: dict[Who, User] = field(default_factory=dict)
    clients: dict[Who, httpx2.AsyncClient] = field(default_factory=dict)
    own: dict[Who, dict[str, str]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    async def client(self, who: Who) -> httpx2.AsyncClient:
        """Somebody anew, at an address of his own."""
        client = self.frontend.client()
        if who in self.users:
            _, token = await log_in(self.frontend.services, self.users[who])
            client.headers["Authorization"] = f"Bearer {token}"
        if who is Who.SERVICE:
            client.auth = checking.BASIC
        return client

    async def ask(self, client: httpx2.AsyncClient, route: Route, ids: Mapping[str, str]) -> httpx2.Response:
        missing = set(route.ids) - set(ids)
        assert not missing, f"{route}: give `_ids` a {missing} of one's own, to be tried with another's, too"
        return await client.request(
            route.method,
            route.path.format(**ids),
            params={each: ids[each] for each in route.in_query},
            json=BODIES.get(route.name),
            headers={"Registration-Secret": ids["secret"]},
        )


async def _ids(frontend: Frontend, relation: CustomerRelation, manager: User, user: User) -> dict[str, str]:
    """A relation, things on it, and things of a user."""
    database, services = frontend.database, frontend.services
    colleague = await factories.make_user(database)
    held = await factories.make_authorization(database, colleague, relation, role=Role.VIEWER)
    invitation = await factories.make_invitation(
        database,
        inviter=manager,
        relation=relation,
        email=f"invited.{colleague.username}@example.com",
        now=services.clock(),
        state=InvitationState.DECLINED,
        ended_at=services.clock(),
    )
    async with database.transaction() as session:
        link = contract_links.begin(session, user.id, services.settings.contract_link, services.clock())
        erasures.begin(session, user.id, services.settings.erasure, services.clock())
        request = rights_requests.begin(
            session,
            held,
            levels={**held.levels, Subpage.CONTRACTS: Level.READ},
            message="",
            told_managers=[],
            waits=services.settings.rights_request,
            now=services.clock(),
        )
    other_session, _ = await log_in(services, user)
    begun = (await frontend.client().post("/v1/registrations", json={"kind": "company"})).json()
    return {
        "relation_id": str(relation.id),
        "authorization_id": str(held.id),
        "invitation_id": str(invitation.id),
        "process_id": str(invitation.id),
        "request_id": str(request.id),
        "link_id": str(link.id),
        "session_id": str(other_session.id),
        "registration_id": begun["id"],
        "secret": begun["secret"],
    }


@pytest.fixture(scope="module")
async def routes() -> list[Route]:
    return list(routes_of(json.loads(await description())))


@pytest.fixture
async def world(
    routes: list[Route],
    log_file: object,
    dev_server: RunningDevServer,
    sqlite_database: Database,
    smtp: ScriptedSmtpServer,
    clock: SettableClock,
) -> AsyncIterator[World]:
    settings = make_settings(sqlite_database, smtp, service_credentials=[checking.CREDENTIAL])
    services = make_services(settings, sqlite_database, dev_server.client, clock, identity_provider=Bank())
    frontend = Frontend(services)
    made = World(frontend, [each for each in routes if each.name in MAY])
    company, home, elsewhere = [
        await factories.make_relation(sqlite_database, kind=kind)
        for kind in (CustomerKind.COMPANY, CustomerKind.PRIVATE, CustomerKind.COMPANY)
    ]
    manager = await factories.make_manager(sqlite_database, company)
    for who, role, relation in (
        (Who.NEW, None, company),
        (Who.OUTSIDER, None, company),
        (Who.VIEWER, Role.VIEWER, company),
        (Who.RELATION_USER, Role.RELATION_USER, company),
        (Who.ADMINISTRATOR, Role.ADMINISTRATOR, company),
        (Who.OWNER, Role.OWNER, home),
    ):
        user = made.users[who] = await factories.make_user(sqlite_database)
        if role is not None:
            await factories.make_authorization(sqlite_database, user, relation, role=role)
        made.own[who] = await _ids(frontend, relation, manager, user)
    await factories.make_authorization(sqlite_database, made.users[Who.OUTSIDER], elsewhere)
    for who in WITHOUT_SESSION:
        made.own[who] = made.own[Who.ADMINISTRATOR]
    other = await factories.make_manager(sqlite_database, await factories.make_relation(sqlite_database))
    third = await factories.make_relation(sqlite_database, kind=CustomerKind.PRIVATE)
    made.others = await _ids(frontend, third, other, other)
    made.clients = {who: await made.client(who) for who in Who}
    yield made
    await frontend.close()


def test_every_route_is_in_the_table(routes: list[Route]) -> None:
    unknown = [str(each) for each in routes if each.name not in MAY]
    assert not unknown, f"say in `MAY` who may: {', '.join(unknown)}"
    assert not MAY.keys() - {each.name for each in routes}, "there is no such route any more"
    for route in routes:
        if route.changes and "relation" in route.path and route.ids:
            assert all(refusal_of(route, who) for who in READERS), f"who only reads may not: {route}"


async def test_who_may_not_is_refused_and_changes_nothing(world: World) -> None:
    before = await world.frontend.dump("audit_events", "counters")
    tried = 0
    for route in world.routes:
        for who in Who:
            expected = refusal_of(route, who)
            if expected is not None:
                response = await world.ask(world.clients[who], route, world.own[who])
                assert refusal(response) == expected, (str(route), who)
                tried += 1
    assert tried > 150
    assert await world.frontend.dump("audit_events", "counters") == before


async def test_another_customers_things_are_as_absent(world: World) -> None:
    """Status, headers and body, whoever asks, whatever he may elsewhere."""
    before = await world.frontend.dump("audit_events", "counters")
    absent = {name: str(uuid4()) for name in world.others}
    tried = 0
    for route in world.routes:
        if not route.ids:
            continue
        for who in Who:
            own_secret = {"secret": world.own[who]["secret"]}
            answers = []
            for ids in (world.others, absent):
                response = await world.ask(world.clients[who], route, {**ids, **own_secret})
                answers.append((response.content, sorted(response.headers.items())))
                expected = NOT_FOUND
                if MAY[route.name] is not May.ANYBODY and who in WITHOUT_SESSION:
                    expected = 401, "session.required"
                assert refusal(response) == expected, (str(route), who)
            assert answers[0] == answers[1], (str(route), who)
            tried += 1
    assert tried > 150
    assert await world.frontend.dump("audit_events", "counters") == before


async def test_who_may_is_let_in(world: World) -> None:
    """The negative control: with other eyes, or other ids, the same requests are taken."""
    for route in sorted(world.routes, key=lambda each: each.changes):
        for who in Who:
            if MAY[route.name] is May.ANYBODY or refusal_of(route, who) is not None:
                continue
            response = await world.ask(await world.client(who), route, world.own[who])
            told = (str(route), who, response.text)
            assert response.status_code not in REFUSALS | {500, 503}, told
            if b"request.invalid" in response.content:
                assert route.name in BODIES, f"{route}: give `BODIES` one that is taken"


async def test_what_asks_for_a_recent_identification(world: World) -> None:
    who, services = Who.ADMINISTRATOR, world.frontend.services
    user, now = world.users[who], services.clock()
    async with world.frontend.database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=services.keys.identity_index("120872-901U"),
                identity_sealed=services.vault.seal("120872-901U", user.id),
                first_name=user.first_name,
                last_name=user.last_name,
                created_at=now,
                identified_at=now,
            )
        )
    stale = set()
    for route in world.routes:
        if MAY[route.name] is May.ANYBODY or refusal_of(route, who) is not None:
            continue
        response = await world.ask(await world.client(who), route, world.own[who])
        if b"identification.stale" in response.content:
            assert refusal(response) == (403, "identification.stale")
            stale.add(route.name)
    assert stale == FRESH


async def test_what_is_open_needs_no_session(world: World) -> None:
    for route in world.routes:
        if MAY[route.name] is May.ANYBODY:
            response = await world.ask(world.clients[Who.NOBODY], route, world.own[Who.NOBODY])
            assert b"session.required" not in response.content, str(route)
            assert response.status_code not in {403, 500}, str(route)
