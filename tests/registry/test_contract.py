"""The contract for registries, docs/customer-registry.openapi.json: a good description, and one we live by.

The stand-in keeps it (so that what is tried against the stand-in is tried against the contract), and our
records take what it allows.
"""

import asyncio
import json
from typing import Any

import jsonschema_rs
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

from registry.records import RegistryContract, RegistryCustomer, RegistryRelation
from registry.sample import identity_code
from runtime.texts import project_root
from tests.registry.stand_in import TOKEN, Said, StandIn, company, contract, private

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CODE = identity_code(7)


@pytest.fixture(scope="session")
def described() -> dict[str, Any]:
    """The contract."""
    text = (project_root() / "docs" / "customer-registry.openapi.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def schema_of(described: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": described["components"]}


def test_it_is_openapi_with_good_schemas(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    for name in described["components"]["schemas"]:
        jsonschema_rs.Draft202012Validator(schema_of(described, name))


def test_it_names_our_fields_and_no_others(described: dict[str, Any]) -> None:
    for model in (RegistryCustomer, RegistryRelation, RegistryContract):
        schema = described["components"]["schemas"][model.__name__.removeprefix("Registry")]
        fields = model.model_fields
        assert set(schema["properties"]) == set(fields)
        assert set(schema["required"]) == {name for name, field in fields.items() if field.is_required()}


async def test_the_stand_in_keeps_it(stand_in: StandIn, described: dict[str, Any]) -> None:
    stand_in.says(private(code=CODE, electricity=[contract("E-1")]), company(electricity=[contract("E-2")]))

    def explore() -> set[int]:
        schema = schemathesis.openapi.from_dict(described)
        schema.config.update(base_url=stand_in.url)
        seen = set()
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)

            @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=found.ok().as_strategy())
            def explore_one(case: schemathesis.Case[Any]) -> None:
                for token in (TOKEN, "wrong"):
                    response = case.call_and_validate(
                        headers={"Authorization": f"Bearer {token}"}, checks=CHECKS
                    )
                    seen.add(response.status_code)

            explore_one()
        return seen

    assert {200, 401} <= await asyncio.to_thread(explore)


GOOD = [
    private(code=CODE, electricity=[contract("E-1"), contract("E-0", ends_on="2024-01-01")]),
    private(code=None, district_heating=[contract("D-1")]),
    private(code=CODE),
    company(electricity=[contract("E-2")], district_heating=[contract("D-2")]),
    {**company(), "contact_email": None},
    {key: value for key, value in company().items() if key != "contact_email"},
]


@pytest.mark.parametrize("said", GOOD)
def test_what_it_allows_we_take(said: Said, described: dict[str, Any]) -> None:
    jsonschema_rs.validate(schema_of(described, "Customer"), said)
    RegistryCustomer.model_validate_json(json.dumps(said))
