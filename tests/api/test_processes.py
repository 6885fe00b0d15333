"""The processes of a relation, as each person may see them (spec 4)."""

from datetime import timedelta
from uuid import UUID

from domain.vocabulary import InvitationState, Role
from store import invitations
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
