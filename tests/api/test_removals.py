"""Removing authorizations and giving up one's own, over HTTP (spec 3.4)."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import func, select, update

from domain.vocabulary import AuthorizationChangeKind, GrantedThrough, Level, ProcessKind, Role, Subpage
from store import audit
from store.audit import Actor, Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.outbox import OutboxRow
from store.users import User
from tests import factories
from tests.api.conftest import Cast
from tests.clock import SettableClock
from tests.frontend import draft, field_codes, invite, refusal
from tests.leaks import assert_nothing_personal

NOTHING: Final[dict[str, str]] = dict.fromkeys(Subpage, "none")
CHANGES = ("audit_events", "counters")


async def hold(
    cast: Cast, user: User, role: Role, *, levels: Mapping[Subpage, Level] | None = None
) -> Authorization:
    return await factories.make_authorization(
        cast.frontend.database, user, cast.relation, role=role, levels=levels
    )


async def by_contract(cast: Cast, authorization: Authorization) -> None:
    async with cast.frontend.database.transaction() as session:
        await session.execute(
            update(Authorization)
            .where(Authorization.id == authorization.id)
            .values(granted_through=GrantedThrough.CONTRACT)
        )


async def managers_own(cast: Cast) -> Authorization:
    async with cast.frontend.database.reading() as session:
        [own] = await factories.authorizations_of(session, cast.manager.id)
        return own


def path(authorization: Authorization | UUID | str, what: str = "") -> str:
    named = authorization.id if isinstance(authorization, Authorization) else authorization
    return f"/v1/authorizations/{named}{what}"


async def remove(
    client: httpx2.AsyncClient, authorization: Authorization | UUID | str, body: Any = None, **headers: str
) -> httpx2.Response:
    return await client.post(path(authorization, "/removal"), json=body, headers=headers)


def text_of(file: Path) -> bytes:
    return file.read_bytes()


async def levels_of(client: httpx2.AsyncClient, cast: Cast) -> Any:
    """What somebody may do on the relation, as he is told himself; None when there is no such relation."""
    response = await client.get(f"/v1/customer-relations/{cast.relation.id}")
    return response.json()["my_levels"] if response.status_code == 200 else None


# What there is to see


async def test_what_it_is_and_how_it_was_given(cast: Cast) -> None:
    held = await hold(cast, cast.anna, Role.VIEWER)

    shown = await cast.inviter.get(path(held))

    assert shown.json() == {
        "id": str(held.id),
        "relation": {
            "id": str(cast.relation.id),
            "customer_name": cast.relation.customer.name,
            "customer_kind": "company",
            "business_id": cast.relation.customer.business_id,
            "commodity": "electricity",
        },
        "user": {"id": str(cast.anna.id), "first_name": "Anna", "last_name": "Andersson"},
        "own": False,
        "role": "viewer",
        "levels": {**NOTHING, "consumption": "read", "reports": "read"},
        "valid_from": "2026-01-05T08:00:00Z",
        "granted_through": "customer_service",
        "settable": {
            "consumption": ["none", "read"],
            "reports": ["none", "read", "write"],
            "contracts": ["none", "read"],
            "invoices": ["none", "read"],
            "contact_details": ["none", "read"],
            "users": ["none"],
        },
        "identified": False,
        "removal_refused": None,
    }
    own = await cast.invitee.get(path(held))
    assert own.headers["etag"] == shown.headers["etag"]
    only_what_is = {subpage: [level] for subpage, level in shown.json()["levels"].items()}
    assert own.json() == {**shown.json(), "own": True, "settable": only_what_is}
    [listed] = (await cast.invitee.get("/v1/customer-relations")).json()["items"]
    assert listed["my_authorizations"] == [
        {"id": str(held.id), "role": "viewer", "granted_through": "customer_service"}
    ]
    users = (await cast.inviter.get(f"/v1/customer-relations/{cast.relation.id}/users")).json()["items"]
    assert {each["granted_through"] for each in users} == {"customer_service"}


async def test_the_preview_tells_what_is_lost(cast: Cast) -> None:
    """An administrator who looks besides: without the role, the other one stays."""
    role, rest = await hold(cast, cast.anna, Role.ADMINISTRATOR), await hold(cast, cast.anna, Role.VIEWER)
    falling = await invite(cast.invitee, cast.relation.id, first_name="Bo", last_name="Boman")
    await invite(cast.inviter, cast.relation.id, email="somebody.else@example.com")
    before = await cast.frontend.dump()

    shown = (await cast.inviter.get(path(role, "/removal"), headers={"Accept-Language": "en"})).json()

    assert (shown["own"], shown["roles"]) == (False, ["administrator"])
    assert shown["levels_before"]["users"] == "write"
    assert shown["levels_after"] == {**NOTHING, "consumption": "read", "reports": "read"}
    assert shown["falling_invitations"] == [{"id": falling["id"], "invitee_name": "Bo Boman"}]
    closing = {each["subpage"] for each in shown["closing_services"]}
    open_now = (await cast.invitee.get("/v1/me/services", headers={"Accept-Language": "en"})).json()["items"]
    assert closing == {each["subpage"] for each in open_now} - {"consumption", "reports"}
    assert {each["name"] for each in shown["closing_services"]} <= {each["name"] for each in open_now}

    both = (await cast.invitee.get(path(role, "/removal"), params={"also": str(rest.id)})).json()
    assert (both["own"], both["levels_after"]) == (True, NOTHING)
    assert both["authorization_ids"] == [str(role.id), str(rest.id)]
    assert await cast.frontend.dump() == before


# What is done


async def test_it_holds_for_the_very_next_request(cast: Cast, clock: SettableClock) -> None:
    held = await hold(cast, cast.anna, Role.ADMINISTRATOR)
    fallen = await invite(cast.invitee, cast.relation.id)
    assert await levels_of(cast.invitee, cast) is not None

    removed = await remove(cast.inviter, held)

    assert removed.status_code == 201, removed.text
    change = removed.json()
    assert removed.headers["location"] == f"/v1/processes/{change['id']}"
    before = {subpage.value: level.value for subpage, level in held.levels.items()}
    assert change == {
        "id": change["id"],
        "kind": "removal",
        "relation": (await cast.inviter.get(path(await managers_own(cast)))).json()["relation"],
        "user_id": str(cast.anna.id),
        "authorization_ids": [str(held.id)],
        "roles": ["administrator"],
        "levels_before": before,
        "levels_after": NOTHING,
        "fallen_invitations": [fallen["id"]],
        "changed_at": f"{clock():%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".") + "Z",
    }
    assert await levels_of(cast.invitee, cast) is None
    assert (await cast.invitee.get("/v1/customer-relations")).json() == {"items": []}
    assert (await cast.invitee.get("/v1/me/services")).json() == {"items": []}
    process = cast.frontend.services.client.get_workflow_handle(f"authorization_change-{change['id']}")
    assert (await process.describe()).status is not None


async def test_several_roles_in_one_act(cast: Cast) -> None:
    first, second = await hold(cast, cast.anna, Role.RELATION_USER), await hold(cast, cast.anna, Role.VIEWER)

    removed = await remove(cast.inviter, first, {"also": [str(second.id), str(first.id)]})

    assert removed.json()["authorization_ids"] == sorted([str(first.id), str(second.id)])
    assert await levels_of(cast.invitee, cast) is None


async def test_giving_up_ones_own(cast: Cast) -> None:
    held = await hold(cast, cast.anna, Role.VIEWER)
    others = await factories.make_user(cast.frontend.database)
    viewer = await hold(cast, others, Role.VIEWER)

    assert refusal(await remove(cast.invitee, viewer)) == (403, "authorization.missing")
    given_up = (await remove(cast.invitee, held)).json()

    assert (given_up["kind"], given_up["levels_after"]) == ("given_up", NOTHING)
    assert await levels_of(cast.invitee, cast) is None
    async with cast.frontend.database.reading() as session:
        change = await session.get_one(AuthorizationChange, UUID(given_up["id"]))
        assert (change.kind, change.actor_id) == (AuthorizationChangeKind.GIVEN_UP, cast.anna.id)
        assert change.told_managers == [str(cast.manager.id)]


async def test_who_acted_stays_in_the_audit(cast: Cast) -> None:
    held, other = await hold(cast, cast.anna, Role.RELATION_USER), await hold(cast, cast.anna, Role.VIEWER)
    removed = (await remove(cast.inviter, held)).json()
    given_up = (await remove(cast.invitee, other)).json()

    async with cast.frontend.database.reading() as session:
        for change, actor, subject in (
            (removed, cast.manager, held),
            (given_up, cast.anna, other),
        ):
            [event] = await audit.of_process(session, UUID(change["id"]))
            assert (event.event, event.actor) == (Event.AUTHORIZATION_ENDED, Actor.USER)
            assert (event.actor_id, event.subject_id, event.relation_id) == (
                actor.id,
                subject.id,
                cast.relation.id,
            )


async def test_nothing_personal_is_logged(cast: Cast, log_file: Path) -> None:
    begin = len(text_of(log_file))
    database = cast.frontend.database
    person = await factories.make_user(database, first_name="Kanariina", last_name="Fågelström")
    held = await hold(cast, person, Role.ADMINISTRATOR)
    hers = await cast.frontend.log_in(person)
    bird = {"first_name": "Pulmunen", "last_name": "Lintunen", "email": "pulmu.lintu@example.com"}
    await invite(hers, cast.relation.id, **bird)

    await cast.inviter.get(path(held, "/removal"))
    assert (await remove(cast.inviter, held, **{"Idempotency-Key": "kanarie.nyckel"})).status_code == 201
    assert (await remove(cast.inviter, held)).status_code == 409
    await cast.inviter.post(path(held, "/removal"), json={"also": ["Kanariina Fågelström"]})

    logged = text_of(log_file)[begin:]
    assert b"/removal" in logged
    canaries = [person.first_name, person.last_name, person.email, *bird.values(), "kanarie.nyckel"]
    assert_nothing_personal(logged, canaries)


# Refusals


async def test_for_whom_it_does_not_exist(cast: Cast) -> None:
    """Whoever holds nothing on the relation gets what he gets for an id that is none."""
    held, stranger = await hold(cast, cast.anna, Role.VIEWER), await cast.stranger()
    requests: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("GET", "/removal", None),
        ("POST", "/removal", None),
        ("PUT", "/levels", {"levels": {}}),
    ]
    before = await cast.frontend.dump("counters")
    for method, what, body in requests:
        seen = []
        for named in (held.id, uuid4(), "none"):
            response = await stranger.request(method, path(str(named), what), json=body)
            assert refusal(response) == (404, "not_found"), (method, what)
            seen.append((response.content, sorted(response.headers.items())))
        assert seen[0] == seen[1] == seen[2]
    assert await cast.frontend.dump("counters") == before


async def test_who_looks_on_may_not_remove_others(cast: Cast) -> None:
    await hold(cast, cast.anna, Role.RELATION_USER)
    own = await managers_own(cast)
    before = await cast.frontend.dump(*CHANGES)
    for response in (
        await cast.invitee.get(path(own)),
        await cast.invitee.get(path(own, "/removal")),
        await remove(cast.invitee, own),
    ):
        assert refusal(response) == (403, "authorization.missing")
    assert await cast.frontend.dump(*CHANGES) == before


async def test_what_comes_with_the_contract_stays(cast: Cast) -> None:
    held = await hold(cast, cast.anna, Role.VIEWER)
    await by_contract(cast, held)
    before = await cast.frontend.dump("counters")
    for client in (cast.inviter, cast.invitee):
        assert (await client.get(path(held))).json()["removal_refused"] == "authorization.by_contract"
        for response in (await client.get(path(held, "/removal")), await remove(client, held)):
            assert refusal(response) == (409, "authorization.by_contract")
    assert await cast.frontend.dump("counters") == before


async def test_the_last_who_manages_the_users_stays(cast: Cast) -> None:
    own = await managers_own(cast)
    assert (await cast.inviter.get(path(own))).json()["removal_refused"] == "authorization.last_manager"
    for response in (await cast.inviter.get(path(own, "/removal")), await remove(cast.inviter, own)):
        assert refusal(response) == (409, "authorization.last_manager")

    await hold(cast, cast.anna, Role.ADMINISTRATOR)

    assert (await cast.inviter.get(path(own))).json()["removal_refused"] is None
    assert (await remove(cast.inviter, own)).status_code == 201


async def test_what_has_ended_is_ended(cast: Cast) -> None:
    held = await hold(cast, cast.anna, Role.VIEWER)
    assert (await remove(cast.inviter, held)).status_code == 201
    before = await cast.frontend.dump("counters")
    for response in (
        await remove(cast.inviter, held),
        await cast.inviter.get(path(held)),
        await cast.inviter.get(path(held, "/removal")),
    ):
        assert refusal(response) == (409, "authorization.ended")
    assert await cast.frontend.dump("counters") == before


async def test_what_is_removed_together_belongs_together(cast: Cast) -> None:
    held, own = await hold(cast, cast.anna, Role.VIEWER), await managers_own(cast)
    elsewhere = await factories.make_authorization(
        cast.frontend.database, cast.anna, await factories.make_relation(cast.frontend.database)
    )
    before = await cast.frontend.dump("counters")
    for other in (own.id, elsewhere.id, uuid4()):
        assert refusal(await remove(cast.inviter, held, {"also": [str(other)]})) == (404, "not_found")
    wrong = await remove(cast.inviter, held, {"also": ["x"], "all": True})
    assert field_codes(wrong) == {"/also/0": "field.invalid", "/all": "field.unknown"}
    many = await remove(cast.inviter, held, {"also": [str(held.id)] * 5})
    assert field_codes(many) == {"/also": "field.invalid"}
    assert await cast.frontend.dump("counters") == before


# Repeats, and many at once


async def test_a_repeat_with_the_same_key_gets_the_same_body(cast: Cast) -> None:
    held, other = await hold(cast, cast.anna, Role.RELATION_USER), await hold(cast, cast.anna, Role.VIEWER)
    for client, authorization in ((cast.inviter, held), (cast.invitee, other)):
        first = await remove(client, authorization, **{"Idempotency-Key": "once"})
        before = await cast.frontend.dump("counters")
        again = await remove(client, authorization, **{"Idempotency-Key": "once"})
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["location"] == first.headers["location"]
        reused = await remove(client, authorization, {"also": [str(other.id)]}, **{"Idempotency-Key": "once"})
        assert refusal(reused) == (422, "idempotency.key_reused")
        assert await cast.frontend.dump("counters") == before


async def test_ten_at_once_remove_once(cast_on_both: Cast) -> None:
    cast = cast_on_both
    keyed, bare = [
        await hold(cast, await factories.make_user(cast.frontend.database), Role.VIEWER) for _ in range(2)
    ]
    same = await asyncio.gather(*(remove(cast.inviter, keyed, **{"Idempotency-Key": "k"}) for _ in range(10)))
    assert {each.status_code for each in same} == {201}, [each.text for each in same]
    assert len({each.content for each in same}) == 1

    different = await asyncio.gather(*(remove(cast.inviter, bare) for _ in range(10)))
    assert sorted(each.status_code for each in different) == [201] + [409] * 9
    assert {refusal(each) for each in different if each.status_code != 201} == {(409, "authorization.ended")}
    async with cast.frontend.database.reading() as session:
        assert (
            await session.execute(select(func.count()).select_from(AuthorizationChange))
        ).scalar_one() == 2


async def test_of_two_who_remove_each_other_one_stays(cast_on_both: Cast) -> None:
    cast = cast_on_both
    his, hers = await managers_own(cast), await hold(cast, cast.anna, Role.ADMINISTRATOR)

    answers = await asyncio.gather(remove(cast.inviter, hers), remove(cast.invitee, his))

    assert sorted(each.status_code for each in answers) == [201, 404]
    users = [await levels_of(client, cast) for client in (cast.inviter, cast.invitee)]
    assert sorted(each is None for each in users) == [False, True]


async def test_a_removal_meets_an_invitation_of_the_removed(cast_on_both: Cast) -> None:
    """Whichever is first: an invitation that was made falls, or it is not made."""
    cast = cast_on_both
    held = await hold(cast, cast.anna, Role.ADMINISTRATOR)

    made, removed = await asyncio.gather(
        cast.invitee.post(cast.invitations, json=draft()), remove(cast.inviter, held)
    )

    assert removed.status_code == 201
    fallen = removed.json()["fallen_invitations"]
    if made.status_code == 201:
        assert fallen == [made.json()["id"]]
    else:
        assert refusal(made) == (404, "not_found")
        assert fallen == []
    async with cast.frontend.database.reading() as session:
        owed = (await session.scalars(select(OutboxRow))).all()
    assert all(each.process_kind is not ProcessKind.AUTHORIZATION_CHANGE for each in owed)
