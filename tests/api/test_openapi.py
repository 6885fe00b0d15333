"""The checked-in description of the API is the code's, and the API does what it says."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import update

from runtime.texts import project_root
from starter.cli.openapi import description
from store import contract_links, users
from store.identifications import StrongIdentity
from store.sessions import Session
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.clock import SettableClock
from tests.fixtures.api import LiveStack
from tests.frontend import draft, invite, refusal

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BODIES: dict[str, Any] = {
    "invite": draft(),
    "preview_invitation": draft(),
    "suggest_name": {"email": "x@example.com"},
    "change_own_details": {"first_name": "Eva"},
    "log_in": {"username": "x", "password": "y"},
    "begin_identification": {"means": "nordea"},
    "begin_own_identification": {"means": "nordea"},
    "take_identification": {"state": "A" * 43, "code": "x"},
    "take_own_identification": {"state": "A" * 43, "code": "x"},
    "put_details": {"terms_version": "2026-11", "declared_accurate": True},
    "confirm_registration": {"revision": 1},
}
BEARER, SECRET = {"HTTPBearer"}, {"RegistrationSecret"}


async def test_the_checked_in_description_is_the_codes() -> None:
    checked_in = (project_root() / "docs" / "openapi.json").read_text("utf-8")
    assert checked_in == await description(), "run `make openapi` and look at the difference"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def wants(operation: dict[str, Any], scheme: set[str]) -> bool:
    """Whether none but requests with such credentials are taken."""
    alternatives = operation.get("security", [{}])
    return all(scheme <= each.keys() for each in alternatives)


async def test_everything_is_documented(cast: Cast) -> None:
    document = (await cast.inviter.get("/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for method, path, operation in operations(document):
        assert operation.get("description"), (method, path)
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and path.startswith("/v1"):
                assert set(response["content"]) == {"application/problem+json"}, (method, path, status)


async def test_another_ones_ids_are_as_absent(cast: Cast) -> None:
    """Every route with an id, from the description itself (case A17): 404, the same body as absent."""
    document = (await cast.inviter.get("/v1/openapi.json")).json()
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    services = cast.frontend.services
    async with cast.frontend.database.transaction() as session:
        link = contract_links.begin(session, cast.anna.id, services.settings.contract_link, services.clock())
    begun = (await cast.frontend.client().post("/v1/registrations", json={"kind": "private"})).json()
    owned = {
        "relation_id": str(cast.relation.id),
        "invitation_id": made["id"],
        "process_id": made["id"],
        "link_id": str(link.id),
        "registration_id": begun["id"],
    }
    stranger = await cast.stranger()
    own = (await stranger.post("/v1/registrations", json={"kind": "company"})).json()
    stranger.headers["Registration-Secret"] = own["secret"]
    # He may do all of this elsewhere.
    elsewhere = await factories.make_relation(cast.frontend.database)
    me = (await stranger.get("/v1/me")).json()["id"]
    async with cast.frontend.database.reading() as session:
        user = await users.user(session, UUID(me))
    assert user is not None
    await factories.make_authorization(cast.frontend.database, user, elsewhere)
    before = await cast.frontend.dump("audit_events", "counters")

    tried = 0
    for method, path, operation in operations(document):
        names = re.findall(r"{(\w+)}", path)
        if not names:
            continue
        tried += 1
        body = BODIES.get(operation["operationId"])
        answers = []
        for ids in (owned, dict.fromkeys(owned, str(uuid4()))):
            response = await stranger.request(method.upper(), path.format(**ids), json=body)
            assert refusal(response) == (404, "not_found"), (method, path)
            answers.append((response.content, sorted(response.headers.items())))
        assert answers[0] == answers[1], (method, path)
    assert tried >= 10
    assert await cast.frontend.dump("audit_events", "counters") == before


async def test_nobody_without_a_session_gets_in(cast: Cast) -> None:
    """Every route that wants a session answers 401 whatever else is sent, and says so in the description."""
    document = (await cast.inviter.get("/v1/openapi.json")).json()
    anybody = cast.frontend.client()
    secured = [each for each in operations(document) if wants(each[2], BEARER)]
    for method, path, operation in secured:
        named = re.sub(r"{\w+}", str(uuid4()), path)
        body = BODIES.get(operation["operationId"])
        response = await anybody.request(method.upper(), named, json=body)
        assert refusal(response) == (401, "session.required"), (method, path)
        assert "401" in operation["responses"], (method, path)
    open_to_all = {
        path
        for _, path, operation in operations(document)
        if not wants(operation, BEARER) and not wants(operation, SECRET)
    }
    assert open_to_all == {
        "/v1/sessions",
        "/v1/terms",
        "/v1/identification-means",
        "/v1/registrations",
        "/v1/email-confirmation-lookups",
        "/v1/email-confirmations",
        "/v1/registration-dispute-lookups",
        "/v1/registration-disputes",
        "/v1/invitation-lookups",
        "/v1/invitation-registrations",
        "/v1/service-requests",
        "/healthz",
        "/readyz",
    }


async def test_a_registration_exists_for_its_secret_alone(cast: Cast) -> None:
    """Neither a session, nor a cookie, nor another header is taken for it."""
    document = (await cast.inviter.get("/v1/openapi.json")).json()
    begun = (await cast.inviter.post("/v1/registrations", json={"kind": "company"})).json()
    other = (await cast.invitee.post("/v1/registrations", json={"kind": "company"})).json()
    before = await cast.frontend.dump("counters")
    secret, credentials = begun["secret"], cast.inviter.headers["Authorization"]
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": credentials},
        {"Authorization": f"Bearer {secret}"} | {"Cookie": f"registration={secret}"},
        {"Cookie": f"__Host-registration={secret}; Registration-Secret={secret}"},
        {"Registration-Secret": ""},
        {"Registration-Secret": other["secret"]},
        {"Registration-Secret": secret[:-1]},
        {"Registration-Secret": credentials.removeprefix("Bearer ")},
    ]
    tried = 0
    for method, path, operation in operations(document):
        if not wants(operation, SECRET):
            continue
        tried += 1
        body = BODIES.get(operation["operationId"])
        named = path.format(registration_id=begun["id"])
        for headers in wrong:
            anybody = cast.frontend.client()
            response = await anybody.request(method.upper(), named, json=body, headers=headers)
            assert refusal(response) == (404, "not_found"), (method, path, headers)
    assert tried == 7
    assert await cast.frontend.dump("counters") == before
    shown = await cast.inviter.get(
        f"/v1/registrations/{begun['id']}", headers={"Registration-Secret": secret}
    )
    assert shown.json() == {name: value for name, value in begun.items() if name != "secret"}


async def test_what_asks_for_a_fresh_identification(cast: Cast, clock: SettableClock) -> None:
    """Spec 3.7: of all routes these, for users who have a strong identity, once it is not fresh any more."""
    document = (await cast.inviter.get("/v1/openapi.json")).json()
    made = await invite(cast.inviter, cast.relation.id)
    services = cast.frontend.services
    async with cast.frontend.database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=cast.manager.id,
                identity_index=services.keys.identity_index("120872-901U"),
                identity_sealed=services.vault.seal("120872-901U", cast.manager.id),
                first_name="Birgitta",
                last_name="Berg",
                created_at=clock(),
                identified_at=clock(),
            )
        )
    ids = {
        "relation_id": str(cast.relation.id),
        "invitation_id": made["id"],
        "process_id": made["id"],
        "link_id": str(uuid4()),
        "registration_id": str(uuid4()),
    }
    stale = set()
    for method, path, operation in operations(document):
        if operation["operationId"] in {"log_out", "accept", "decline"}:
            continue  # they answer without a body, or wait for a process
        body = BODIES.get(operation["operationId"])
        response = await cast.inviter.request(method.upper(), path.format(**ids), json=body)
        if response.json().get("code") == "identification.stale":
            assert response.status_code == 403
            stale.add((method, path))
    assert stale == {
        ("post", "/v1/customer-relations/{relation_id}/invitations"),
        ("post", "/v1/invitations/{invitation_id}/cancel"),
        ("post", "/v1/contract-links"),
    }
    # What one may not see stays unseen.
    for path in (f"/v1/customer-relations/{uuid4()}/invitations", f"/v1/invitations/{uuid4()}/cancel"):
        assert refusal(await cast.inviter.post(path, json=draft())) == (404, "not_found")
    assert refusal(await cast.inviter.post("/v1/invitations/none/cancel")) == (404, "not_found")

    async with cast.frontend.database.transaction() as session:
        await session.execute(update(Session).values(identified_at=clock()))
    cancel = f"/v1/invitations/{made['id']}/cancel"
    clock.advance(services.settings.sessions.identification_fresh)
    assert refusal(await cast.inviter.post(cancel)) == (403, "identification.stale")
    clock.advance(-timedelta(seconds=1))
    # Nobody is at work on the process here: it was let through to it.
    assert refusal(await cast.inviter.post(cancel)) == (503, "processes.outcome_unknown")


@pytest.mark.parametrize("as_user", [False, True])
async def test_it_does_what_it_says(live_stack: LiveStack, as_user: bool) -> None:
    """Requests that schemathesis makes of the description, to the real server."""
    cast = await assemble(live_stack.frontend)
    headers = {"X-Forwarded-For": cast.inviter.headers["X-Forwarded-For"]}
    if as_user:
        headers["Authorization"] = cast.inviter.headers["Authorization"]

    def explore() -> int:
        document = httpx2.get(f"{live_stack.stack.api_url}/v1/openapi.json").json()
        # The session must outlive the test.
        document["paths"]["/v1/sessions/current"].pop("delete")
        schema = schemathesis.openapi.from_dict(document)
        schema.config.update(base_url=live_stack.stack.api_url)
        count = 0
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()

            @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy())
            def explore_one(case: schemathesis.Case[Any]) -> None:
                case.call_and_validate(headers=headers, checks=CHECKS)

            explore_one()
            count += 1
        return count

    assert await asyncio.to_thread(explore) > 35
