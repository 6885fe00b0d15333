"""An invitation to levels that only somebody identified strongly may have (spec sections 2 and 5)."""

import asyncio

from domain.codes import Code
from domain.invitations import DecisionOutcome
from domain.vocabulary import InvitationState, Level, Subpage
from starter.identification.provider import Identity
from starter.services import identified
from store.users import User
from tests.bank import new_person
from tests.registering import Registering, log_in


async def identify(registering: Registering, user: User) -> None:
    """The user identifies in a session of his."""
    now, person = await registering.harness.now(), new_person()
    session, _ = await log_in(registering.services, user)
    known = Identity(
        personal_identity_code=person.code,
        first_name=person.first_name,
        last_name=person.last_name,
        level="http://ftn.ficora.fi/2017/loatest2",
        identified_at=now,
    )
    await identified.for_session(registering.services, session.id, known)


async def test_accepting_waits_for_the_identification(registering: Registering) -> None:
    harness = registering.harness
    invited = await harness.invite(levels={Subpage.INVOICES: Level.WRITE})
    assert invited.invitee is not None
    await harness.sent(invited)
    required = DecisionOutcome(state=InvitationState.PENDING, refusal=Code.IDENTIFICATION_REQUIRED)

    answers = await asyncio.gather(*(harness.accept(invited) for _ in range(3)))

    assert answers == [required] * 3
    assert await harness.grants(invited) == []
    assert await harness.events(invited) == ["created", "sent"]
    await identify(registering, invited.invitee)
    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED
    [grant] = await harness.grants(invited)
    assert grant.levels[Subpage.INVOICES] is Level.WRITE


async def test_levels_that_ask_for_none(registering: Registering) -> None:
    harness = registering.harness
    invited = await harness.invite(levels={Subpage.REPORTS: Level.WRITE})
    await harness.sent(invited)
    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED
