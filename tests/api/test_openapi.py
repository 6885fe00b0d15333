"""The checked-in description of the API is the code's, and the API does what it says."""

import asyncio
import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

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
from store.identifications import StrongIdentity
from store.sessions import Session
from tests import checking
from tests.api.bodies import BODIES
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
BEARER, SECRET, SERVICE = {"HTTPBearer"}, {"RegistrationSecret"}, {"ServiceCredentials"}


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


async def test_nobody_without_a_session_gets_in(cast: Cast) -> None:
    """Every route that wants a session answers 401 whatever else is sent, and says so in the description."""
    document = (await cast.inviter.get("/v1/openapi.json")).json()
    anybody = cast.frontend.client()
    secured = [each for each in operations(document) if wants(each[2], BEARER)]
    for method, path, operation in secured:
        named = re.sub(r"{\w+}", str(uuid4()), path)
        body = BODIES.get(operation["operationId"])
        for auth in (None, checking.BASIC):  # another e-service is nobody, too
            response = await anybody.request(method.upper(), named, json=body, auth=auth)
            assert refusal(response) == (401, "session.required"), (method, path)
        assert "401" in operation["responses"], (method, path)
    open_to_all = {
        path
        for _, path, operation in operations(document)
        if not any(wants(operation, scheme) for scheme in (BEARER, SECRET, SERVICE))
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
        "/v1/password-resets",
        "/v1/password-reset-lookups",
        "/v1/password-reset-completions",
        "/v1/username-reminders",
        "/v1/email-change-lookups",
        "/v1/email-change-confirmations",
        "/healthz",
        "/readyz",
    }


async def test_what_other_e_services_alone_may_ask(cast: Cast) -> None:
    """It is described, and neither a session nor a registration's secret is taken for a service."""
    document = (await cast.inviter.get("/v1/openapi.json")).json()
    [(method, path, operation)] = [each for each in operations(document) if wants(each[2], SERVICE)]
    assert (method, path, operation["security"]) == ("post", checking.PATH, [{"ServiceCredentials": []}])
    scheme = document["components"]["securitySchemes"]["ServiceCredentials"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "basic")
    begun = (await cast.inviter.post("/v1/registrations", json={"kind": "company"})).json()
    question = checking.question_about(cast.manager.id, cast.relation.id)
    headers = {"Registration-Secret": begun["secret"]}
    response = await cast.inviter.post(path, json=question, headers=headers)
    assert refusal(response) == (401, "service.credentials_required")


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


async def test_until_when_an_identification_is_fresh(cast: Cast, clock: SettableClock) -> None:
    """Spec 3.7; which routes ask for one is in `tests/security/test_matrix.py`."""
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


def takes(operation: dict[str, Any], who: str) -> bool:
    """Whether somebody's credentials matter to it; those of a registration are nobody's."""
    if who == "nobody":
        return not wants(operation, BEARER) and not wants(operation, SERVICE)
    named = BEARER if who == "user" else SERVICE
    return any(named <= each.keys() for each in operation.get("security", []))


@pytest.mark.parametrize("who", ["nobody", "user", "service"])
async def test_it_does_what_it_says(live_stack: LiveStack, who: str) -> None:
    """Requests that schemathesis makes of the description, to the real server.

    Each to what asks for such credentials, or can use them. (Without them: the tests above.)
    """
    cast = await assemble(live_stack.frontend)
    headers = {"X-Forwarded-For": cast.inviter.headers["X-Forwarded-For"]}
    if who == "user":
        headers["Authorization"] = cast.inviter.headers["Authorization"]
    if who == "service":
        credentials = base64.b64encode(f"{checking.SERVICE}:{checking.SECRET}".encode())
        headers["Authorization"] = f"Basic {credentials.decode()}"

    def explore() -> int:
        document = httpx2.get(f"{live_stack.stack.api_url}/v1/openapi.json", timeout=30).json()
        # The session must outlive the test.
        document["paths"]["/v1/sessions/current"].pop("delete")
        schema = schemathesis.openapi.from_dict(document)
        schema.config.update(base_url=live_stack.stack.api_url)
        count = 0
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()
            if not takes(operation.definition.raw, who):
                continue

            @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy())
            def explore_one(case: schemathesis.Case[Any]) -> None:
                case.call_and_validate(headers=headers, checks=CHECKS)

            explore_one()
            count += 1
        return count

    assert await asyncio.to_thread(explore) >= {"nobody": 20, "user": 36, "service": 1}[who]
