"""The checked-in description of the API is the code's, and the API does what it says."""

import asyncio
import re
from collections.abc import Iterator
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

from runtime.texts import project_root
from starter.cli.openapi import description
from store import users
from tests import factories
from tests.api.conftest import Cast, assemble
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
}


async def test_the_checked_in_description_is_the_codes() -> None:
    checked_in = (project_root() / "docs" / "openapi.json").read_text("utf-8")
    assert checked_in == await description(), "run `make openapi` and look at the difference"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


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
    owned = {
        "relation_id": str(cast.relation.id),
        "invitation_id": made["id"],
        "process_id": made["id"],
    }
    stranger = await cast.stranger()
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
    secured = [each for each in operations(document) if "security" in each[2]]
    for method, path, operation in secured:
        named = re.sub(r"{\w+}", str(uuid4()), path)
        body = BODIES.get(operation["operationId"])
        response = await anybody.request(method.upper(), named, json=body)
        assert refusal(response) == (401, "session.required"), (method, path)
        assert "401" in operation["responses"], (method, path)
    open_to_all = {path for _, path, operation in operations(document) if "security" not in operation}
    assert open_to_all == {
        "/v1/sessions",
        "/v1/terms",
        "/v1/invitation-lookups",
        "/v1/registrations",
        "/healthz",
        "/readyz",
    }


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

    assert await asyncio.to_thread(explore) > 12
