"""The audit trail over HTTP, to read and to export; and who sees one's data (spec 2, 3.7)."""

import csv
import io
from uuid import uuid4

from domain.vocabulary import Role
from store import audit
from store.audit import Actor, Event
from tests import factories
from tests.api.conftest import Cast
from tests.clock import SettableClock
from tests.frontend import field_codes, invite, refusal

EVENTS, EXPORT, ACCESS = "/v1/audit-events", "/v1/audit-events/export", "/v1/me/data-access"


async def test_who_may_read_which(cast: Cast) -> None:
    """Another's relation is as absent as one that is not."""
    viewer = await factories.make_user(cast.frontend.database)
    await factories.make_authorization(cast.frontend.database, viewer, cast.relation, role=Role.VIEWER)
    relation = {"relation_id": str(cast.relation.id)}
    for path in (EVENTS, EXPORT):
        assert (await cast.inviter.get(path, params=relation)).status_code == 200
        stranger, seer = await cast.stranger(), await cast.frontend.log_in(viewer)
        assert refusal(await seer.get(path, params=relation)) == (403, "authorization.missing")
        for asked in (relation, {"relation_id": str(uuid4())}):
            assert refusal(await stranger.get(path, params=asked)) == (404, "not_found")
        assert refusal(await cast.frontend.client().get(path)) == (401, "session.required")
        assert (await seer.get(path)).status_code == 200  # one's own


async def test_what_an_event_says(cast: Cast) -> None:
    made = await invite(cast.inviter, cast.relation.id, email="bo@example.com")
    relation = {"relation_id": str(cast.relation.id)}
    reply = await cast.inviter.get(EVENTS, params=relation, headers={"Accept-Language": "en"})
    [event] = reply.json()["items"]
    assert event.pop("id")
    assert event.pop("at").endswith(("Z", "+00:00"))
    assert event == {
        "event": "invitation.created",
        "text": "Invitation made",
        "actor": "user",
        "actor_name": cast.manager.full_name,
        "by_me": True,
        "whose": "Bo Boman",
        "role": None,
        "process_id": made["id"],
    }
    assert reply.json()["next_cursor"] is None
    own = (await cast.inviter.get(EVENTS)).json()["items"]
    assert [each["event"] for each in own] == ["invitation.created", "session.started"]
    other = (await cast.invitee.get(EVENTS)).json()["items"]
    assert [each["event"] for each in other] == ["session.started"]


async def test_page_by_page_and_as_a_file(cast: Cast, clock: SettableClock) -> None:
    """Each event once, the newest first; formulas in names are defused in the file."""
    formula = '=HYPERLINK("https://evil.example.com","Hej")'
    guest = await factories.make_user(cast.frontend.database, first_name=formula)
    async with cast.frontend.database.transaction() as session:
        for number in range(7):
            audit.record(
                session,
                Event.RIGHTS_REQUESTED,
                at=clock(),
                actor=Actor.USER,
                actor_id=guest.id,
                subject_id=guest.id,
                relation_id=cast.relation.id,
                number=number,
            )
    found, sizes, asked = [], [], {"relation_id": str(cast.relation.id), "limit": "3"}
    while True:
        reply = (await cast.inviter.get(EVENTS, params=asked)).json()
        found += [each["id"] for each in reply["items"]]
        sizes.append(len(reply["items"]))
        if reply["next_cursor"] is None:
            break
        asked["cursor"] = reply["next_cursor"]
    assert (sizes, len(set(found))) == ([3, 3, 1], 7)
    assert field_codes(await cast.inviter.get(EVENTS, params={"cursor": "x"})) == {
        "/query/cursor": "field.invalid"
    }
    assert field_codes(await cast.inviter.get(EVENTS, params={"limit": "0"})) == {
        "/query/limit": "field.invalid"
    }

    relation = {"relation_id": str(cast.relation.id)}
    file = await cast.inviter.get(EXPORT, params=relation, headers={"Accept-Language": "en"})
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="events.csv"'
    assert file.headers["cache-control"] == "no-store"
    head, *lines = csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    assert head == ["Time", "What", "Who", "Whose", "Role", "Process"]
    assert {(each[1], each[2], each[3]) for each in lines} == {
        ("More rights asked for", f"'{guest.full_name}", f"'{guest.full_name}")
    }
    assert len(lines) == 7


async def test_who_sees_my_data(cast: Cast, clock: SettableClock) -> None:
    """Who manages the users sees all that others hold; others, those who manage their authorizations."""
    database = cast.frontend.database
    held = await factories.make_authorization(database, cast.anna, cast.relation, role=Role.RELATION_USER)
    vera = await factories.make_user(database, first_name="Vera")
    await factories.make_authorization(database, vera, cast.relation, role=Role.VIEWER)
    async with database.transaction() as session:
        audit.record(
            session,
            Event.AUTHORIZATION_SUSPENDED,
            at=clock(),
            actor=Actor.OPERATOR,
            subject_id=held.id,
            relation_id=cast.relation.id,
        )
    for client, manages, others, acts in (
        (cast.inviter, True, {"Anna", "Vera"}, 1),
        (cast.invitee, False, {"Birgitta"}, 1),
        (await cast.frontend.log_in(vera), False, {"Birgitta"}, 0),
    ):
        reply = (await client.get(ACCESS)).json()
        [relation] = reply["relations"]
        assert relation["managed"] is manages
        assert {each["first_name"] for each in relation["others"]} == others
        assert len(reply["by_customer_service"]) == acts
        assert not any(each.get("email") for each in relation["others"])
    nothing = (await (await cast.stranger()).get(ACCESS)).json()
    assert nothing == {"relations": [], "by_customer_service": []}
    assert refusal(await cast.frontend.client().get(ACCESS)) == (401, "session.required")
