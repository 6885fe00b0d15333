"""Setting the levels of an authorization over HTTP (spec 3.5): If-Match, refusals, at once."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, update

from domain.vocabulary import (
    AuthorizationChangeKind,
    CustomerKind,
    GrantedThrough,
    Level,
    Role,
    Subpage,
)
from store import audit
from store.audit import Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.frontend import Frontend, field_codes, invite, refusal


class Levelled:
    """An authorization of Anna's, as its manager has it before him."""

    def __init__(self, cast: Cast, authorization: Authorization) -> None:
        self.cast, self.id = cast, authorization.id
        self.levels = {subpage.value: level.value for subpage, level in authorization.levels.items()}

    async def seen(self) -> httpx2.Response:
        response = await self.cast.inviter.get(f"/v1/authorizations/{self.id}")
        assert response.status_code == 200, response.text
        return response

    async def put(
        self,
        client: httpx2.AsyncClient | None = None,
        *,
        tag: str | None = None,
        key: str | None = None,
        **changed: str,
    ) -> httpx2.Response:
        """With the ETag as it is now, unless another one is given; an empty one is left out."""
        if tag is None:
            tag = (await self.seen()).headers["etag"]
        headers = {"If-Match": tag, "Idempotency-Key": key or ""}
        return await (client or self.cast.inviter).put(
            f"/v1/authorizations/{self.id}/levels",
            json={"levels": {**self.levels, **changed}},
            headers={name: value for name, value in headers.items() if value},
        )


async def levelled(
    cast: Cast, role: Role = Role.RELATION_USER, levels: Mapping[Subpage, Level] | None = None
) -> Levelled:
    made = await factories.make_authorization(
        cast.frontend.database, cast.anna, cast.relation, role=role, levels=levels
    )
    return Levelled(cast, made)


async def changes(cast: Cast) -> int:
    async with cast.frontend.database.reading() as session:
        return (await session.execute(select(func.count()).select_from(AuthorizationChange))).scalar_one()


async def test_they_hold_for_the_very_next_request(cast: Cast) -> None:
    held = await levelled(cast)
    before = await held.seen()

    response = await held.put(invoices="none", reports="read")

    assert response.status_code == 200, response.text
    assert response.json() == {
        **before.json(),
        "levels": {**held.levels, "invoices": "none", "reports": "read"},
    }
    assert response.headers["etag"] != before.headers["etag"]
    assert (await held.seen()).headers["etag"] == response.headers["etag"]
    [relation] = (await cast.invitee.get("/v1/customer-relations")).json()["items"]
    assert (relation["my_levels"]["invoices"], relation["my_levels"]["reports"]) == ("none", "read")
    async with cast.frontend.database.reading() as session:
        change = (await session.scalars(select(AuthorizationChange))).one()
        assert (change.kind, change.actor_id) == (AuthorizationChangeKind.LEVELS, cast.manager.id)
        [event] = await audit.of_process(session, change.id)
        assert (event.event, event.subject_id) == (Event.AUTHORIZATION_LEVELS_CHANGED, held.id)


async def test_the_same_levels_change_nothing(cast: Cast) -> None:
    held = await levelled(cast)
    seen, before = await held.seen(), await cast.frontend.dump("counters")

    response = await held.put()

    assert (response.status_code, response.content) == (200, seen.content)
    assert response.headers["etag"] == seen.headers["etag"]
    assert await cast.frontend.dump("counters") == before


async def test_what_was_not_seen_is_not_changed(cast: Cast) -> None:
    held = await levelled(cast)
    old = (await held.seen()).headers["etag"]
    assert refusal(await held.put(tag="", invoices="none")) == (428, "request.precondition_required")
    assert (await held.put(tag=f"W/{old}", reports="read")).status_code == 200
    before = await cast.frontend.dump("counters")
    for tag in (old, "*", "x", '"', f'"{"0" * 16}"', f"{old}, {old}", "1" * 5000):
        refused = await held.put(tag=tag, invoices="none")
        assert refusal(refused) == (412, "authorization.changed_meanwhile"), tag
    assert await cast.frontend.dump("counters") == before


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ("consumption=write", "authorization.level_unknown"),
        ("users=read", "authorization.level_unknown"),
        (
            "consumption=none reports=none contracts=none invoices=none contact_details=none",
            "authorization.levels_empty",
        ),
        ("invoices=write", "identification.required"),
        ("users=write", "identification.required"),
    ],
)
async def test_levels_that_cannot_be_set(cast: Cast, changed: str, code: str) -> None:
    held = await levelled(cast)
    levels: dict[str, Any] = dict(each.split("=") for each in changed.split())
    before = await cast.frontend.dump("counters")
    assert refusal(await held.put(**levels)) == (422, code)
    assert await cast.frontend.dump("counters") == before


async def test_private_customers_and_ones_own_levels_are_the_limit(frontend: Frontend) -> None:
    private = await levelled(await assemble(frontend, CustomerKind.PRIVATE))
    assert refusal(await private.put(invoices="write")) == (422, "authorization.level_too_high")

    cast = await assemble(frontend)
    weak = await factories.make_user(frontend.database)
    await factories.make_authorization(
        frontend.database, weak, cast.relation, levels={Subpage.INVOICES: Level.NONE}
    )
    held, client = await levelled(cast), await frontend.log_in(weak)
    # What there is above his own stays, and does not come back once it is gone.
    assert (await held.put(client, reports="read")).status_code == 200
    assert (await held.put(client, invoices="none")).status_code == 200
    assert refusal(await held.put(client, invoices="read")) == (422, "authorization.level_too_high")
    settable = (await client.get(f"/v1/authorizations/{held.id}")).json()["settable"]
    assert settable["invoices"] == ["none"]


async def test_every_subpage_is_named(cast: Cast) -> None:
    held = await levelled(cast)
    tag, path = (await held.seen()).headers["etag"], f"/v1/authorizations/{held.id}/levels"
    bodies: list[tuple[Any, dict[str, str]]] = [
        ({}, {"/levels": "field.required"}),
        ({"levels": {"reports": "read"}}, {f"/levels/{each}": "field.required" for each in Subpage} | {}),
        ({"levels": held.levels | {"cellar": "read"}}, {"/levels/cellar/[key]": "field.invalid"}),
        ({"levels": held.levels | {"reports": "own"}}, {"/levels/reports": "field.invalid"}),
        ({"levels": held.levels, "role": "owner"}, {"/role": "field.unknown"}),
    ]
    bodies[1][1].pop("/levels/reports")
    before = await cast.frontend.dump("counters")
    for body, codes in bodies:
        response = await cast.inviter.put(path, json=body, headers={"If-Match": tag})
        assert field_codes(response) == codes
    assert await cast.frontend.dump("counters") == before


async def test_who_may_not(cast: Cast) -> None:
    held = await levelled(cast)
    async with cast.frontend.database.reading() as session:
        [own] = await factories.authorizations_of(session, cast.manager.id)
    managers = Levelled(cast, own)
    before = await cast.frontend.dump("audit_events", "counters")

    stranger = await cast.stranger()
    before = await cast.frontend.dump("audit_events", "counters")
    assert refusal(await held.put(stranger, invoices="none")) == (404, "not_found")
    assert refusal(await managers.put(cast.invitee, invoices="none")) == (403, "authorization.missing")
    # One's own without the right to manage users: nothing else than what is.
    assert refusal(await held.put(cast.invitee, invoices="none")) == (422, "authorization.level_too_high")
    assert (await held.put(cast.invitee)).status_code == 200
    assert refusal(await managers.put(users="none")) == (409, "authorization.last_manager")
    assert await cast.frontend.dump("audit_events", "counters") == before


async def test_what_comes_with_the_contract_and_what_has_ended(cast: Cast) -> None:
    held = await levelled(cast)
    tag = (await held.seen()).headers["etag"]
    for values, code in (
        ({"granted_through": GrantedThrough.CONTRACT}, "authorization.by_contract"),
        ({"ended_at": cast.frontend.services.clock()}, "authorization.ended"),
    ):
        async with cast.frontend.database.transaction() as session:
            await session.execute(update(Authorization).where(Authorization.id == held.id).values(values))
        assert refusal(await held.put(tag=tag, invoices="none")) == (409, code)


async def test_invitations_that_promise_more_fall(cast: Cast) -> None:
    held = await levelled(cast, Role.ADMINISTRATOR)
    more = await invite(cast.invitee, cast.relation.id)
    less = await invite(cast.invitee, cast.relation.id, email="less@example.com", levels={"invoices": "none"})

    assert (await held.put(invoices="none")).status_code == 200

    async with cast.frontend.database.reading() as session:
        change = (await session.scalars(select(AuthorizationChange))).one()
    assert change.fallen_invitations == [more["id"]]
    assert less["state"] == "pending"


async def test_a_repeat_with_the_same_key(cast: Cast) -> None:
    held = await levelled(cast)
    tag = (await held.seen()).headers["etag"]

    first = await held.put(tag=tag, key="once", invoices="none")
    again = await held.put(tag=tag, key="once", invoices="none")

    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert refusal(await held.put(tag=tag, key="once", reports="none")) == (422, "idempotency.key_reused")
    assert await changes(cast) == 1


async def test_of_two_who_saw_the_same_one_is_told_to_look_again(cast_on_both: Cast) -> None:
    cast = cast_on_both
    held, colleague = (
        await levelled(cast),
        await factories.make_manager(cast.frontend.database, cast.relation),
    )
    client, tag = await cast.frontend.log_in(colleague), (await held.seen()).headers["etag"]

    answers = await asyncio.gather(
        held.put(tag=tag, invoices="none"), held.put(client, tag=tag, contracts="none")
    )

    won, lost = sorted(answers, key=lambda each: each.status_code)
    assert (won.status_code, refusal(lost)) == (200, (412, "authorization.changed_meanwhile"))
    assert (await held.seen()).json()["levels"] == won.json()["levels"]
    same = await asyncio.gather(
        *(held.put(tag=won.headers["etag"], key="k", reports="none") for _ in range(5))
    )
    assert {(each.status_code, each.content) for each in same} == {(200, same[0].content)}
    assert await changes(cast) == 2


async def test_levels_and_removal_at_once_leave_no_right(cast_on_both: Cast) -> None:
    cast = cast_on_both
    held = await levelled(cast)
    tag = (await held.seen()).headers["etag"]

    put, removed = await asyncio.gather(
        held.put(tag=tag, invoices="none"), cast.inviter.post(f"/v1/authorizations/{held.id}/removal")
    )

    assert removed.status_code == 201
    assert put.status_code == 200 or refusal(put) == (409, "authorization.ended")
    assert (await cast.invitee.get("/v1/customer-relations")).json() == {"items": []}
    async with cast.frontend.database.reading() as session:
        assert (await session.get_one(Authorization, UUID(str(held.id)))).ended_at is not None
