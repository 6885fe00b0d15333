"""One's data over HTTP (spec 3.7): all of them as a file, and having oneself erased."""

import json
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import update

from domain.vocabulary import (
    ContractLinkState,
    CustomerKind,
    DraftKind,
    InvitationState,
    Language,
    RegistrationState,
    Role,
    ServiceRequestKind,
)
from starter.services import account_links
from store.contract_links import ContractLink
from store.drafts import Draft
from store.identifications import StrongIdentity
from store.registrations import Registration
from store.service_requests import ServiceRequest
from store.sessions import Session
from store.tables import METADATA
from tests import factories
from tests.api.conftest import Cast
from tests.bank import new_person
from tests.clock import SettableClock
from tests.factories import PASSWORD
from tests.frontend import field_codes, new_source, refusal
from tests.leaks import assert_nothing_personal
from tests.rights import ASKED, HELD, MESSAGE

DAY: Final = timedelta(days=1)
# Which kind of the file holds the rows that point to a user by which column.
EXPORTED: Final = {
    "authorizations.user_id": "authorizations",
    "authorization_changes.user_id": "authorization_changes",
    "invitations.inviter_id": "invitations_made",
    "invitations.ended_by": "invitations_received",
    "drafts.user_id": "invitation_drafts",
    "rights_requests.user_id": "rights_requests",
    "registrations.user_id": "registrations",
    "contract_links.user_id": "contract_links",
    "account_links.user_id": "account_links",
    "erasures.user_id": "erasures",
    "sessions.user_id": "sessions",
    "strong_identities.user_id": "strong_identity",
}
# What somebody did to others is theirs; that he did it is among his `events`.
NOT_EXPORTED: Final = {
    "authorizations.granted_by",
    "authorization_changes.actor_id",
    "rights_requests.ended_by",
}
# Without a column that points to a user.
BESIDES: Final = {"written_at", "user", "events", "service_requests"}
SECRET_ENDS: Final = ("_hash", "_sealed", "identity_index")


async def lives(cast: Cast) -> str:
    """Anna leaves a row of every kind; returns her personal identity code."""
    database, services, now = cast.frontend.database, cast.frontend.services, cast.frontend.services.clock()
    held = await factories.make_authorization(
        database, cast.anna, cast.relation, role=Role.RELATION_USER, levels=HELD
    )
    here = f"/v1/authorizations/{held.id}"
    asked = await cast.invitee.post(f"{here}/rights-requests", json={"levels": ASKED, "message": MESSAGE})
    assert asked.status_code == 201, asked.text
    tag = (await cast.inviter.get(here)).headers["etag"]
    levels = {"levels": HELD | {"reports": "none"}}
    assert (await cast.inviter.put(f"{here}/levels", json=levels, headers={"If-Match": tag})).is_success
    own = await factories.make_relation(database)
    await factories.make_authorization(database, cast.anna, own)
    await factories.make_invitation(
        database, inviter=cast.anna, relation=own, email="gast@example.com", first_name="Gästfrid"
    )
    await factories.make_invitation(
        database,
        inviter=cast.manager,
        relation=cast.relation,
        email=cast.anna.email,
        state=InvitationState.EXPIRED,
        cover_message="Välkommen, Anna!",
    )
    await account_links.ask_password_reset(services, cast.anna.email, new_source())
    code, registration = new_person().code, uuid4()
    async with database.transaction() as session:
        session.add_all(
            [
                StrongIdentity(
                    user_id=cast.anna.id,
                    identity_index=services.keys.counter_key("anna"),
                    identity_sealed=services.vault.seal(code, cast.anna.id),
                    first_name="Anna",
                    last_name="Andersson",
                    created_at=now,
                    identified_at=now,
                ),
                Draft(
                    user_id=cast.anna.id,
                    kind=DraftKind.INVITATION,
                    data={"first_name": "Utkast"},
                    created_at=now,
                    expires_at=now + DAY,
                ),
                Registration(
                    id=registration,
                    kind=CustomerKind.COMPANY,
                    state=RegistrationState.COMPLETED,
                    secret_hash=uuid4().hex,
                    dispute_token_hash=uuid4().hex,
                    language=Language.SWEDISH,
                    makes_user=True,
                    user_id=cast.anna.id,
                    created_at=now,
                    deadline=now + DAY,
                    ended_at=now,
                ),
                ContractLink(
                    user_id=cast.anna.id,
                    state=ContractLinkState.LINKED,
                    created_at=now,
                    deadline=now + DAY,
                    ended_at=now,
                ),
            ]
        )
        await session.flush()
        for registered, words in ((registration, "Annas egna ord"), (None, "Någon annans ord")):
            session.add(
                ServiceRequest(
                    kind=ServiceRequestKind.OTHER,
                    contact={"email": cast.anna.email, "message": words},
                    registration_id=registered,
                    created_at=now,
                )
            )
    await identified_now(cast)
    assert (await cast.invitee.post("/v1/me/erasure", json={"password": PASSWORD})).status_code == 201
    assert (await cast.invitee.delete("/v1/me/erasure")).is_success
    return code


async def identified_now(cast: Cast) -> None:
    async with cast.frontend.database.transaction() as session:
        await session.execute(
            update(Session)
            .where(Session.user_id == cast.anna.id)
            .values(identified_at=cast.frontend.services.clock())
        )


async def secrets_of(cast: Cast) -> set[str]:
    """The values of all columns that hold something secret, of every row of every table."""
    dump, found = await cast.frontend.dump(), set()
    for table in METADATA.sorted_tables:
        for place, column in enumerate(table.columns):
            if column.name.endswith(SECRET_ENDS):
                found |= {row[place] for row in dump[table.name] if row[place]}
    return found


def points_to_users() -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in METADATA.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "users" for key in column.foreign_keys)
    }


async def export(client: httpx2.AsyncClient) -> tuple[dict[str, Any], httpx2.Response]:
    response = await client.post("/v1/me/exports")
    assert response.status_code == 200, response.text
    assert response.headers["content-disposition"] == 'attachment; filename="fullmakt.json"'
    document: dict[str, Any] = json.loads(response.content)
    return document, response


async def test_every_kind_of_row_about_a_user_is_in_the_file(cast: Cast) -> None:
    """A new table that points to users is decided upon here, or this fails."""
    assert points_to_users() == {*EXPORTED, *NOT_EXPORTED}
    code = await lives(cast)

    document, _ = await export(cast.invitee)

    assert set(document) == {*EXPORTED.values(), *BESIDES}
    assert {kind for kind, rows in document.items() if not rows} == set()
    assert document["user"]["email"] == cast.anna.email
    assert document["strong_identity"]["personal_identity_code"] == f"{code[:7]}••••"
    assert {each["role"] for each in document["authorizations"]} == {"relation_user", "administrator"}
    assert [each["message"] for each in document["rights_requests"]] == [MESSAGE]
    assert [each["first_name"] for each in document["invitations_made"]] == ["Gästfrid"]
    assert [each["cover_message"] for each in document["invitations_received"]] == ["Välkommen, Anna!"]
    assert [each["contact"]["message"] for each in document["service_requests"]] == ["Annas egna ord"]
    assert "rights_request.made" in {each["event"] for each in document["events"]}
    again, _ = await export(cast.invitee)
    assert "user.exported" in {each["event"] for each in again["events"]}


async def test_nothing_secret_and_nothing_of_others(cast: Cast) -> None:
    code = await lives(cast)
    stranger = await factories.make_user(cast.frontend.database, last_name="Främmande")
    secrets = await secrets_of(cast)
    assert len(secrets) > 8

    document, response = await export(cast.invitee)

    assert_nothing_personal(response.content, [*secrets, code, PASSWORD])
    others = [cast.manager.email, cast.manager.username, cast.manager.last_name]
    assert_nothing_personal(
        response.content, [*others, stranger.last_name, str(stranger.id), "Någon annans ord"]
    )
    assert str(cast.manager.id) not in json.dumps(document["rights_requests"])
    # Nor has anybody else's file anything of his.
    theirs, _ = await export(cast.inviter)
    assert {UUID(each["user_id"]) for each in theirs["sessions"]} == {cast.manager.id}
    assert MESSAGE not in json.dumps(theirs)


async def test_only_after_a_fresh_identification(cast: Cast) -> None:
    await lives(cast)
    async with cast.frontend.database.transaction() as session:
        await session.execute(update(Session).values(identified_at=None))
    before = await cast.frontend.dump("counters", "audit_events")
    stale = (403, "identification.stale")
    assert refusal(await cast.invitee.post("/v1/me/exports")) == stale
    assert refusal(await cast.invitee.post("/v1/me/erasure", json={"password": PASSWORD})) == stale
    assert (await cast.invitee.get("/v1/me/erasure")).status_code == 200
    assert await cast.frontend.dump("counters", "audit_events") == before
    nobody = cast.frontend.client()
    for method, here in (
        ("POST", "/v1/me/exports"),
        ("GET", "/v1/me/erasure"),
        ("POST", "/v1/me/erasure"),
        ("DELETE", "/v1/me/erasure"),
    ):
        assert refusal(await nobody.request(method, here))[0] == 401


async def test_what_being_erased_means(cast: Cast) -> None:
    await factories.make_authorization(cast.frontend.database, cast.anna, cast.relation, role=Role.VIEWER)
    alone = (await cast.inviter.get("/v1/me/erasure")).json()
    assert [each["id"] for each in alone["relations"]] == [str(cast.relation.id)]
    assert alone["without_manager"] == alone["relations"]
    assert alone["scheduled"] is None
    seen = (await cast.invitee.get("/v1/me/erasure")).json()
    assert (seen["relations"], seen["without_manager"]) == (alone["relations"], [])


async def test_erasure_asked_for_and_regretted(cast: Cast) -> None:
    here = "/v1/me/erasure"
    wrong = await cast.invitee.post(here, json={"password": "not it"})
    assert field_codes(wrong) == {"/password": "password.wrong"}
    assert refusal(await cast.invitee.delete(here)) == (404, "not_found")

    first = await cast.invitee.post(here, json={"password": PASSWORD})

    assert (first.status_code, first.json()["state"]) == (201, "scheduled")
    assert (await cast.invitee.post(here, json={"password": PASSWORD})).json() == first.json()
    assert (await cast.invitee.get(here)).json()["scheduled"] == first.json()
    regretted = await cast.invitee.delete(here)
    assert regretted.json() == {**first.json(), "state": "cancelled"}
    assert (await cast.invitee.get(here)).json()["scheduled"] is None
    assert refusal(await cast.invitee.delete(here)) == (404, "not_found")
    another = await cast.invitee.post(here, json={"password": PASSWORD})
    assert another.json()["id"] != first.json()["id"]


async def test_too_late_to_regret(cast: Cast, clock: SettableClock) -> None:
    assert (await cast.invitee.post("/v1/me/erasure", json={"password": PASSWORD})).status_code == 201
    clock.now += 14 * DAY
    anna = await cast.frontend.log_in(cast.anna)
    assert refusal(await anna.delete("/v1/me/erasure")) == (409, "erasure.ended")


async def test_guessing_the_password_has_an_end(cast: Cast) -> None:
    """The same counter as for changing the password: a stolen session does not find it out here."""
    answers = [await cast.invitee.post("/v1/me/erasure", json={"password": f"guess {n}"}) for n in range(21)]
    assert [each.status_code for each in answers][:3] == [422] * 3
    assert answers[-1].status_code == 429
    assert (await cast.invitee.get("/v1/me/erasure")).json()["scheduled"] is None
