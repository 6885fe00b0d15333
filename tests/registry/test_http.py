"""The adapter over HTTP, against a server that is slow, down, wrong, malformed, hostile or busy."""

import gzip
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from domain.vocabulary import Commodity, CustomerKind
from registry.client import RegistryTrouble, RegistryUnavailable
from registry.http import HttpRegistry
from registry.records import RegistryCustomer
from registry.sample import identity_code
from tests.dev_server import free_port
from tests.leaks import assert_nothing_personal
from tests.registry.stand_in import Said, StandIn, company, contract, private

CODE, OTHER = identity_code(7), identity_code(8)
MOMENT = timedelta(seconds=0.4)
Ask = Callable[[HttpRegistry], Awaitable[Any]]
Logged = Callable[[], bytes]


@pytest.fixture
def logged(log_file: Path) -> Logged:
    """What has been logged since the test began."""
    before = log_file.stat().st_size
    return lambda: log_file.read_bytes()[before:]


async def number(registry: HttpRegistry) -> RegistryCustomer | None:
    return await registry.by_customer_number("300001")


async def person(registry: HttpRegistry) -> Any:
    return await registry.by_identity(CODE)


async def changes(registry: HttpRegistry) -> Any:
    return await registry.changes(None)


async def trouble(
    stand_in: StandIn, ask: Ask, answer: Callable[[], Response] | None = None, **client: Any
) -> RegistryUnavailable:
    """Why there was no answer, when the server answers like this. Afterwards all is well again."""
    if answer is not None:
        stand_in.answers.append(answer)
    async with stand_in.asked_by(**client) as registry:
        with pytest.raises(RegistryUnavailable) as unavailable:
            await ask(registry)
        if answer is not None:
            await ask(registry)
    assert str(unavailable.value) == "registry.unavailable"
    return unavailable.value


def search(*customers: Said) -> Callable[[], Response]:
    return lambda: JSONResponse({"customers": list(customers)})


async def test_by_customer_number(stand_in: StandIn) -> None:
    stand_in.says(
        company(electricity=[contract("E-1", ends_on="2024-12-31"), contract("E-2", starts_on="2025-01-01")])
    )
    async with stand_in.asked_by() as registry:
        found = await registry.by_customer_number("300002")
        assert await registry.by_customer_number("300009") is None

    assert found is not None
    assert (found.kind, found.name, found.business_id) == (CustomerKind.COMPANY, "Påhittade Oy", "0737546-2")
    [relation] = found.relations
    assert relation.commodity is Commodity.ELECTRICITY
    assert [each.ends_on for each in relation.contracts] == [date(2024, 12, 31), None]
    assert relation.runs_on(date(2026, 1, 1))
    assert not relation.contracts[0].runs_on(date(2025, 1, 1))


async def test_by_identity_finds_all_numbers_and_puts_the_code_in_no_address(
    stand_in: StandIn, logged: Logged
) -> None:
    here, there = contract("E-1"), contract("E-2", ends_on="2024-01-01")
    stand_in.says(
        private(code=CODE, electricity=[here]),
        private("300005", code=CODE, electricity=[there]),
        private("300006", code=OTHER, electricity=[contract("E-3")]),
    )
    async with stand_in.asked_by() as registry:
        found = await registry.by_identity(CODE)

    assert [each.customer_number for each in found] == ["300001", "300005"]
    [asked] = stand_in.asked
    assert CODE in asked.body.decode()
    told = [asked.address, repr(found), str(found), logged().decode()]
    assert_nothing_personal("\n".join(told).encode(), [CODE, "Öhman", "kontakt@example.com"])


async def test_changes_page_by_page(stand_in: StandIn) -> None:
    stand_in.page_size = 2
    stand_in.says(*(company(f"30000{place}", electricity=[contract(f"E-{place}")]) for place in range(5)))
    told, cursor, more = [], None, True
    async with stand_in.asked_by() as registry:
        while more:
            page = await registry.changes(cursor)
            told += [each.customer_number for each in page.customers]
            cursor, more = page.cursor, page.more
        assert (await registry.changes(cursor)).customers == []
    assert told == ["300000", "300001", "300002", "300003", "300004"]


async def test_a_cursor_that_is_not_known_any_more_begins_anew(stand_in: StandIn) -> None:
    stand_in.says(company(electricity=[contract("E-1")]))
    stand_in.forgotten = 1
    stand_in.says(company(electricity=[contract("E-1", ends_on="2030-01-01")]))
    stand_in.answers.extend([lambda: Response(status_code=410)])
    async with stand_in.asked_by() as registry:
        page = await registry.changes("after-0")
    assert [each.customer_number for each in page.customers] == ["300002"]


# Faults


async def test_a_registry_that_is_not_there() -> None:
    registry = HttpRegistry(
        url=f"http://127.0.0.1:{free_port()}/", token="x", timeout=MOMENT, allow_temporary=True
    )
    for ask in (number, person, changes):
        with pytest.raises(RegistryUnavailable) as unavailable:
            await ask(registry)
        assert unavailable.value.trouble is RegistryTrouble.UNREACHABLE
    await registry.close()


@pytest.mark.parametrize("ask", [number, person, changes])
async def test_a_registry_that_is_silent_or_endlessly_slow(stand_in: StandIn, ask: Ask) -> None:
    for answer in (stand_in.silence, stand_in.drip):
        found = await trouble(stand_in, ask, answer, patience=MOMENT)
        assert found.trouble is RegistryTrouble.TIMEOUT


@pytest.mark.parametrize("ask", [number, changes])
async def test_a_registry_that_never_stops(stand_in: StandIn, ask: Ask) -> None:
    assert (await trouble(stand_in, ask, stand_in.flood)).trouble is RegistryTrouble.MALFORMED


@pytest.mark.parametrize("ask", [number, person, changes])
async def test_answers_that_are_none(stand_in: StandIn, ask: Ask) -> None:
    good = b'{"customers": [], "cursor": "x", "more": false}'
    packed = {"Content-Encoding": "gzip"}
    as_json = "application/json"
    answers: list[tuple[Callable[[], Response], RegistryTrouble]] = [
        (lambda: Response(status_code=500), RegistryTrouble.FAILING),
        (lambda: Response(status_code=404), RegistryTrouble.FAILING),
        (lambda: Response(status_code=204), RegistryTrouble.FAILING),
        (lambda: RedirectResponse(stand_in.url), RegistryTrouble.FAILING),
        (lambda: Response(status_code=403), RegistryTrouble.REJECTS_US),
        (lambda: Response(good, media_type="text/html"), RegistryTrouble.MALFORMED),
        (
            lambda: Response(gzip.compress(good), headers=packed, media_type=as_json),
            RegistryTrouble.MALFORMED,
        ),
        (lambda: Response(good[:-1], media_type=as_json), RegistryTrouble.MALFORMED),
        (lambda: Response(b"\xff" + good, media_type=as_json), RegistryTrouble.MALFORMED),
        (lambda: Response(b"[" * 100_000, media_type=as_json), RegistryTrouble.MALFORMED),
        (lambda: JSONResponse([]), RegistryTrouble.MALFORMED),
        (lambda: JSONResponse({"customers": {}}), RegistryTrouble.MALFORMED),
        (lambda: JSONResponse({"customers": None, "cursor": "x", "more": 0}), RegistryTrouble.MALFORMED),
    ]
    for answer, expected in answers:
        assert (await trouble(stand_in, ask, answer)).trouble is expected


async def test_a_registry_that_is_busy_says_for_how_long(stand_in: StandIn) -> None:
    for said, understood in (
        ("7", timedelta(seconds=7)),
        ("9" * 30, timedelta(hours=1)),
        ("Sun, 22 Nov 2026 10:00:00 GMT", None),
        ("-1", None),
    ):
        headers = {"Retry-After": said}
        for status in (429, 503):

            def answer(status: int = status, headers: dict[str, str] = headers) -> Response:
                return Response(status_code=status, headers=headers)

            found = await trouble(stand_in, number, answer)
            assert (found.trouble, found.retry_after) == (RegistryTrouble.BUSY, understood)


async def test_wrong_credentials(stand_in: StandIn) -> None:
    assert (await trouble(stand_in, number, token="wrong")).trouble is RegistryTrouble.REJECTS_US


async def test_somebody_elses_data_is_no_answer(stand_in: StandIn) -> None:
    mine = private(code=CODE, electricity=[contract("E-1")])
    other = private("300006", code=OTHER, electricity=[contract("E-3")])
    nobodys = private("300007", code=None, electricity=[contract("E-4")])
    firm = company(electricity=[contract("E-5")])
    stand_in.says(mine)
    for answer in (search(other), search(mine, other), search(mine, mine)):
        assert (await trouble(stand_in, number, answer)).trouble is RegistryTrouble.MALFORMED
    for answer in (search(other), search(mine, other), search(mine, mine), search(nobodys), search(firm)):
        assert (await trouble(stand_in, person, answer)).trouble is RegistryTrouble.MALFORMED


async def test_a_page_that_leads_back_to_itself(stand_in: StandIn) -> None:
    page = {"customers": [], "cursor": "here", "more": True}

    async def ask(registry: HttpRegistry) -> Any:
        return await registry.changes("here")

    stand_in.changed = [""] * 3
    stand_in.answers.append(lambda: JSONResponse(page))
    async with stand_in.asked_by() as registry:
        with pytest.raises(RegistryUnavailable):
            await ask(registry)


GOOD = private(code=CODE, electricity=[contract("E-1")])
BAD: list[Said] = [
    {**GOOD, "customer_number": "12345"},
    {**GOOD, "customer_number": 300001},
    {**GOOD, "kind": "Private"},
    {**GOOD, "name": ""},
    {**GOOD, "name": f"Åsa {CODE}"},
    {**GOOD, "name": "Åsa\u202e"},
    {**GOOD, "name": "x" * 201},
    {**GOOD, "business_id": "0737546-2"},
    {**GOOD, "personal_identity_code": CODE[:-1]},
    {**GOOD, "contact_email": "asa@localhost"},
    {**company(), "business_id": None},
    {**company(), "business_id": "0737546-3"},
    {**company(), "personal_identity_code": CODE},
    {**GOOD, "relations": None},
    {**GOOD, "relations": [{"commodity": "gas", "contracts": [contract("E-1")]}]},
    private(code=CODE, electricity=[]),
    {**GOOD, "relations": GOOD["relations"] * 2},
    private(code=CODE, electricity=[contract("E-1"), contract("E-1")]),
    private(code=CODE, electricity=[contract("x" * 21)]),
    private(code=CODE, electricity=[contract("E-1", starts_on="20200101")]),
    private(code=CODE, electricity=[contract("E-1", starts_on="2023-02-29")]),
    private(code=CODE, electricity=[contract("E-1", ends_on="2019-12-31")]),
    {key: value for key, value in GOOD.items() if key != "relations"},
]


@pytest.mark.parametrize("bad", BAD)
async def test_a_record_that_breaks_the_rules_is_left_out_of_changes_and_fails_a_search(
    stand_in: StandIn, bad: Said, logged: Logged
) -> None:
    page = {"customers": [bad, company(electricity=[contract("E-9")])], "cursor": "x", "more": False}
    stand_in.answers.append(lambda: JSONResponse(page))
    async with stand_in.asked_by() as registry:
        told = await registry.changes(None)
    assert [each.customer_number for each in told.customers] == ["300002"]
    assert told.left_out == 1
    assert b"registry.record_left_out" in logged()
    assert_nothing_personal(logged(), [CODE, "Åsa", "kontakt@example.com", "asa@localhost"])
    found = await trouble(stand_in, number, search(bad))
    assert found.trouble is RegistryTrouble.MALFORMED


async def test_what_it_says_beyond_the_contract_is_its_own_affair(stand_in: StandIn) -> None:
    stand_in.says(GOOD | {"credit_rating": "AAA"})
    async with stand_in.asked_by() as registry:
        assert await number(registry) == RegistryCustomer.model_validate(
            GOOD | {"kind": CustomerKind.PRIVATE}, strict=False
        )


async def test_production_refuses_codes_that_belong_to_nobody(stand_in: StandIn) -> None:
    stand_in.says(GOOD)
    found = await trouble(stand_in, number, allow_temporary=False)
    assert found.trouble is RegistryTrouble.MALFORMED
    async with stand_in.asked_by(allow_temporary=False) as registry:
        assert (await registry.changes(None)).left_out == 1
