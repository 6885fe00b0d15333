"""The table of replies of spec section 4, as far as no process has to decide."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.vocabulary import CustomerKind, InvitationState, Level, Role, Subpage
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.clock import SettableClock
from tests.factories import KEYS
from tests.frontend import Frontend, draft, field_codes, invite, refusal

DAY = timedelta(days=1)


async def test_created(cast: Cast) -> None:
    response = await cast.inviter.post(cast.invitations, json=draft())

    assert response.status_code == 201
    made = response.json()
    assert response.headers["location"] == f"/v1/invitations/{made['id']}"
    assert (await cast.inviter.get(response.headers["location"])).json() == made
    assert (made["state"], made["delivery"], made["email"]) == ("pending", "queued", draft()["email"])
    assert "token" not in response.text
    process = cast.frontend.services.client.get_workflow_handle(f"invitation-{made['id']}")
    summary = await (await process.describe()).static_summary()
    assert summary == "Invitation to hold a role on a customer relation"


async def test_one_is_open_already(cast: Cast) -> None:
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    again = await cast.inviter.post(
        cast.invitations, json=draft(email=cast.anna.email.upper(), role="viewer")
    )

    assert refusal(again) == (409, "invitation.already_pending")
    assert again.json()["invitation_id"] == made["id"]
    # For another relation of the same customer there is none.
    other = await factories.make_relation(cast.frontend.database)
    await factories.make_authorization(cast.frontend.database, cast.manager, other)
    await invite(cast.inviter, other.id, email=cast.anna.email)


async def test_the_person_has_that_role_already(cast: Cast) -> None:
    await factories.make_authorization(cast.frontend.database, cast.anna, cast.relation, role=Role.VIEWER)
    body = draft(email=cast.anna.email, role="viewer")

    assert refusal(await cast.inviter.post(cast.invitations, json=body)) == (409, "authorization.exists")
    await invite(cast.inviter, cast.relation.id, email=cast.anna.email, role="relation_user")


async def test_every_wrong_field_is_named(cast: Cast) -> None:
    before = await cast.frontend.dump()
    wrong = draft(email="bo boman@example", first_name="\n", last_name="B" * 101, cover_message=" \u2028 ")
    assert field_codes(await cast.inviter.post(cast.invitations, json=wrong)) == {
        "/email": "email.invalid",
        "/first_name": "field.required",
        "/last_name": "field.too_long",
        "/cover_message": "field.required",
    }
    untyped = {"role": "king", "levels": {"cellar": "read", "reports": "own"}, "x/~y": 1, "email": 7}
    assert field_codes(await cast.inviter.post(cast.invitations, json=untyped)) == {
        "/email": "field.invalid",
        "/first_name": "field.required",
        "/last_name": "field.required",
        "/cover_message": "field.required",
        "/role": "field.invalid",
        "/levels/cellar/[key]": "field.invalid",
        "/levels/reports": "field.invalid",
        "/x~1~0y": "field.unknown",
    }
    assert field_codes(await cast.inviter.post(cast.invitations, json=draft(cover_message="å" * 2001))) == {
        "/cover_message": "field.too_long"
    }
    assert await cast.frontend.dump() == before


async def test_own_address(cast: Cast) -> None:
    body = draft(email=cast.manager.email.upper())
    assert refusal(await cast.inviter.post(cast.invitations, json=body)) == (422, "invitation.own_address")


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        (CustomerKind.COMPANY, {"role": "owner"}, "authorization.role_not_available"),
        (CustomerKind.PRIVATE, {"role": "administrator"}, "authorization.role_not_available"),
        (CustomerKind.PRIVATE, {"role": "viewer"}, "authorization.role_not_available"),
        (CustomerKind.PRIVATE, {"levels": {"users": "write"}}, "authorization.level_too_high"),
        (CustomerKind.PRIVATE, {"levels": {"invoices": "write"}}, "authorization.level_too_high"),
        (CustomerKind.COMPANY, {"levels": {"consumption": "write"}}, "authorization.level_unknown"),
        (CustomerKind.COMPANY, {"levels": {"users": "read"}}, "authorization.level_unknown"),
        (CustomerKind.COMPANY, {"role": "administrator"}, "identification.required"),
        (CustomerKind.COMPANY, {"levels": {"invoices": "write"}}, "identification.required"),
    ],
)
async def test_roles_and_levels_that_cannot_be_given(
    frontend: Frontend, kind: CustomerKind, changes: dict[str, object], code: str
) -> None:
    cast = await assemble(frontend, kind)
    before = await frontend.dump()
    assert refusal(await cast.inviter.post(cast.invitations, json=draft(**changes))) == (422, code)
    assert await frontend.dump() == before


async def test_nobody_gives_more_than_he_has(cast: Cast) -> None:
    weak = await factories.make_user(cast.frontend.database)
    await factories.make_authorization(
        cast.frontend.database, weak, cast.relation, levels={Subpage.INVOICES: Level.NONE}
    )
    client = await cast.frontend.log_in(weak)
    refused = await client.post(cast.invitations, json=draft())
    assert refusal(refused) == (422, "authorization.level_too_high")
    await invite(client, cast.relation.id, levels={"invoices": "none"})


async def test_who_may_not_manage_is_told_so_and_a_stranger_nothing(cast: Cast) -> None:
    await factories.make_authorization(
        cast.frontend.database, cast.anna, cast.relation, role=Role.RELATION_USER
    )
    made = await invite(cast.inviter, cast.relation.id)
    assert refusal(await cast.invitee.post(cast.invitations, json=draft())) == (403, "authorization.missing")
    for path in (cast.invitations, f"/v1/customer-relations/{cast.relation.id}/users"):
        assert refusal(await cast.invitee.get(path)) == (403, "authorization.missing")
    assert refusal(await cast.invitee.get(f"/v1/invitations/{made['id']}")) == (404, "not_found")
    stranger = await cast.stranger()
    assert refusal(await stranger.post(cast.invitations, json=draft())) == (404, "not_found")


async def test_wrong_person(cast: Cast) -> None:
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    path, stranger = f"/v1/invitations/{made['id']}", await cast.stranger()
    token = {"token": KEYS.invitation_token(UUID(made["id"]), 1)}
    before = await cast.frontend.dump("audit_events")

    for act in ("accept", "decline"):
        wrong = await stranger.post(f"{path}/{act}", json=token)
        assert refusal(wrong) == (403, "invitation.wrong_recipient")
        assert refusal(await stranger.post(f"{path}/{act}")) == (404, "not_found")
        assert refusal(await stranger.post(f"{path}/{act}", json={"token": "A" * 43})) == (404, "not_found")
        manager = await cast.inviter.post(f"{path}/{act}")
        assert refusal(manager) == (403, "invitation.wrong_recipient")
    assert refusal(await stranger.post(f"{path}/cancel")) == (404, "not_found")
    assert refusal(await cast.invitee.post(f"{path}/cancel")) == (403, "authorization.missing")
    assert await cast.frontend.dump("audit_events") == before


@pytest.mark.parametrize(
    "state", [state for state in InvitationState if not state.is_open and state != "accepted"]
)
async def test_after_the_end(cast: Cast, state: InvitationState, clock: SettableClock) -> None:
    ended = await factories.make_invitation(
        cast.frontend.database,
        inviter=cast.manager,
        relation=cast.relation,
        email=cast.anna.email,
        state=state,
        ended_at=clock(),
        now=clock() - DAY,
    )
    path = f"/v1/invitations/{ended.id}"
    assert refusal(await cast.invitee.post(f"{path}/accept")) == (410, f"invitation.{state}")
    assert refusal(await cast.invitee.post(f"{path}/decline")) == (410, f"invitation.{state}")
    assert refusal(await cast.inviter.post(f"{path}/cancel")) == (409, "invitation.ended")


WITH_IDS = [
    ("GET", "/v1/invitations/{}"),
    ("POST", "/v1/invitations/{}/accept"),
    ("POST", "/v1/invitations/{}/decline"),
    ("POST", "/v1/invitations/{}/cancel"),
    ("GET", "/v1/processes/{}"),
    ("GET", "/v1/customer-relations/{}"),
    ("GET", "/v1/customer-relations/{}/users"),
]


async def test_unknown_ids(cast: Cast) -> None:
    before = await cast.frontend.dump()
    for named in (str(uuid4()), "none", "0", "%00", "1' OR 1=1", "x" * 5000, "٣", "%ff", "%0d%0aX: y", "{}"):
        for method, path in WITH_IDS:
            response = await cast.invitee.request(method, path.format(named))
            assert refusal(response) == (404, "not_found"), (method, path, named)
    assert await cast.frontend.dump() == before


async def test_unknown_token_and_unknown_address(cast: Cast) -> None:
    anybody = cast.frontend.client()
    unknown = await anybody.post("/v1/invitation-lookups", json={"token": "B" * 43})
    assert refusal(unknown) == (404, "not_found")
    assert refusal(await anybody.get("/v1/nothing")) == (404, "not_found")
    assert refusal(await anybody.put("/v1/sessions")) == (405, "request.method_not_allowed")


async def test_twenty_a_day(cast: Cast, clock: SettableClock) -> None:
    for number in range(20):
        clock.advance(timedelta(minutes=1))
        await invite(cast.inviter, cast.relation.id, email=f"many{number}@example.com")

    # 60 more in the same minute: each is refused, nothing is made.
    before = await cast.frontend.dump()
    bodies = [draft(email=f"more{number}@example.com") for number in range(60)]
    responses = await asyncio.gather(*(cast.inviter.post(cast.invitations, json=body) for body in bodies))
    assert {refusal(each) for each in responses} == {(429, "invitation.too_many")}
    retry_after = timedelta(seconds=int(responses[0].headers["retry-after"]))
    assert retry_after == DAY - timedelta(minutes=19)
    assert await cast.frontend.dump() == before

    another = await factories.make_user(cast.frontend.database)
    await factories.make_authorization(cast.frontend.database, another, cast.relation)
    await invite(await cast.frontend.log_in(another), cast.relation.id)
    clock.advance(retry_after + timedelta(seconds=1))
    await invite(await cast.frontend.log_in(cast.manager), cast.relation.id, email="more0@example.com")


async def test_five_to_one_address(cast: Cast, clock: SettableClock) -> None:
    for _ in range(5):
        await factories.make_invitation(
            cast.frontend.database,
            inviter=cast.manager,
            relation=cast.relation,
            email=cast.anna.email,
            state=InvitationState.CANCELLED,
            ended_at=clock(),
            now=clock(),
        )
    refused = await cast.inviter.post(cast.invitations, json=draft(email=cast.anna.email))
    assert refusal(refused) == (429, "invitation.too_many_for_address")
    assert int(refused.headers["retry-after"]) == DAY.total_seconds()
    await invite(cast.inviter, cast.relation.id)


async def test_pages_of_invitations(cast: Cast, clock: SettableClock) -> None:
    made = []
    for number in range(7):
        if number % 3 == 0:  # some in the same second
            clock.advance(timedelta(seconds=1))
        made.append(await invite(cast.inviter, cast.relation.id, email=f"page{number}@example.com"))

    seen, cursor = [], None
    while True:
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await cast.inviter.get(cast.invitations, params=query)).json()
        seen.append([each["id"] for each in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    expected = sorted(made, key=lambda each: (each["created_at"], each["id"]), reverse=True)
    assert [len(each) for each in seen] == [3, 3, 1]
    assert [each for page in seen for each in page] == [each["id"] for each in expected]


async def test_a_timeline_in_three_languages(cast: Cast) -> None:
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    texts = {}
    for language in ("sv", "fi", "en"):
        headers = {"Accept-Language": f"{language}-FI, *;q=0.1"}
        shown = (await cast.invitee.get(f"/v1/processes/{made['id']}", headers=headers)).json()
        assert (shown["kind"], shown["state"], shown["waiting_for"]) == ("invitation", "pending", "invitee")
        assert shown["until"] == made["deadline"]
        [step] = shown["steps"]
        texts[language] = step["text"]
        refused = await cast.invitee.get(f"/v1/invitations/{uuid4()}", headers=headers)
        assert refused.headers["content-language"] == language
    assert texts["en"] == "The invitation was created."
    assert len(set(texts.values())) == 3
    own = (await cast.invitee.get(f"/v1/processes/{made['id']}")).json()
    assert own["steps"][0]["text"] == texts["sv"]
    assert refusal(await (await cast.stranger()).get(f"/v1/processes/{made['id']}")) == (404, "not_found")
