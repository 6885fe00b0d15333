"""Erasing a user: two weeks for regret, then nothing of the person is left anywhere (spec 3.7, A43)."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from domain import ids
from domain.codes import Code, Refused
from domain.erasures import ErasureResult
from domain.vocabulary import (
    CustomerKind,
    DraftKind,
    ErasureState,
    InvitationState,
    Language,
    Message,
    ProcessKind,
    Role,
    Subpage,
)
from starter.services import (
    account_links,
    drafts,
    erasures,
    export,
    invitations,
    rights_requests,
    service_requests,
    sessions,
)
from starter.services.invitation_checks import Draft
from store.audit import AuditEvent, Event
from store.authorizations import Authorization
from store.erasures import Erasure
from store.invitations import Invitation
from store.service_requests import ServiceRequest
from store.sessions import Session
from store.users import User
from tests import factories
from tests.activities.running import everything
from tests.bank import new_person
from tests.factories import PASSWORD
from tests.frontend import new_source
from tests.leaks import assert_nothing_personal, raw_history
from tests.registering import Registering
from tests.registry.stand_in import contract
from tests.smtp_server import Reply

_TWO_WEEKS = timedelta(days=14)
_HOUR = timedelta(hours=1)
FIRST, LAST = "Kanariina", "Fågelström"
# The retailer's own register of its customers, which the erasure does not touch (ADR 0013).
REGISTRY = frozenset({"customers", "customer_relations", "contracts"})
# Rows that are kept to tell people and sources apart, as keyed hashes that end with their window.
HASHES = frozenset({"counters"})


def process(registering: Registering, erasure: Erasure) -> WorkflowHandle[Any, ErasureResult]:
    return registering.harness.client.get_workflow_handle(
        ids.workflow_id(ProcessKind.ERASURE, erasure.id), result_type=ErasureResult
    )


async def logged_in(registering: Registering, user: User) -> Session:
    token = (await sessions.start_for(registering.services, user.id, new_source())).token
    return await sessions.current(registering.services, token)


async def somebody(registering: Registering) -> User:
    """A company's administrator, by strong identification."""
    registering.says_company("600101", electricity=[contract("E-1")])
    applicant = await registering.complete(customer_number="600101", person=new_person(FIRST, LAST))
    await registering.harness.now()
    return await registering.user(applicant)


async def comes_due(registering: Registering, erasure: Erasure) -> ErasureState:
    """Lets the rest of the time pass; how it ended. What is owed is delivered, as the schedule does."""
    harness = registering.harness
    await harness.skip_to(erasure.due + timedelta(minutes=1))
    await harness.outbox.drain(timedelta(0))
    await harness.skip(timedelta(days=2))
    await harness.outbox.drain(timedelta(0))
    return (await process(registering, erasure).result()).state


async def lives(registering: Registering, user: User) -> None:
    """Leaves traces of a user everywhere that somebody can leave any."""
    services, database = registering.services, registering.harness.database
    now = await registering.harness.now()
    other = await factories.make_relation(database)
    manager = await factories.make_manager(database, other)
    viewer = await factories.make_authorization(database, user, other, role=Role.VIEWER)
    asked = dict(viewer.levels) | {Subpage.INVOICES: list(type(viewer.levels[Subpage.INVOICES]))[1]}
    await rights_requests.ask(services, user, viewer.id, asked, f"Hälsningar, {FIRST} {LAST}")
    async with database.reading() as session:
        own = await session.scalar(select(Authorization).where(Authorization.user_id == user.id))
    assert own is not None
    typed = Draft(
        "gast@example.com", "Gast", "Gastsson", f"Välkommen! {FIRST}", Role.VIEWER, Language.SWEDISH
    )
    await invitations.create(services, user, own.relation_id, typed, None)
    await drafts.begin(services, user, DraftKind.INVITATION, own.relation_id, {"cover_message": FIRST})
    for state in (InvitationState.ACCEPTED, InvitationState.EXPIRED):
        await factories.make_invitation(
            database,
            inviter=manager,
            relation=await factories.make_relation(database),
            email=user.email,
            first_name=FIRST,
            last_name=LAST,
            state=state,
            now=now,
            ended_at=now,
        )
    waiting = Draft(user.email, FIRST, LAST, "Hej!", Role.RELATION_USER, Language.SWEDISH)
    await invitations.create(services, manager, other.id, waiting, None)
    await account_links.ask_password_reset(services, user.email, new_source())
    await service_requests.ask_without_means(
        services, name=f"{FIRST} {LAST}", email=user.email, phone="", message="Hjälp!", source=new_source()
    )
    await export.of_user(services, user)


async def test_after_two_weeks_nothing_of_the_person_is_left(
    registering_on_both: Registering, log_file: Path
) -> None:
    registering = registering_on_both
    services, database = registering.services, registering.harness.database
    begins = (await asyncio.to_thread(log_file.stat)).st_size
    user = await somebody(registering)
    await lives(registering, user)
    session = await logged_in(registering, user)
    words = [FIRST, LAST, user.email, user.username]
    before = repr([rows for table, rows in (await everything(database)).items() if table not in REGISTRY])
    with pytest.raises(AssertionError):
        assert_nothing_personal(before.encode(), words)

    erasure = await erasures.schedule(services, session, PASSWORD)
    assert (await process(registering, erasure).describe()).status is not None
    await registering.harness.skip(_TWO_WEEKS - _HOUR)
    assert (await erasures.preview(services, user)).scheduled is not None
    assert await comes_due(registering, erasure) is ErasureState.DONE

    dump = await everything(database)
    left = {table: rows for table, rows in dump.items() if table not in REGISTRY | HASHES}
    assert_nothing_personal(repr(left).encode(), words)
    logs = (await asyncio.to_thread(log_file.read_bytes))[begins:]
    assert_nothing_personal(logs, words)
    assert_nothing_personal(await histories(registering), words)
    with pytest.raises(Refused) as refused:
        await sessions.log_in(services, username=user.username, password=PASSWORD, source=new_source())
    assert refused.value.code is Code.SESSION_BAD_CREDENTIALS
    assert registering.received(erasure.id, user.email) == [Message.ERASURE_SCHEDULED, Message.ERASURE_DUE]
    await registers_again(registering, user)


async def histories(registering: Registering) -> bytes:
    """All that Temporal keeps of every process that any row points to."""
    client, dump = registering.harness.client, await everything(registering.harness.database)
    found = b""
    for kind, table in (
        (ProcessKind.ERASURE, "erasures"),
        (ProcessKind.INVITATION, "invitations"),
        (ProcessKind.RIGHTS_REQUEST, "rights_requests"),
        (ProcessKind.AUTHORIZATION_CHANGE, "authorization_changes"),
        (ProcessKind.REGISTRATION, "registrations"),
    ):
        column = [each.name for each in Erasure.metadata.tables[table].columns].index("id")
        for row in dump[table]:
            handle = client.get_workflow_handle(ids.workflow_id(kind, row[column]))
            with suppress(RPCError):  # rows that factories made have no process
                found += await raw_history(handle)
    assert found
    return found


async def registers_again(registering: Registering, user: User) -> None:
    """The address and the person are free: a new user, who has nothing of the old one."""
    registering.says_company("600102", electricity=[contract("E-2")])
    again = await registering.begin(
        customer_number="600102", person=new_person(FIRST, LAST), email=user.email
    )
    mails = sum(each.to == user.email for each in registering.harness.smtp.messages)
    assert (await registering.identify(again)).refusal is None
    await registering.submit(again)
    await registering.confirm_email(again, mails=mails + 1)
    await registering.confirm(again)
    new = await registering.user(again)
    assert new.id != user.id
    assert new.email == user.email


async def test_regret(registering: Registering) -> None:
    user = await somebody(registering)
    session = await logged_in(registering, user)
    before = (await erasures.preview(registering.services, user)).relations
    erasure = await erasures.schedule(registering.services, session, PASSWORD)
    again = await erasures.schedule(registering.services, session, PASSWORD)
    assert again.id == erasure.id
    await registering.harness.skip(_TWO_WEEKS - _HOUR)

    await erasures.regret(registering.services, user)

    assert (await process(registering, erasure).result()).state is ErasureState.CANCELLED
    await registering.harness.skip(timedelta(days=2))
    kept = await erasures.preview(registering.services, user)
    assert [each.id for each in kept.relations] == [each.id for each in before]
    assert kept.scheduled is None
    assert registering.received(erasure.id, user.email) == [
        Message.ERASURE_SCHEDULED,
        Message.ERASURE_CANCELLED,
    ]
    with pytest.raises(Refused) as refused:
        await erasures.regret(registering.services, user)
    assert refused.value.code is Code.NOT_FOUND


async def test_too_late_to_regret(registering: Registering) -> None:
    """From the moment on when it is due, whether the process has noticed or not."""
    user = await somebody(registering)
    erasure = await erasures.schedule(registering.services, await logged_in(registering, user), PASSWORD)
    registering.harness.clock.now = erasure.due
    with pytest.raises(Refused) as refused:
        await erasures.regret(registering.services, user)
    assert refused.value.code is Code.ERASURE_ENDED


async def test_a_mailbox_that_is_away_keeps_nobody(registering: Registering) -> None:
    user = await somebody(registering)
    session = await logged_in(registering, user)
    registering.harness.smtp.behave(user.email, [Reply(450)] * 1000)
    erasure = await erasures.schedule(registering.services, session, PASSWORD)
    assert await comes_due(registering, erasure) is ErasureState.DONE


async def test_customer_service_looks_for_a_manager(registering: Registering) -> None:
    user = await somebody(registering)
    session = await logged_in(registering, user)
    [alone] = (await erasures.preview(registering.services, user)).without_manager
    erasure = await erasures.schedule(registering.services, session, PASSWORD)
    assert await comes_due(registering, erasure) is ErasureState.DONE

    requests = await registering.all_of(ServiceRequest)
    assert [(each.customer_id, each.contact) for each in requests] == [
        (alone.customer_id, {"reason": "last_manager_erased"})
    ]
    events = await registering.all_of(AuditEvent)
    erased = [each for each in events if each.event is Event.USER_ERASED]
    assert [each.subject_id for each in erased] == [user.id]


async def test_open_invitations_end(registering: Registering) -> None:
    """His own fall with his right; those to him are declined."""
    user = await somebody(registering)
    await lives(registering, user)
    # Younger than the two weeks, so that they are open when the time comes.
    session = await logged_in(registering, user)
    erasure = await erasures.schedule(registering.services, session, PASSWORD)
    await registering.harness.skip(_TWO_WEEKS - timedelta(days=1))
    database = registering.harness.database
    home = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    owner = await factories.make_manager(database, home)
    to_him = await invitations.create(
        registering.services,
        owner,
        home.id,
        Draft(user.email, FIRST, LAST, "Hej!", Role.RELATION_USER, Language.SWEDISH),
        None,
    )
    own = await invitations.create(
        registering.services,
        user,
        await relation_of(registering, user),
        Draft("ny@example.com", "Ny", "Person", "Hej!", Role.VIEWER, Language.SWEDISH),
        None,
    )
    assert await comes_due(registering, erasure) is ErasureState.DONE
    assert await state_of_invitation(registering, to_him.id) is InvitationState.DECLINED
    assert await state_of_invitation(registering, own.id) is InvitationState.VOID


async def relation_of(registering: Registering, user: User) -> UUID:
    async with registering.harness.database.reading() as session:
        held = await session.scalars(select(Authorization).where(Authorization.user_id == user.id))
        return next(each.relation_id for each in held.unique() if each.role is Role.ADMINISTRATOR)


async def state_of_invitation(registering: Registering, invitation_id: UUID) -> InvitationState:
    async with registering.harness.database.reading() as session:
        return (await session.get_one(Invitation, invitation_id)).state
