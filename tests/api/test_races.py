"""Many at once, on a live stack: one outcome, and everybody is told it (cases A1, A11)."""

import asyncio
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from store.authorizations import Authorization
from store.database import Database
from store.invitations import Invitation
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, draft, field_codes, invite, refusal


@pytest.fixture
async def live_cast(live_stack: LiveStack) -> Cast:
    return await assemble(live_stack.frontend)


async def live_grants(database: Database, cast: Cast) -> int:
    """How many authorizations the invitee has on the relation, ended ones too."""
    async with database.reading() as session:
        query = select(func.count()).where(
            Authorization.user_id == cast.anna.id, Authorization.relation_id == cast.relation.id
        )
        return (await session.execute(query)).scalar_one()


async def settled(client: httpx2.AsyncClient, path: str) -> httpx2.Response:
    """The outcome. A busy machine may not know it within 5 seconds; then the same request asks again."""
    headers = {"Idempotency-Key": uuid4().hex}
    response = await client.post(path, headers=headers)
    while response.status_code == 503:
        assert refusal(response) == (503, "processes.outcome_unknown")
        response = await client.post(path, headers=headers)
    return response


async def at_once(client: httpx2.AsyncClient, path: str, count: int) -> list[httpx2.Response]:
    return await asyncio.gather(*(settled(client, path) for _ in range(count)))


async def test_fifty_accepts_by_one_person(live_cast: Cast) -> None:
    made = await invite(live_cast.inviter, live_cast.relation.id, email=live_cast.anna.email)
    path = f"/v1/invitations/{made['id']}/accept"
    await live_cast.frontend.sent(made["id"])

    responses = await at_once(live_cast.invitee, path, 50)

    assert {each.status_code for each in responses} == {200}, [each.text for each in responses]
    assert len({each.text for each in responses}) == 1
    assert responses[0].json()["state"] == "accepted"
    await live_cast.frontend.ended(made["id"])
    later = await live_cast.invitee.post(path, headers={"Idempotency-Key": "later"})
    assert (later.status_code, later.json()) == (200, responses[0].json())
    assert await live_grants(live_cast.frontend.database, live_cast) == 1


# Who is first is not in our hands; both orders are tried, and each may have either winner.
@pytest.mark.parametrize("accepts_first", [True, False])
async def test_accept_against_cancel(live_cast: Cast, accepts_first: bool) -> None:
    made = await invite(live_cast.inviter, live_cast.relation.id, email=live_cast.anna.email)
    path = f"/v1/invitations/{made['id']}"
    both = [
        at_once(live_cast.invitee, f"{path}/accept", 20),
        at_once(live_cast.inviter, f"{path}/cancel", 20),
    ]
    if accepts_first:
        accepts, cancels = await asyncio.gather(*both)
    else:
        cancels, accepts = await asyncio.gather(*reversed(both))

    state = (await live_cast.frontend.ended(made["id"])).state
    accepted = state == "accepted"
    assert accepted or state == "cancelled"
    if accepted:
        assert {(each.status_code, each.json()["state"]) for each in accepts} == {(200, "accepted")}
        assert {refusal(each) for each in cancels} == {(409, "invitation.ended")}
    else:
        assert {refusal(each) for each in accepts} == {(410, "invitation.cancelled")}
        assert {each.status_code for each in cancels} <= {200, 409}
        assert 200 in {each.status_code for each in cancels}
    assert await live_grants(live_cast.frontend.database, live_cast) == accepted
    shown = (await live_cast.inviter.get(path)).json()
    assert shown["state"] == state


async def test_two_inviters_at_once_make_one_invitation(live_cast: Cast) -> None:
    database = live_cast.frontend.database
    other = await factories.make_user(database)
    await factories.make_authorization(database, other, live_cast.relation)
    colleague = await live_cast.frontend.log_in(other)
    body = draft(email=live_cast.anna.email)

    responses = await asyncio.gather(
        *(each.post(live_cast.invitations, json=body) for each in (live_cast.inviter, colleague) * 5)
    )

    [made] = [each for each in responses if each.status_code == 201]
    for each in responses:
        if each is not made:
            assert refusal(each) == (409, "invitation.already_pending")
            assert each.json()["invitation_id"] == made.json()["id"]


# Idempotency-Key


async def count_of(frontend: Frontend) -> int:
    async with frontend.database.reading() as session:
        return (await session.execute(select(func.count()).select_from(Invitation))).scalar_one()


async def test_one_key_one_invitation(cast_on_both: Cast) -> None:
    cast = cast_on_both
    headers = {"Idempotency-Key": f"key {uuid4()}".replace(" ", "-")}

    responses = await asyncio.gather(
        *(cast.inviter.post(cast.invitations, json=draft(), headers=headers) for _ in range(20))
    )

    assert {each.status_code for each in responses} == {201}
    assert all(each.json() == responses[0].json() for each in responses)
    assert len({each.headers["location"] for each in responses}) == 1
    assert await count_of(cast.frontend) == 1

    changed = await cast.inviter.post(cast.invitations, json=draft(first_name="Ida"), headers=headers)
    assert refusal(changed) == (422, "idempotency.key_reused")
    made = responses[0].json()["id"]
    elsewhere = await cast.inviter.post(f"/v1/invitations/{made}/cancel", headers=headers)
    assert refusal(elsewhere) == (422, "idempotency.key_reused")

    colleague = await factories.make_user(cast.frontend.database)
    await factories.make_authorization(cast.frontend.database, colleague, cast.relation)
    client = await cast.frontend.log_in(colleague)
    other = await client.post(cast.invitations, json=draft(email="x@example.com"), headers=headers)
    assert other.status_code == 201
    assert await count_of(cast.frontend) == 2


async def test_a_refused_request_can_be_repeated_with_its_key(cast: Cast) -> None:
    headers = {"Idempotency-Key": "k"}
    for _ in range(2):
        wrong = await cast.inviter.post(cast.invitations, json=draft(cover_message=""), headers=headers)
        assert field_codes(wrong) == {"/cover_message": "field.required"}
    right = await cast.inviter.post(cast.invitations, json=draft(), headers=headers)
    assert right.status_code == 201


async def test_no_such_keys(cast: Cast) -> None:
    before = await cast.frontend.dump()
    for key in ("", " ", "a b", "å", "k" * 201, "\t", "\x7f"):
        headers = [(b"Idempotency-Key", key.encode())]
        response = await cast.inviter.post(cast.invitations, json=draft(), headers=headers)
        assert refusal(response) == (422, "idempotency.key_invalid"), key
    assert await cast.frontend.dump() == before
