"""No personal data enters Temporal: raw histories of every success and failure (A42)."""

import base64
import quopri
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.invitations import Act
from domain.vocabulary import InvitationState
from runtime.failures import DATA_CONVERTER
from store.invitations import Invitation
from tests.factories import KEYS
from tests.faulty_database import Fault, FaultyDatabase
from tests.harness import Harness, Invited, eventually
from tests.leaks import assert_nothing_personal, raw_history
from tests.smtp_server import Reply
from tests.workflows.telling import CANARY, Telling

INVITEE: dict[str, Any] = {
    "email": "aino.kanariefagel@example.com",
    "first_name": "Aino-Kanarie",
    "last_name": "Fågelström",
    "cover_message": "Hej Aino! Här är hemligheten: kanelbulle.",
}


async def personal(harness: Harness, invited: Invited) -> list[str]:
    """Everything about the people and the customer that must stay in the database."""
    row = await harness.row(invited)
    people = [each for each in (invited.inviter, invited.invitee) if each is not None]
    return [
        *INVITEE.values(),
        KEYS.invitation_token(row.id, row.generation),
        row.token_hash,
        row.relation.customer.name,
        row.relation.customer.customer_number,
        *(each for user in people for each in (user.email, user.full_name, user.first_name, user.last_name)),
    ]


async def accepted(harness: Harness, invited: Invited) -> None:
    async with harness.database.transaction() as session:
        invitee = await session.merge(invited.invitee)
        assert invitee is not None
        invitee.email = invitee.email_normalised = INVITEE["email"]
    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED


async def declined(harness: Harness, invited: Invited) -> None:
    await harness.begin_registration(invited)
    assert invited.invitee is not None
    await harness.decide(invited, Act.DECLINE, invited.invitee)


async def wrong_user_then_cancelled(harness: Harness, invited: Invited) -> None:
    assert (await harness.accept(invited)).refusal is not None
    await harness.decide(invited, Act.CANCEL, invited.inviter)


@pytest.mark.parametrize("story", [accepted, declined, wrong_user_then_cancelled])
async def test_a_story_without_trouble(harness: Harness, story: Callable[..., Any]) -> None:
    invited = await harness.invite(**INVITEE)
    await harness.sent(invited)
    await story(harness, invited)
    await invited.handle.result()

    assert_nothing_personal(await raw_history(invited.handle), await personal(harness, invited))


@pytest.mark.parametrize("code", [450, 550])
async def test_the_mail_server_names_the_recipient(harness: Harness, code: int) -> None:
    harness.smtp.behave(INVITEE["email"], Reply(code))
    invited = await harness.invite(**INVITEE)
    await harness.tried(invited, 2 if code == 450 else 1)
    if code == 450:
        assert_nothing_personal(await raw_history(invited.handle), await personal(harness, invited))
        await harness.decide(invited, Act.CANCEL, invited.inviter)
    await invited.handle.result()

    assert_nothing_personal(await raw_history(invited.handle), await personal(harness, invited))


async def test_the_database_tells_in_its_errors(idle_harness: Harness) -> None:
    harness = idle_harness
    talkative = FaultyDatabase(harness.database, words=f"duplicate key ({INVITEE['email']}) {CANARY}")
    talkative.faults.extend([Fault.UNREACHABLE] * 2)
    async with harness.worker(talkative):
        invited = await harness.invite(**INVITEE)
        await eventually(lambda: not talkative.faults)
        await harness.skip(timedelta(minutes=1))
        await harness.sent(invited)
        talkative.faults.extend([Fault.AFTER_COMMIT] * 3)
        await harness.decide(invited, Act.CANCEL, invited.inviter)
        await invited.handle.result()
    await talkative.close()

    found = await raw_history(invited.handle)
    assert found.count(b"DeliverInvitation") > 1  # the regular activity after the local one
    assert_nothing_personal(found, [*await personal(harness, invited), CANARY])


async def test_an_update_that_fails(harness: Harness) -> None:
    invited = await harness.invite(**INVITEE)
    await harness.sent(invited)
    secret = await personal(harness, invited)
    async with harness.database.transaction() as session:
        await session.delete(await session.get_one(Invitation, invited.id))

    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await harness.accept(invited)

    assert isinstance(failed.value.cause, ActivityError)
    assert str(failed.value.cause.cause) == "not_found: not_found"
    assert_nothing_personal(await raw_history(invited.handle), secret)


@pytest.mark.parametrize("ours", [True, False], ids=["our-converter", "default-converter"])
async def test_a_failing_workflow_task(time_skipping: WorkflowEnvironment, ours: bool) -> None:
    """With the SDK's own failure converter the name would be in history: the negative control."""
    client = await Client.connect(
        time_skipping.client.service_client.config.target_host,
        data_converter=DATA_CONVERTER if ours else pydantic_data_converter,
    )
    queue = f"telling-{uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[Telling]):
        handle = await client.start_workflow(Telling.run, id=queue, task_queue=queue)
        failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        while failed not in [event.event_type for event in (await handle.fetch_history()).events]:
            pass
        found = await raw_history(handle)
        await handle.terminate()

    if ours:
        assert_nothing_personal(found, [CANARY])
    else:
        with pytest.raises(AssertionError):
            assert_nothing_personal(found, [CANARY])


@pytest.mark.parametrize(
    "hide",
    [
        lambda text: text.encode(),
        lambda text: text.upper().encode(),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("unicode_escape"),
        lambda text: quote(text).encode(),
        lambda text: quopri.encodestring(text.encode()),
        lambda text: text.encode("ascii", "xmlcharrefreplace"),
        lambda text: text.encode().hex().encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(b"x" + text.encode()).rstrip(b"="),
        lambda text: base64.b64encode(b'{"data": "' + base64.b64encode(quote(text).encode()) + b'"}'),
    ],
)
def test_the_looking_glass_sees(hide: Callable[[str], bytes]) -> None:
    """The negative controls of the check itself."""
    blob = b'\n\x05prefix "' + hide(CANARY) + b'" suffix'
    with pytest.raises(AssertionError):
        assert_nothing_personal(blob, [CANARY])
    assert_nothing_personal(blob, ["Somebody Else"])
