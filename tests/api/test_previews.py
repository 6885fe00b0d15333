"""The very e-mail before it is sent (spec 3.1, phase 4)."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import httpx2
import pytest

from domain.invitations import DeliverInvitation
from domain.vocabulary import InvitationState, Language, Role
from store.invitations import Invitation
from tests import factories
from tests.activities.running import attempt, messages_of
from tests.api.conftest import Cast
from tests.clock import SettableClock
from tests.factories import KEYS
from tests.frontend import draft, invite, refusal
from tests.smtp_server import ScriptedSmtpServer, TakenMessage

MESSAGE = "Hej Bo!\n\nSe <b>www.example.com</b> & ring 09 123 4567.\n\t“Åsa” ❤"


def previews(cast: Cast) -> str:
    return f"/v1/customer-relations/{cast.relation.id}/invitation-previews"


async def previewed(cast: Cast, **changes: Any) -> dict[str, str]:
    response = await cast.inviter.post(previews(cast), json=draft(**changes))
    assert response.status_code == 200, response.text
    email: dict[str, str] = response.json()
    return email


async def deliver(
    cast: Cast, smtp: ScriptedSmtpServer, invitation_id: str, clock: SettableClock
) -> TakenMessage:
    """Sends the e-mail of an invitation, as the process does."""
    waits = cast.frontend.services.settings.waits
    order = DeliverInvitation(invitation_id=UUID(invitation_id), now=clock(), acceptance=waits.acceptance)
    await attempt(messages_of(cast.frontend.database, smtp).deliver, order)
    return smtp.messages[-1]


def read(taken: TakenMessage) -> dict[str, str]:
    """What was sent, without what MIME makes of it: its line breaks, and one at the end."""
    message = message_from_bytes(taken.raw, _class=EmailMessage, policy=policy.default)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return {
        "subject": str(message["Subject"]),
        "text": str(plain.get_content()).replace("\r\n", "\n"),
        "html": str(html.get_content()).replace("\r\n", "\n").removesuffix("\n"),
    }


@pytest.mark.parametrize("language", Language)
async def test_it_is_what_is_sent_but_for_the_link(
    cast: Cast, smtp: ScriptedSmtpServer, clock: SettableClock, language: Language
) -> None:
    body = {"email": "bo@example.com", "cover_message": MESSAGE, "language": language, "last_name": "O'B.ö"}
    shown = await previewed(cast, **body)
    made = await invite(cast.inviter, cast.relation.id, **body)
    sent = read(await deliver(cast, smtp, made["id"], clock))

    token = KEYS.invitation_token(UUID(made["id"]), 1)
    assert token in sent["text"]
    expected = {part: text.replace(token, "...") for part, text in sent.items()}
    assert shown == expected


async def test_it_tells_neither_a_token_nor_who_is_registered(
    cast: Cast, smtp: ScriptedSmtpServer, clock: SettableClock
) -> None:
    finn = await factories.make_user(cast.frontend.database, language=Language.FINNISH)
    before = await cast.frontend.dump()
    shown = await previewed(cast, email=finn.email)
    assert shown == await previewed(cast, email="nobody@example.com")
    assert set(re.findall(r"/invitations/open/([^\s\"<]*)", shown["text"] + shown["html"])) == {"..."}
    assert await cast.frontend.dump() == before

    # What he really gets is in his own language.
    made = await invite(cast.inviter, cast.relation.id, email=finn.email)
    sent = read(await deliver(cast, smtp, made["id"], clock))
    assert sent["subject"] != shown["subject"]
    assert shown["subject"] == (await previewed(cast, language="sv"))["subject"]
    assert sent["subject"] == (await previewed(cast, language="fi"))["subject"]


async def both(cast: Cast, client: httpx2.AsyncClient, body: dict[str, Any]) -> tuple[int, str]:
    """The refusal of a preview, which is the invitation's own."""
    before = await cast.frontend.dump("audit_events")
    answers = [await client.post(path, json=body) for path in (previews(cast), cast.invitations)]
    assert answers[0].content == answers[1].content
    assert answers[0].headers.get("retry-after") == answers[1].headers.get("retry-after")
    assert await cast.frontend.dump("audit_events") == before
    return refusal(answers[0])


async def test_it_is_refused_as_the_invitation_is(cast: Cast) -> None:
    database = cast.frontend.database
    await factories.make_authorization(database, cast.anna, cast.relation, role=Role.VIEWER)
    await invite(cast.inviter, cast.relation.id, email="open@example.com")
    expected: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"email": "bo", "first_name": " ", "cover_message": ""}, (422, "request.invalid")),
        ({"role": "owner"}, (422, "authorization.role_not_available")),
        ({"role": "administrator"}, (422, "identification.required")),
        ({"levels": {"consumption": "write"}}, (422, "authorization.level_unknown")),
        ({"email": cast.manager.email}, (422, "invitation.own_address")),
        ({"email": cast.anna.email, "role": "viewer"}, (409, "authorization.exists")),
        ({"email": "OPEN@example.com"}, (409, "invitation.already_pending")),
    ]
    for changes, code in expected:
        assert await both(cast, cast.inviter, draft(**changes)) == code
    assert await both(cast, cast.invitee, draft()) == (403, "authorization.missing")
    assert await both(cast, await cast.stranger(), draft()) == (404, "not_found")


async def test_it_counts_nothing_and_ends_nothing(cast: Cast, clock: SettableClock) -> None:
    over = await factories.make_invitation(
        cast.frontend.database,
        inviter=cast.manager,
        relation=cast.relation,
        email="over@example.com",
        now=clock() - timedelta(days=9),
    )
    for _ in range(25):
        await previewed(cast, email="over@example.com")
    shown = (await cast.inviter.get(f"/v1/processes/{over.id}")).json()
    assert (shown["state"], len(shown["steps"])) == ("expired", 1)  # by the clock alone
    await invite(cast.inviter, cast.relation.id, email="over@example.com")
    shown = (await cast.inviter.get(f"/v1/processes/{over.id}")).json()
    assert len(shown["steps"]) == 2

    for _ in range(4):
        await factories.make_invitation(
            cast.frontend.database,
            inviter=cast.manager,
            relation=cast.relation,
            email="five@example.com",
            state=InvitationState.CANCELLED,
            ended_at=clock(),
            now=clock(),
        )
    await previewed(cast, email="five@example.com")
    five = await invite(cast.inviter, cast.relation.id, email="five@example.com")
    async with cast.frontend.database.transaction() as session:
        (await session.get_one(Invitation, UUID(five["id"]))).state = InvitationState.CANCELLED
    code = await both(cast, cast.inviter, draft(email="five@example.com"))
    assert code == (429, "invitation.too_many_for_address")
