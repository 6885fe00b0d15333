"""The processes of a relation, as each person may see them (spec 4)."""

from datetime import timedelta
from uuid import UUID

from domain.roles import ROLE_LEVELS
from domain.vocabulary import AuthorizationChangeState, InvitationState, Level, Role, Subpage
from starter.services import levels, removals
from store import invitations
from store.audit import Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.invitations import Invitation
from tests import factories
from tests.api.conftest import Cast
from tests.clock import SettableClock
from tests.frontend import invite, refusal

SECOND = timedelta(seconds=1)


def processes(cast: Cast) -> str:
    return f"/v1/customer-relations/{cast.relation.id}/processes"


async def test_managers_see_all_and_others_their_own(cast: Cast, clock: SettableClock) -> None:
    database = cast.frontend.database
    await factories.make_authorization(database, cast.anna, cast.relation, role=Role.VIEWER)
    others = await invite(cast.inviter, cast.relation.id)
    clock.advance(SECOND)
    own = await invite(cast.inviter, cast.relation.id, email=cast.anna.email, first_name="Anni")

    shown = (await cast.inviter.get(processes(cast))).json()
    assert [each["id"] for each in shown["items"]] == [own["id"], others["id"]]
    assert shown["next_cursor"] is None
    assert shown["items"][0] == {
        "id": own["id"],
        "kind": "invitation",
        "state": "pending",
        "invitee_name": "Anni Boman",
        "change": None,
        "user_name": None,
        "created_at": own["created_at"],
        "until": own["deadline"],
    }
    assert (await cast.invitee.get(processes(cast))).json()["items"] == shown["items"][:1]
    # Whoever only was invited sees it under its id, and nothing of the relation.
    stranger = await cast.stranger()
    assert refusal(await stranger.get(processes(cast))) == (404, "not_found")


async def test_states_are_as_of_now_and_the_erased_have_no_name(cast: Cast, clock: SettableClock) -> None:
    database = cast.frontend.database
    erased = await factories.make_invitation(
        database,
        inviter=cast.manager,
        relation=cast.relation,
        email="gone@example.com",
        state=InvitationState.DECLINED,
        ended_at=clock(),
        now=clock() - timedelta(days=31),
    )
    async with database.transaction() as session:
        (await session.get_one(Invitation, erased.id)).purge(clock())
    over = await factories.make_invitation(
        database,
        inviter=cast.manager,
        relation=cast.relation,
        email="over@example.com",
        now=clock() - timedelta(days=8),
    )
    shown = (await cast.inviter.get(processes(cast))).json()["items"]
    assert [(each["id"], each["state"], each["invitee_name"], each["until"]) for each in shown] == [
        (str(over.id), "expired", "Anna Andersson", None),
        (str(erased.id), "declined", None, None),
    ]


async def test_who_cancelled(cast: Cast, clock: SettableClock) -> None:
    database = cast.frontend.database
    colleague = await factories.make_manager(database, cast.relation)
    for user, by in ((cast.manager, "inviter"), (colleague, "manager")):
        made = await invite(cast.inviter, cast.relation.id, email=f"{by}@example.com")
        async with database.transaction() as session:
            row = await session.get_one(Invitation, UUID(made["id"]))
            invitations.end(session, row, InvitationState.CANCELLED, by=user.id, at=clock())
        shown = (await cast.inviter.get(f"/v1/processes/{made['id']}")).json()
        assert [(each["event"], each["by"]) for each in shown["steps"]] == [
            ("invitation.created", "inviter"),
            ("invitation.cancelled", by),
        ]


async def test_in_pages(cast: Cast, clock: SettableClock) -> None:
    made = []
    for number in range(5):
        clock.advance(SECOND)
        made.append((await invite(cast.inviter, cast.relation.id, email=f"{number}@example.com"))["id"])

    seen: list[list[str]] = []
    query: dict[str, str] | None = {"limit": "2"}
    while query:
        page = (await cast.inviter.get(processes(cast), params=query)).json()
        seen.append([each["id"] for each in page["items"]])
        cursor = page["next_cursor"]
        query = {"limit": "2", "cursor": cursor} if cursor else None

    newest_first = made[::-1]
    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]


async def held_by_anna(cast: Cast, role: Role = Role.RELATION_USER) -> Authorization:
    return await factories.make_authorization(cast.frontend.database, cast.anna, cast.relation, role=role)


async def lowered(cast: Cast, held: Authorization) -> AuthorizationChange:
    made = await levels.change(
        cast.frontend.services,
        cast.manager,
        held.id,
        {**ROLE_LEVELS[Role.RELATION_USER], Subpage.INVOICES: Level.NONE},
        seen=levels.version(held),
    )
    assert made is not None
    return made


async def test_changes_stand_among_the_invitations(cast: Cast, clock: SettableClock) -> None:
    services = cast.frontend.services
    held = await held_by_anna(cast)
    other = await factories.make_authorization(
        cast.frontend.database,
        await factories.make_user(cast.frontend.database, first_name="Eva", last_name="Ek"),
        cast.relation,
        role=Role.VIEWER,
    )
    made = []
    for number in range(3):
        clock.advance(SECOND)
        made.append((await invite(cast.inviter, cast.relation.id, email=f"{number}@example.com"))["id"])
        clock.advance(SECOND)
        if number == 0:
            made.append(str((await lowered(cast, held)).id))
        elif number == 1:
            made.append(str((await removals.remove(services, cast.manager, [other.id])).id))
        else:
            made.append(str((await removals.remove(services, cast.anna, [held.id])).id))

    seen: list[dict[str, object]] = []
    query: dict[str, str] | None = {"limit": "2"}
    while query:
        page = (await cast.inviter.get(processes(cast), params=query)).json()
        assert len(page["items"]) == 2
        seen += page["items"]
        query = {"limit": "2", "cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert [each["id"] for each in seen] == made[::-1]
    changes = [each for each in seen if each["kind"] == "authorization_change"]
    assert [(each["change"], each["user_name"], each["state"], each["until"]) for each in changes] == [
        ("given_up", "Anna Andersson", "telling", None),
        ("removal", "Eva Ek", "telling", None),
        ("levels", "Anna Andersson", "telling", None),
    ]
    assert {each["invitee_name"] for each in changes} == {None}


async def test_others_see_what_was_done_to_what_they_hold(cast: Cast, clock: SettableClock) -> None:
    """Anna keeps one role and sees the loss of the other; Eva holds nothing any more and still sees hers."""
    services, database = cast.frontend.services, cast.frontend.database
    held = await held_by_anna(cast)
    await held_by_anna(cast, Role.VIEWER)
    eva = await factories.make_user(database)
    hers = await factories.make_authorization(database, eva, cast.relation, role=Role.VIEWER)
    annas = await removals.remove(services, cast.manager, [held.id])
    evas = await removals.remove(services, cast.manager, [hers.id])

    listed = (await cast.invitee.get(processes(cast))).json()["items"]
    assert [each["id"] for each in listed] == [str(annas.id)]
    assert (await cast.invitee.get(f"/v1/processes/{annas.id}")).status_code == 200
    assert refusal(await cast.invitee.get(f"/v1/processes/{evas.id}")) == (404, "not_found")
    as_eva = await cast.frontend.log_in(eva)
    assert refusal(await as_eva.get(processes(cast))) == (404, "not_found")
    assert (await as_eva.get(f"/v1/processes/{evas.id}")).status_code == 200
    for stranger in (await cast.stranger(), as_eva):
        assert refusal(await stranger.get(f"/v1/processes/{annas.id}")) == (404, "not_found")


async def test_the_timeline_of_a_removal(cast: Cast, clock: SettableClock) -> None:
    database, services = cast.frontend.database, cast.frontend.services
    held = await held_by_anna(cast, Role.ADMINISTRATOR)
    await invite(cast.invitee, cast.relation.id, email="bo@example.com")
    change = await removals.remove(services, cast.manager, [held.id])
    clock.advance(SECOND)
    async with database.transaction() as session:
        row = await session.get_one(AuthorizationChange, change.id)
        row.state, row.ended_at = AuthorizationChangeState.TOLD, clock()

    for reader in (cast.inviter, cast.invitee):
        shown = (await reader.get(f"/v1/processes/{change.id}", headers={"Accept-Language": "en"})).json()
        assert (shown["kind"], shown["change"], shown["state"]) == ("authorization_change", "removal", "told")
        assert (shown["waiting_for"], shown["until"], shown["user_name"]) == (None, None, "Anna Andersson")
        assert [(each["event"], each["by"]) for each in shown["steps"]] == [
            (Event.AUTHORIZATION_ENDED, "manager"),
            (Event.INVITATION_VOID, "process"),
            (Event.AUTHORIZATION_CHANGE_TOLD, "process"),
        ]
        assert shown["steps"][0]["text"] == "The authorization was removed."


async def test_who_did_it(cast: Cast) -> None:
    database, services = cast.frontend.database, cast.frontend.services
    given_up = await removals.remove(services, cast.anna, [(await held_by_anna(cast)).id])
    by_service = await removals.remove(services, cast.manager, [(await held_by_anna(cast)).id])
    async with database.transaction() as session:
        (await session.get_one(AuthorizationChange, by_service.id)).actor_id = None
    levelled = await lowered(cast, await held_by_anna(cast))
    for change, event, by in (
        (given_up, Event.AUTHORIZATION_ENDED, "user"),
        (by_service, Event.AUTHORIZATION_ENDED, "customer_service"),
        (levelled, Event.AUTHORIZATION_LEVELS_CHANGED, "manager"),
    ):
        shown = (await cast.inviter.get(f"/v1/processes/{change.id}")).json()
        assert [(each["event"], each["by"]) for each in shown["steps"]] == [(event, by)]
