"""Seven days through the API, in skipped time (spec 3, 3.1): the API's clock is the processes' own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client

from domain.invitations import InvitationResult
from runtime.failures import DATA_CONVERTER
from store.authorizations import active_on
from store.invitations import Invitation
from tests.api.conftest import Cast, assemble
from tests.factories import KEYS
from tests.frontend import Frontend, invite, refusal, registration
from tests.harness import Harness

DAY = timedelta(days=1)


@pytest.fixture
async def skipping_cast(skipping_frontend: Frontend) -> Cast:
    return await assemble(skipping_frontend)


async def invited(cast: Cast, harness: Harness, **changes: Any) -> dict[str, Any]:
    """Invites, and waits until the e-mail is out; the invitation as it is shown then."""
    made = await invite(cast.inviter, cast.relation.id, **{"email": cast.anna.email, **changes})
    harness.handle(UUID(made["id"]))  # ended with the test
    await harness.smtp.taken(to=made["email"])
    await cast.frontend.sent(made["id"])
    shown: dict[str, Any] = (await cast.inviter.get(f"/v1/invitations/{made['id']}")).json()
    return shown


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


async def again(cast: Cast) -> Cast:
    """Days have passed: everybody logs in anew."""
    return Cast(
        cast.frontend,
        cast.relation,
        cast.manager,
        cast.anna,
        await cast.frontend.log_in(cast.manager),
        await cast.frontend.log_in(cast.anna),
    )


async def test_accepted_a_minute_before_the_end(harness: Harness, skipping_cast: Cast) -> None:
    shown = await invited(skipping_cast, harness)
    sent_at = moment(shown["sent_at"])
    assert moment(shown["deadline"]) == sent_at + 7 * DAY

    await harness.skip_to(sent_at + 7 * DAY - timedelta(minutes=1))
    cast = await again(skipping_cast)
    [task] = (await cast.invitee.get("/v1/me/tasks")).json()["items"]
    accepted = await cast.invitee.post(f"/v1/invitations/{task['id']}/accept")

    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert (await cast.frontend.ended(task["id"])).state == "accepted"
    async with cast.frontend.database.reading() as session:
        [held] = await active_on(session, cast.anna.id, cast.relation.id, await harness.now())
    assert held.valid_from == moment(accepted.json()["ended_at"])


async def test_refused_a_minute_after_the_end(harness: Harness, skipping_cast: Cast) -> None:
    shown = await invited(skipping_cast, harness)

    await harness.skip_to(moment(shown["sent_at"]) + 7 * DAY + timedelta(minutes=1))
    cast = await again(skipping_cast)
    path = f"/v1/invitations/{shown['id']}"

    assert refusal(await cast.invitee.post(f"{path}/accept")) == (410, "invitation.expired")
    assert (await cast.frontend.ended(shown["id"])).state == "expired"
    for act, person, expected in (
        ("accept", cast.invitee, (410, "invitation.expired")),
        ("decline", cast.invitee, (410, "invitation.expired")),
        ("cancel", cast.inviter, (409, "invitation.ended")),
    ):
        assert refusal(await person.post(f"{path}/{act}")) == expected
    assert (await cast.inviter.get(path)).json()["state"] == "expired"
    assert (await cast.invitee.get("/v1/me/tasks")).json()["items"] == []
    steps = (await cast.invitee.get(f"/v1/processes/{shown['id']}")).json()["steps"]
    assert [step["event"] for step in steps] == [
        "invitation.created",
        "invitation.sent",
        "invitation.reminded",
        "invitation.expired",
    ]
    token = KEYS.invitation_token(UUID(shown["id"]), 1)
    late = await cast.frontend.client().post("/v1/invitation-registrations", json=registration(token))
    assert refusal(late) == (410, "invitation.expired")
    located = await cast.frontend.client().post("/v1/invitation-lookups", json={"token": token})
    assert located.json()["state"] == "expired"  # said before any typing
    assert len([each for each in harness.smtp.messages if each.to == cast.manager.email]) == 1


async def test_who_registers_in_time_has_an_hour(harness: Harness, skipping_cast: Cast) -> None:
    shown = await invited(skipping_cast, harness, email="sen@example.com")
    deadline, token = moment(shown["deadline"]), KEYS.invitation_token(UUID(shown["id"]), 1)

    await harness.skip_to(deadline - timedelta(minutes=1))
    late = skipping_cast.frontend.client()
    assert (await late.post("/v1/invitation-registrations", json=registration(token))).status_code == 201
    cast = await again(skipping_cast)
    shown = (await cast.inviter.get(f"/v1/invitations/{shown['id']}")).json()
    assert shown["state"] == "registering"
    extended = moment(shown["deadline"])
    assert timedelta(minutes=58) < extended - deadline < timedelta(minutes=59, seconds=30)

    await harness.skip_to(extended - timedelta(minutes=1))
    sen = await cast.frontend.log_in(registration(token)["username"])
    [task] = (await sen.get("/v1/me/tasks")).json()["items"]
    accepted = await sen.post(f"/v1/invitations/{task['id']}/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")


async def test_expired_although_the_process_has_not_noticed(harness: Harness, skipping_cast: Cast) -> None:
    """Lists compare times, whatever timers do; and *invite again* works from the deadline on."""
    shown = await invited(skipping_cast, harness)
    path, deadline = f"/v1/invitations/{shown['id']}", moment(shown["deadline"])
    harness.clock.now = deadline - timedelta(seconds=1)
    cast = await again(skipping_cast)
    assert (await cast.inviter.get(path)).json()["state"] == "pending"

    harness.clock.now = deadline
    [listed] = (await cast.inviter.get(cast.invitations)).json()["items"]
    assert (listed["id"], listed["state"]) == (shown["id"], "expired")
    assert (await cast.inviter.get(path)).json()["state"] == "expired"
    assert (await cast.invitee.get("/v1/me/tasks")).json()["items"] == []
    assert refusal(await cast.invitee.post(f"{path}/accept")) == (410, "invitation.expired")
    async with harness.database.reading() as session:
        assert (await session.get_one(Invitation, UUID(shown["id"]))).state == "pending"

    newer = await invite(cast.inviter, cast.relation.id, email=cast.anna.email)
    harness.handle(UUID(newer["id"]))
    [task] = (await cast.invitee.get("/v1/me/tasks")).json()["items"]
    assert task["id"] == newer["id"] != shown["id"]
    # The old process finds its end later, and takes nothing away from the new one.
    await harness.skip_to(deadline)
    # Not the environment's client: while it waits for a result time is skipped, the new one's as well.
    watching = Client(harness.client.service_client, data_converter=DATA_CONVERTER)
    old = watching.get_workflow_handle(harness.handle(UUID(shown["id"])).id, result_type=InvitationResult)
    assert (await old.result()).state == "expired"
    await harness.now()
    accepted = await cast.invitee.post(f"/v1/invitations/{newer['id']}/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted"), accepted.text
