"""Inviting in phases: what was typed is kept for a day, checked as the invitation is, confirmed once."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.codes import Refused
from domain.vocabulary import DraftKind, InvitationState, Language, Role
from starter.services import Services, drafts, invitations
from starter.services.invitation_checks import FIELDS, Phase, check_phase
from starter.services.refusals import AlreadyPending, FieldsRefused
from store.drafts import Draft
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.api.conftest import Cast
from tests.clock import SettableClock
from tests.frontend import MESSAGE, draft, field_codes, invite, refusal

DAY = timedelta(days=1)
TYPED = {**draft(), "language": ""}
TYPED_BY_PHASE = {phase: {name: TYPED[name] for name in FIELDS[phase]} for phase in Phase}


def services_of(cast: Cast) -> Services:
    return cast.frontend.services


async def begun(cast: Cast, **changes: str) -> Draft:
    """A draft with everything typed."""
    return await drafts.begin(
        services_of(cast), cast.manager, DraftKind.INVITATION, cast.relation.id, TYPED | changes
    )


async def kept(cast: Cast, draft_id: UUID) -> Draft:
    return await drafts.find(services_of(cast), cast.manager, draft_id)


async def code_of_find(cast: Cast, user: User, draft_id: UUID) -> str:
    with pytest.raises(Refused) as refused:
        await drafts.find(services_of(cast), user, draft_id)
    return refused.value.code.value


async def test_phase_by_phase_to_one_invitation(cast: Cast) -> None:
    services = services_of(cast)

    async def check(phase: Phase, **typed: str) -> dict[str, str]:
        return await check_phase(services, cast.manager, cast.relation.id, phase, typed)

    first = await check(Phase.CONTACT_DETAILS, email=" bo@example.com ", role="relation_user", language="fi")
    draft_id = (await drafts.begin(services, cast.manager, DraftKind.INVITATION, cast.relation.id, first)).id
    second = await check(Phase.USER_DETAILS, first_name=" Bo", last_name="A\u030aberg")
    await drafts.save(services, cast.manager, draft_id, **second)
    third = await check(Phase.COVER_MESSAGE, cover_message="Hej!\r\nBo\r\n")
    saved = await drafts.save(services, cast.manager, draft_id, **third)
    assert saved.data == {
        "email": "bo@example.com",
        "role": "relation_user",
        "language": "fi",
        "first_name": "Bo",
        "last_name": "Åberg",
        "cover_message": "Hej!\nBo",
    }

    made = await invitations.create_from_draft(services, cast.manager, draft_id)

    shown = (await cast.inviter.get(f"/v1/invitations/{made.id}")).json()
    assert {name: shown[name] for name in saved.data} == saved.data
    assert (shown["state"], made.relation_id) == ("pending", cast.relation.id)
    confirmed = await kept(cast, draft_id)
    assert (confirmed.data, confirmed.result_id) == ({}, made.id)


async def test_confirming_again_and_saving_after(cast: Cast, clock: SettableClock) -> None:
    services, draft_id = services_of(cast), (await begun(cast)).id
    made = await invitations.create_from_draft(services, cast.manager, draft_id)
    before = await cast.frontend.dump()

    clock.advance(DAY - timedelta(seconds=1))
    again = await invitations.create_from_draft(services, cast.manager, draft_id)
    with pytest.raises(Refused, match="not_found"):
        await drafts.save(services, cast.manager, draft_id, email="eva@example.com")

    assert (again.id, again.email) == (made.id, made.email)
    assert await cast.frontend.dump() == before


async def test_confirming_at_once_makes_one_invitation(cast_on_both: Cast) -> None:
    cast = cast_on_both
    services, draft_id = services_of(cast), (await begun(cast)).id

    made = await asyncio.gather(
        *(invitations.create_from_draft(services, cast.manager, draft_id) for _ in range(8))
    )

    assert len({each.id for each in made}) == 1
    rows = await cast.frontend.dump()
    assert len(rows["invitations"]) == len(rows["drafts"]) == 1
    assert MESSAGE not in repr(rows["drafts"])


async def test_what_is_refused_stays_to_be_mended(cast: Cast) -> None:
    services, draft_id = services_of(cast), (await begun(cast, cover_message="")).id
    with pytest.raises(FieldsRefused) as refused:
        await invitations.create_from_draft(services, cast.manager, draft_id)
    assert [(each.pointer, each.code) for each in refused.value.errors] == [
        ("/cover_message", "field.required")
    ]
    await drafts.save(services, cast.manager, draft_id, cover_message="Hej!")
    pending = await invite(cast.inviter, cast.relation.id)
    with pytest.raises(AlreadyPending):
        await invitations.create_from_draft(services, cast.manager, draft_id)
    await drafts.save(services, cast.manager, draft_id, email="eva@example.com")
    made = await invitations.create_from_draft(services, cast.manager, draft_id)
    assert str(made.id) != pending["id"]


async def test_nobody_elses(cast: Cast) -> None:
    services, draft_id = services_of(cast), (await begun(cast)).id
    colleague = await factories.make_manager(cast.frontend.database, cast.relation)
    before = await cast.frontend.dump()
    for user, wanted in ((colleague, draft_id), (cast.anna, draft_id), (cast.manager, uuid4())):
        assert await code_of_find(cast, user, wanted) == "not_found"
        with pytest.raises(Refused, match="not_found"):
            await drafts.save(services, user, wanted, email="eva@example.com")
        with pytest.raises(Refused, match="not_found"):
            await invitations.create_from_draft(services, user, wanted)
    assert await cast.frontend.dump() == before


async def test_gone_after_a_day(cast: Cast, clock: SettableClock) -> None:
    services, draft_id = services_of(cast), (await begun(cast)).id
    clock.advance(DAY - timedelta(seconds=1))
    assert (await kept(cast, draft_id)).data == TYPED
    clock.advance(timedelta(seconds=1))
    assert await code_of_find(cast, cast.manager, draft_id) == "not_found"
    with pytest.raises(Refused, match="not_found"):
        await invitations.create_from_draft(services, cast.manager, draft_id)
    assert (await cast.frontend.dump())["invitations"] == []


async def test_fifty_at_most(cast: Cast, clock: SettableClock) -> None:
    made = []
    for _ in range(52):
        clock.advance(timedelta(seconds=1))
        made.append((await begun(cast)).id)
    for oldest in made[:2]:
        assert await code_of_find(cast, cast.manager, oldest) == "not_found"
    assert (await kept(cast, made[2])).data == TYPED
    assert len((await cast.frontend.dump())["drafts"]) == 50


# The phases refuse what the invitation would be refused for, with the same codes.


async def refused_in(cast: Cast, phase: Phase, typed: Mapping[str, str]) -> str | dict[str, str]:
    with pytest.raises(Refused) as refused:
        await check_phase(services_of(cast), cast.manager, cast.relation.id, phase, typed)
    if isinstance(refused.value, FieldsRefused):
        return {each.pointer: each.code.value for each in refused.value.errors}
    return refused.value.code.value


@pytest.mark.parametrize(
    ("phase", "changes"),
    [
        (Phase.CONTACT_DETAILS, {"email": "bo boman@example"}),
        (Phase.CONTACT_DETAILS, {"email": "", "role": "king", "language": "de"}),
        (Phase.USER_DETAILS, {"first_name": " ", "last_name": "B" * 101}),
        (Phase.USER_DETAILS, {"first_name": "a\u202eb"}),
        (Phase.COVER_MESSAGE, {"cover_message": "å" * 2001}),
        (Phase.COVER_MESSAGE, {"cover_message": "a\x00"}),
    ],
)
async def test_wrong_fields(cast: Cast, phase: Phase, changes: dict[str, str]) -> None:
    # pydantic has its say before the use case: one field at a time.
    of_create: dict[str, str] = {}
    for name, value in changes.items():
        of_create |= field_codes(await cast.inviter.post(cast.invitations, json=draft(**{name: value})))
    assert await refused_in(cast, phase, TYPED_BY_PHASE[phase] | changes) == of_create


async def test_a_role_must_be_chosen(cast: Cast) -> None:
    typed = {"email": "bo@example.com"}
    assert await refused_in(cast, Phase.CONTACT_DETAILS, typed) == {"/role": "field.required"}


async def test_who_cannot_be_invited_is_known_in_the_first_phase(cast: Cast) -> None:
    await factories.make_authorization(cast.frontend.database, cast.anna, cast.relation, role=Role.VIEWER)
    await invite(cast.inviter, cast.relation.id, email="open@example.com")
    before = await cast.frontend.dump()
    for changes in (
        {"email": cast.manager.email.upper()},
        {"email": cast.anna.email, "role": "viewer"},
        {"email": "open@example.com"},
        {"role": "owner"},
        {"role": "administrator"},
    ):
        _, code = refusal(await cast.inviter.post(cast.invitations, json=draft(**changes)))
        typed = TYPED_BY_PHASE[Phase.CONTACT_DETAILS] | changes
        assert await refused_in(cast, Phase.CONTACT_DETAILS, typed) == code
    assert await cast.frontend.dump() == before


@pytest.mark.parametrize("phase", Phase)
async def test_the_right_is_asked_for_in_every_phase(cast: Cast, phase: Phase) -> None:
    await factories.make_authorization(cast.frontend.database, cast.anna, cast.relation, role=Role.VIEWER)
    stranger = await factories.make_user(cast.frontend.database)
    for user, code in ((cast.anna, "authorization.missing"), (stranger, "not_found")):
        with pytest.raises(Refused, match=code):
            await check_phase(services_of(cast), user, cast.relation.id, phase, TYPED_BY_PHASE[phase])


# Invite again


async def test_an_old_invitation_filled_in_again(cast: Cast, clock: SettableClock) -> None:
    database, services = cast.frontend.database, services_of(cast)
    old = await factories.make_invitation(
        database,
        inviter=cast.manager,
        relation=cast.relation,
        email=cast.anna.email,
        role=Role.VIEWER,
        language=Language.ENGLISH,
        state=InvitationState.EXPIRED,
        ended_at=clock(),
    )
    colleague = await factories.make_manager(database, cast.relation)
    data = await drafts.from_invitation(services, colleague, old.id)
    assert data == {
        "email": cast.anna.email,
        "role": "viewer",
        "language": "en",
        "first_name": "Anna",
        "last_name": "Andersson",
        "cover_message": MESSAGE,
    }
    again = await drafts.begin(services, colleague, DraftKind.INVITATION, cast.relation.id, data)
    made = await invitations.create_from_draft(services, colleague, again.id)
    assert (made.email, made.role, made.language) == (old.email, old.role, old.language)

    async with database.transaction() as session:
        (await session.get_one(Invitation, old.id)).purge(clock())
    data = await drafts.from_invitation(services, cast.manager, old.id)
    assert {name for name, value in data.items() if value} == {"role", "language"}
    with pytest.raises(Refused, match=r"authorization\.missing"):
        await drafts.from_invitation(services, cast.anna, made.id)
    with pytest.raises(Refused, match="not_found"):
        await drafts.from_invitation(services, cast.anna, old.id)
