"""Bad input to registrations and what belongs to them: the documented reply, and nothing changed."""

from typing import Any

import pytest
from sqlalchemy import select

from domain.vocabulary import ServiceRequestKind
from store.service_requests import ServiceRequest
from tests.api.conftest import Cast
from tests.api.registering import Person, make_customer
from tests.api.test_bad_input import JSON, LINE_BREAKS, NOT_TEXT, raw
from tests.fixtures.api import LiveStack
from tests.frontend import field_codes, refusal

INVALID = (422, "request.invalid")
HELP: dict[str, Any] = {"name": "Sanna Salo", "email": "sanna@example.com", "message": "Ring mig.\nTack!"}


async def requests(cast: Cast) -> list[ServiceRequest]:
    async with cast.frontend.database.reading() as session:
        return list((await session.scalars(select(ServiceRequest))).all())


async def test_what_cannot_begin(cast: Cast) -> None:
    before = await cast.frontend.dump()
    anybody = cast.frontend.client()
    wrong: list[tuple[Any, dict[str, str]]] = [
        ({}, {"/kind": "field.required"}),
        ({"kind": "estate"}, {"/kind": "field.invalid"}),
        ({"kind": "private", "language": "de"}, {"/language": "field.invalid"}),
        ({"kind": "company", "user_id": str(cast.anna.id)}, {"/user_id": "field.unknown"}),
        ({"kind": "company", "secret": "A" * 43}, {"/secret": "field.unknown"}),
    ]
    for body, codes in wrong:
        assert field_codes(await anybody.post("/v1/registrations", json=body)) == codes
    headers = {"Authorization": "Bearer of-nothing"}
    refused = await anybody.post("/v1/registrations", json={"kind": "company"}, headers=headers)
    assert refusal(refused) == (401, "session.required")
    for content_type in (
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
    ):
        # What a foreign page can make a browser send (case A21).
        headers = {"Content-Type": content_type, "Origin": "https://evil.example.net"}
        foreign = await anybody.post("/v1/registrations", content=raw({"kind": "company"}), headers=headers)
        assert refusal(foreign) == INVALID
    assert await cast.frontend.dump() == before


async def test_a_step_cannot_be_skipped(cast: Cast) -> None:
    """Case A19."""
    person = Person(cast.frontend)
    await person.begin("company")
    not_ready = (409, "registration.not_ready")
    company, _ = await make_customer(cast.frontend.database)
    assert refusal(await person.put(person.details(company))) == not_ready
    assert refusal(await person.client.post(f"{person.path}/confirmation-emails")) == not_ready
    shown = (await person.client.get(person.path)).json()
    assert (shown["state"], shown["details"], shown["revision"]) == ("identifying", None, 0)


async def test_without_a_broker_everybody_is_told_to_try_later(cast: Cast) -> None:
    assert (await cast.invitee.get("/v1/identification-means")).json() == {"items": []}
    person = Person(cast.frontend)
    await person.begin("private")
    refused = await person.client.post(f"{person.path}/identification", json={"means": "nordea"})
    assert refusal(refused) == (503, "identification.unavailable")


async def test_the_means_in_the_readers_language(live_stack: LiveStack) -> None:
    anybody = live_stack.frontend.client()
    names = {}
    for language in ("sv", "fi", "en"):
        answer = await anybody.get("/v1/identification-means", headers={"Accept-Language": language})
        items = answer.json()["items"]
        assert len(items) == 11
        names[language] = {each["id"]: each["name"] for each in items}
        assert [each["id"] for each in items if each["kind"] == "mobile_certificate"] == [items[-1]["id"]]
    assert {names[language]["s-bank"] for language in names} == {"S-Banken", "S-Pankki", "S-Bank"}


async def test_every_wrong_detail_is_named(live_stack: LiveStack) -> None:
    person = Person(live_stack.frontend)
    company, _ = await make_customer(live_stack.frontend.database)
    await person.begin("company")
    await person.identify()
    assert field_codes(await person.put({"terms_version": "1999", "declared_accurate": False})) == {
        "/company_name": "field.required",
        "/business_id": "field.required",
        "/customer_number": "field.required",
        "/first_name": "field.required",
        "/last_name": "field.required",
        "/email": "field.required",
        "/username": "field.required",
        "/password": "password.too_short",
        "/declared_accurate": "declaration.missing",
        "/declared_right_to_see": "declaration.missing",
        "/terms_version": "terms.outdated",
    }
    good = person.details(company)
    for name, wrong, code in (
        ("business_id", "9000000-4", "business_id.invalid"),
        ("customer_number", "12", "customer_number.invalid"),
        ("first_name", "Maija", "name.not_verified"),
        ("email", "sanna@", "email.invalid"),
        ("username", "sanna@example.org", "username.foreign_address"),
        ("password", "lösenord", "password.too_few_kinds"),
        ("declared_right_to_see", False, "declaration.missing"),
        ("state", "review", "field.unknown"),
        ("customer_id", str(company.id), "field.unknown"),
    ):
        assert field_codes(await person.put(good | {name: wrong})) == {f"/{name}": code}
    for name in ("company_name", "first_name", "last_name", "email", "username"):
        for text in [*NOT_TEXT, *LINE_BREAKS, 7, ["a"]]:
            body = raw(good | {name: text})
            refused = await person.client.put(f"{person.path}/details", content=body, headers=JSON)
            assert set(field_codes(refused)) == {f"/{name}"}, (name, text)
    shown = (await person.client.get(person.path)).json()
    assert (shown["state"], shown["details"], shown["revision"]) == ("details", None, 0)


async def test_a_private_customer_types_no_company(live_stack: LiveStack) -> None:
    person = Person(live_stack.frontend)
    company, _ = await make_customer(live_stack.frontend.database)
    await person.begin("private")
    await person.identify()
    assert field_codes(await person.put(person.details(company))) == dict.fromkeys(
        ("/company_name", "/business_id", "/customer_number", "/declared_right_to_see"), "field.unknown"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/v1/email-confirmations",
        "/v1/email-confirmation-lookups",
        "/v1/registration-disputes",
        "/v1/registration-dispute-lookups",
    ],
)
async def test_unknown_tokens_are_not_found_and_guessing_is_slow(cast: Cast, path: str) -> None:
    anybody = cast.frontend.client()
    for token in ("", "A" * 42, "A" * 44, "å" * 43, " " * 43):
        assert field_codes(await anybody.post(path, json={"token": token})) == {"/token": "field.invalid"}
    before = await cast.frontend.dump("counters")
    answers = [await anybody.post(path, json={"token": "B" * 43}) for _ in range(31)]
    assert {refusal(each) for each in answers[:30]} == {(404, "not_found")}
    assert refusal(answers[30]) == (429, "request.too_many")
    assert refusal(await cast.frontend.client().post(path, json={"token": "B" * 43})) == (404, "not_found")
    assert await cast.frontend.dump("counters") == before


async def test_who_has_no_means_asks_for_help(cast: Cast) -> None:
    anybody = cast.frontend.client()
    asked = await anybody.post("/v1/service-requests", json=HELP)
    assert (asked.status_code, asked.content) == (202, b"")
    [request] = await requests(cast)
    assert (request.kind, request.contact) == (ServiceRequestKind.NO_IDENTIFICATION_MEANS, HELP)
    wrong: list[tuple[dict[str, Any], set[str]]] = [
        ({"name": "Sanna"}, {"/email"}),
        ({"name": " ", "phone": "x"}, {"/name", "/phone"}),
        (HELP | {"kind": "other"}, {"/kind"}),
        (HELP | {"message": "a" * 2001}, {"/message"}),
        (HELP | {"email": "x\r\nBcc: y@example.com"}, {"/email"}),
    ]
    for body, fields in wrong:
        assert set(field_codes(await anybody.post("/v1/service-requests", json=body))) == fields, body
    for _ in range(9):
        assert (await anybody.post("/v1/service-requests", json=HELP)).status_code == 202
    assert refusal(await anybody.post("/v1/service-requests", json=HELP)) == (429, "request.too_many")
    assert len(await requests(cast)) == 10
