"""Asking customer service for help without means of identification (O2)."""

from datetime import timedelta

import pytest

from domain.vocabulary import ServiceRequestKind, ServiceRequestState
from starter.services import service_requests
from starter.services.refusals import FieldsRefused, TooMany
from store import service_requests as queue
from store.service_requests import ServiceRequest
from tests.clock import SettableClock
from tests.frontend import Frontend


async def ask(frontend: Frontend, source: str = "10.1.2.3", **given: str) -> None:
    asked = {"name": "Bo Boman", "email": "", "phone": "", "message": ""} | given
    await service_requests.ask_without_means(frontend.services, source=source, **asked)


async def waiting(frontend: Frontend) -> list[ServiceRequest]:
    async with frontend.database.reading() as session:
        return list(await queue.waiting(session, 100))


async def test_it_waits_in_the_queue(frontend: Frontend, clock: SettableClock) -> None:
    await ask(frontend, phone="+358 40 123 4567")
    clock.advance(timedelta(seconds=1))
    await ask(frontend, email="bo@example.com", message="Jag har inga bankkoder.")
    first, second = await waiting(frontend)
    assert (first.kind, first.state) == (
        ServiceRequestKind.NO_IDENTIFICATION_MEANS,
        ServiceRequestState.OPEN,
    )
    assert first.contact == {"name": "Bo Boman", "phone": "+358 40 123 4567"}
    assert second.contact == {
        "name": "Bo Boman",
        "email": "bo@example.com",
        "message": "Jag har inga bankkoder.",
    }


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({}, {"/email"}),
        ({"name": "", "email": "x", "phone": "abc"}, {"/name", "/email", "/phone"}),
        ({"email": "bo@example.com", "name": "B\x00"}, {"/name"}),
        ({"email": "bo@example.com", "message": "m" * 2001}, {"/message"}),
    ],
)
async def test_what_is_wrong_is_named(frontend: Frontend, given: dict[str, str], pointers: set[str]) -> None:
    with pytest.raises(FieldsRefused) as refusal:
        await ask(frontend, **given)
    assert {each.pointer for each in refusal.value.errors} == set(pointers)
    assert await waiting(frontend) == []


async def test_nobody_floods_the_queue(frontend: Frontend) -> None:
    for _ in range(10):
        await ask(frontend, phone="040 1234567")
    with pytest.raises(TooMany):
        await ask(frontend, phone="040 1234567")
    await ask(frontend, source="10.1.2.4", phone="040 1234567")
    assert len(await waiting(frontend)) == 11
