"""*May I have more rights?* over HTTP: asked, shown to who may see it, answered."""

from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select, update

from domain.vocabulary import CustomerKind, GrantedThrough, Role, Subpage
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.identifications import StrongIdentity
from store.rights_requests import RightsRequest
from store.sessions import Session
from store.users import User
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.clock import SettableClock
from tests.frontend import Frontend, field_codes, refusal
from tests.rights import ASKED, HELD, MESSAGE, PART

WANTED: Final = {subpage.value: level.value for subpage, level in ASKED.items()}
LESS: Final = {subpage.value: level.value for subpage, level in PART.items()}
NOW: Final = {subpage.value: level.value for subpage, level in HELD.items()}
DAY = timedelta(days=1)


async def annas(cast: Cast) -> Authorization:
    """What Anna holds and asks for more on."""
    return await factories.make_authorization(
        cast.frontend.database, cast.anna, cast.relation, role=Role.RELATION_USER, levels=HELD
    )


async def ask(
    client: httpx2.AsyncClient, held: Authorization, *, message: str = MESSAGE, key: str = "", **changed: str
) -> httpx2.Response:
    return await client.post(
        f"/v1/authorizations/{held.id}/rights-requests",
        json={"levels": {**WANTED, **changed}, "message": message},
        headers={"Idempotency-Key": key} if key else {},
    )


async def asked(cast: Cast) -> dict[str, Any]:
    """A request of Anna's that waits."""
    response = await ask(cast.invitee, await annas(cast))
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def path(request: dict[str, Any], act: str = "") -> str:
    return f"/v1/rights-requests/{request['id']}{act}"


async def tasks(client: httpx2.AsyncClient) -> list[str]:
    """The requests that somebody is shown as waiting for him."""
    response = await client.get("/v1/me/tasks")
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.json()["rights_requests"]]


async def count(cast: Cast, table: type[RightsRequest | AuthorizationChange]) -> int:
    async with cast.frontend.database.reading() as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


async def identify(cast: Cast, user: User) -> None:
    """He identified strongly long ago."""
    async with cast.frontend.database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=uuid4().hex,
                identity_sealed="sealed",
                first_name=user.first_name,
                last_name=user.last_name,
                created_at=factories.LONG_AGO,
                identified_at=factories.LONG_AGO,
            )
        )


# Asking


async def test_what_may_be_asked_for(cast: Cast) -> None:
    held = await annas(cast)
    here = f"/v1/authorizations/{held.id}/rights-requests"
    shown = (await cast.invitee.get(here)).json()
    assert shown == {
        "authorization_id": str(held.id),
        "levels": {
            "consumption": ["read"],
            "reports": ["read", "write"],
            "contracts": ["read"],
            "invoices": ["none", "read"],
            "contact_details": ["read"],
            "users": ["none"],
        },
        "identified": False,
        "open_request": None,
    }
    await identify(cast, cast.anna)
    known = (await cast.invitee.get(here)).json()
    assert (known["identified"], known["levels"]["users"]) == (True, ["none", "write"])

    made = (await ask(cast.invitee, held)).json()

    assert (await cast.invitee.get(here)).json()["open_request"] == made["id"]


async def test_asked_and_seen_from_both_sides(cast: Cast) -> None:
    held = await annas(cast)
    response = await ask(cast.invitee, held)
    made = response.json()
    assert (response.status_code, response.headers["location"]) == (201, path(made))
    assert (made["state"], made["asked"], made["held"], made["message"]) == ("open", WANTED, NOW, MESSAGE)
    assert (made["own"], made["can_answer"]) == (True, False)
    assert (await cast.invitee.get(path(made))).json() == made
    seen = (await cast.inviter.get(path(made))).json()
    assert seen == {**made, "own": False, "can_answer": True}


async def test_refusals_to_ask(cast: Cast, frontend: Frontend) -> None:
    held, stranger = await annas(cast), await cast.stranger()
    gone = await factories.make_authorization(
        frontend.database, cast.anna, cast.relation, ended_at=factories.LONG_AGO
    )
    alone = await assemble(frontend)
    async with frontend.database.reading() as session:
        [only] = await factories.authorizations_of(session, alone.manager.id)
    lower = await factories.make_authorization(
        frontend.database, alone.manager, alone.relation, role=Role.VIEWER
    )
    private = await assemble(frontend, CustomerKind.PRIVATE)
    at_home = await annas(private)
    before = await frontend.dump("counters")
    nobody = "/v1/authorizations/{}/rights-requests"
    for client, path_ in (
        (stranger, nobody.format(held.id)),
        (cast.inviter, nobody.format(held.id)),
        (cast.invitee, nobody.format(gone.id)),
        (cast.invitee, nobody.format(uuid4())),
    ):
        refused = await client.post(path_, json={"levels": WANTED})
        assert refusal(refused) == (404, "not_found")
        assert refusal(await client.get(path_)) == (404, "not_found")
    assert refusal(await ask(cast.invitee, held, **NOW)) == (409, "rights_request.nothing_more")
    lowered = NOW | {"consumption": "none", "reports": "none"}
    assert refusal(await ask(cast.invitee, held, **lowered)) == (409, "rights_request.nothing_more")
    mine = dict.fromkeys(WANTED, "none") | {"consumption": "read", "reports": "write"}
    assert refusal(await ask(alone.inviter, lower, **mine)) == (409, "rights_request.nobody_to_ask")
    assert only.id != lower.id
    assert refusal(await ask(cast.invitee, held, invoices="write")) == (422, "identification.required")
    too_high = (422, "authorization.level_too_high")
    assert refusal(await ask(private.invitee, at_home, invoices="write")) == too_high
    assert refusal(await ask(cast.invitee, held, consumption="write")) == too_high
    # Lower on one subpage while higher on another is not asking for more.
    assert refusal(await ask(cast.invitee, held, contracts="none")) == too_high
    assert await frontend.dump("counters") == before


async def test_every_subpage_is_named(cast: Cast) -> None:
    here = f"/v1/authorizations/{(await annas(cast)).id}/rights-requests"
    before = await cast.frontend.dump("counters")
    for body, codes in (
        ({}, {"/levels": "field.required"}),
        (
            {"levels": {"reports": "write"}},
            {f"/levels/{each}": "field.required" for each in Subpage if each is not Subpage.REPORTS},
        ),
        ({"levels": WANTED | {"reports": "own"}}, {"/levels/reports": "field.invalid"}),
        ({"levels": WANTED, "role": "owner"}, {"/role": "field.unknown"}),
        ({"levels": WANTED, "message": "x" * 2001}, {"/message": "field.too_long"}),
    ):
        assert field_codes(await cast.invitee.post(here, json=body)) == codes
    assert await cast.frontend.dump("counters") == before


async def test_what_comes_with_the_contract(cast: Cast) -> None:
    """There is nothing more to have: people do not change it."""
    held = await annas(cast)
    async with cast.frontend.database.transaction() as session:
        await session.execute(
            update(Authorization)
            .where(Authorization.id == held.id)
            .values(granted_through=GrantedThrough.CONTRACT)
        )
    assert refusal(await ask(cast.invitee, held)) == (422, "authorization.level_too_high")


async def test_one_open_request_and_a_repeat_with_the_same_key(cast: Cast) -> None:
    held = await annas(cast)
    first = await ask(cast.invitee, held, key="once")
    again = await ask(cast.invitee, held, key="once")
    assert (again.status_code, again.content) == (201, first.content)
    assert refusal(await ask(cast.invitee, held)) == (409, "rights_request.already_open")
    reused = await ask(cast.invitee, held, key="once", message="Other words")
    assert refusal(reused) == (422, "idempotency.key_reused")
    assert await count(cast, RightsRequest) == 1


async def test_ten_a_day(cast: Cast, clock: SettableClock) -> None:
    held = await annas(cast)
    for _ in range(10):
        assert refusal(await ask(cast.invitee, held, **NOW)) == (409, "rights_request.nothing_more")
    refused = await ask(cast.invitee, held)
    assert refusal(refused) == (429, "rights_request.too_many")
    assert int(refused.headers["retry-after"]) <= 86_400
    clock.now += DAY
    assert (await ask(await cast.frontend.log_in(cast.anna), held)).status_code == 201


# Answering


async def test_it_waits_for_those_who_can_answer_and_for_nobody_else(cast: Cast) -> None:
    database = cast.frontend.database
    colleague = await factories.make_manager(database, cast.relation)
    viewer = await factories.make_user(database)
    await factories.make_authorization(database, viewer, cast.relation, role=Role.VIEWER)
    elsewhere = await assemble(cast.frontend)
    made = await asked(cast)

    for client in (cast.inviter, await cast.frontend.log_in(colleague)):
        assert await tasks(client) == [made["id"]]
    for client in (
        cast.invitee,
        elsewhere.inviter,
        await cast.stranger(),
        await cast.frontend.log_in(viewer),
    ):
        assert await tasks(client) == []
    refused = await cast.frontend.log_in(viewer)
    for act in ("", "/approve", "/decline", "/withdraw"):
        method = "POST" if act else "GET"
        assert refusal(await refused.request(method, path(made, act))) == (404, "not_found")
        assert refusal(await elsewhere.inviter.request(method, path(made, act))) == (404, "not_found")
    # Neither side does what is the other's.
    assert refusal(await cast.inviter.post(path(made, "/withdraw"))) == (404, "not_found")
    for act in ("/approve", "/decline"):
        assert refusal(await cast.invitee.post(path(made, act))) == (404, "not_found")

    assert (await cast.inviter.post(path(made, "/decline"))).json()["state"] == "declined"
    assert await tasks(cast.inviter) == []


@pytest.mark.parametrize("given", [WANTED, LESS], ids=["all", "part"])
async def test_approved_holds_for_the_very_next_request(cast: Cast, given: dict[str, str]) -> None:
    made = await asked(cast)
    body = None if given == WANTED else {"levels": given}

    answer = await cast.inviter.post(path(made, "/approve"), json=body, headers={"Idempotency-Key": "yes"})

    assert (answer.status_code, answer.json()["state"], answer.json()["held"]) == (200, "approved", given)
    assert (answer.json()["message"], answer.json()["can_answer"]) == ("", False)
    [relation] = (await cast.invitee.get("/v1/customer-relations")).json()["items"]
    assert relation["my_levels"] == given
    again = await cast.inviter.post(path(made, "/approve"), json=body, headers={"Idempotency-Key": "yes"})
    assert (again.status_code, again.content) == (200, answer.content)
    assert await count(cast, AuthorizationChange) == 1
    for client, act in ((cast.inviter, "/approve"), (cast.inviter, "/decline"), (cast.invitee, "/withdraw")):
        assert refusal(await client.post(path(made, act))) == (409, "rights_request.ended")


async def test_approving_gives_no_more_than_asked_and_takes_nothing(cast: Cast) -> None:
    made = await asked(cast)
    here = path(made, "/approve")
    more = await cast.inviter.post(here, json={"levels": WANTED | {"contracts": "write"}})
    assert refusal(more) == (422, "authorization.level_too_high")
    assert refusal(await cast.inviter.post(here, json={"levels": NOW})) == (
        409,
        "rights_request.nothing_more",
    )
    missing = await cast.inviter.post(here, json={"levels": {"reports": "write"}})
    assert set(field_codes(missing).values()) == {"field.required"}
    # Somebody gives more of something else meanwhile: it stays.
    await identify(cast, cast.anna)
    given = f"/v1/authorizations/{made['authorization_id']}"
    tag = (await cast.inviter.get(given)).headers["etag"]
    raised = await cast.inviter.put(
        f"{given}/levels", json={"levels": NOW | {"contracts": "write"}}, headers={"If-Match": tag}
    )
    assert raised.status_code == 200

    assert (await cast.inviter.post(here)).json()["held"] == WANTED | {"contracts": "write"}


async def test_too_late(cast: Cast, clock: SettableClock) -> None:
    made = await asked(cast)
    clock.now += 14 * DAY
    anna, manager = await cast.frontend.log_in(cast.anna), await cast.frontend.log_in(cast.manager)
    assert (await anna.get(path(made))).json()["state"] == "expired"
    assert await tasks(manager) == []
    for client, act in ((manager, "/approve"), (manager, "/decline"), (anna, "/withdraw")):
        assert refusal(await client.post(path(made, act))) == (409, "rights_request.ended")


async def test_withdrawing_again_is_the_same(cast: Cast) -> None:
    made = await asked(cast)
    for _ in range(2):
        taken = await cast.invitee.post(path(made, "/withdraw"))
        assert (taken.status_code, taken.json()["state"]) == (200, "withdrawn")
    assert refusal(await cast.inviter.post(path(made, "/approve"))) == (409, "rights_request.ended")


async def test_approving_asks_for_a_fresh_identification(cast: Cast) -> None:
    """Of who has a strong identity; after that nothing is told to who may not see the request."""
    made, stranger = await asked(cast), await factories.make_user(cast.frontend.database)
    for user in (cast.manager, stranger):
        await identify(cast, user)
    here = path(made, "/approve")
    before = await cast.frontend.dump("counters")
    assert refusal(await cast.inviter.post(here)) == (403, "identification.stale")
    unknown = await (await cast.frontend.log_in(stranger)).post(here)
    assert refusal(unknown) == (404, "not_found")
    assert {**await cast.frontend.dump("counters"), "sessions": None, "audit_events": None} == {
        **before,
        "sessions": None,
        "audit_events": None,
    }
    async with cast.frontend.database.transaction() as session:
        await session.execute(
            update(Session)
            .where(Session.user_id == cast.manager.id)
            .values(identified_at=cast.frontend.services.clock())
        )
    assert (await cast.inviter.post(here)).json()["state"] == "approved"
