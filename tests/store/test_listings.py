"""Lists: their order, their pages, what belongs to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.vocabulary import InvitationState, ProcessKind
from store import audit, invitations, outbox
from store.audit import Actor, Event
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.outbox import OutboxRow, Owed
from tests import factories
from tests.store.rows import invitation

NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
ONE = timedelta(microseconds=1)


async def write(database: Database, *rows: Invitation | OutboxRow) -> None:
    async with database.transaction() as session:
        session.add_all(rows)


async def pages(
    database: Database, relation: CustomerRelation, limit: int, then: Invitation | None = None
) -> list[Sequence[Invitation]]:
    """All pages, one after the other, as an API's client asks for them. `then` is made after the first."""
    found: list[Sequence[Invitation]] = []
    before: tuple[datetime, UUID] | None = None
    while True:
        async with database.reading() as session:
            page = await invitations.of_relation(session, relation.id, at=NOW, before=before, limit=limit)
        if not page:
            return found
        found.append(page)
        before = (page[-1].created_at, page[-1].id)
        if then is not None and len(found) == 1:
            await write(database, then)


@pytest.mark.parametrize("limit", [1, 3, 4, 100])
async def test_pages_hold_everything_once_in_order(database: Database, limit: int) -> None:
    relation, other = await factories.make_relation(database), await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    moments = [NOW, NOW, NOW, NOW, NOW, NOW + ONE, NOW + ONE, NOW - ONE, NOW + timedelta(hours=1)]
    made = [
        invitation(manager, relation, f"{number}@example.com", created_at=moment)
        for number, moment in enumerate(moments)
    ]
    newest = invitation(manager, relation, "new@example.com", created_at=NOW + timedelta(days=1))
    await write(database, *made, invitation(manager, other, "0@example.com", created_at=NOW))

    found = await pages(database, relation, limit, then=newest)

    expected = sorted(made, key=lambda each: (each.created_at, each.id), reverse=True)
    assert [each.id for page in found for each in page] == [each.id for each in expected]
    assert {len(page) for page in found[:-1]} <= {limit}


async def test_what_waits_for_an_answer(database: Database) -> None:
    relations = [await factories.make_relation(database) for _ in range(4)]
    manager = await factories.make_manager(database, relations[0])
    anna = "anna@example.com"
    later, sooner, over = (
        invitation(manager, relation, anna, deadline=deadline)
        for relation, deadline in zip(relations, (NOW + 2 * ONE, NOW + ONE, NOW), strict=False)
    )
    later.state = InvitationState.REGISTERING
    accepted = invitation(manager, relations[3], anna, state=InvitationState.ACCEPTED, deadline=NOW + ONE)
    others = invitation(manager, relations[0], "bo@example.com", deadline=NOW + ONE)
    await write(database, later, sooner, over, accepted, others)

    async with database.reading() as session:
        waiting = await invitations.to_handle(session, anna, NOW)
        assert [each.id for each in waiting] == [sooner.id, later.id]
        assert await invitations.count_to_handle(session, anna, NOW) == 2
        assert await invitations.count_to_handle(session, anna, NOW + ONE) == 1
        assert await invitations.count_to_handle(session, "", NOW) == 0
        assert over.state_at(NOW) is InvitationState.EXPIRED
        assert over.state_at(NOW - ONE) is InvitationState.PENDING
        # Until its end is recorded it is in the way of another one all the same.
        found = await invitations.open_for(session, anna, relations[2].id)
        assert found is not None
        assert found.id == over.id
        assert await invitations.open_for(session, anna, relations[3].id) is None
        resting = await invitations.resting_on(session, manager.id, relations[0].id)
        assert {each.id for each in resting} == {later.id, others.id}


async def test_open_and_ended_apart(database: Database) -> None:
    relation, other = await factories.make_relation(database), await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    made = {
        state: invitation(
            manager,
            relation,
            f"{state}@example.com",
            state=state,
            created_at=NOW - n * ONE,
            deadline=NOW + ONE,
        )
        for n, state in enumerate(InvitationState)
    }
    # Its time is up, and only its timer lags.
    over = invitation(manager, relation, "over@example.com", created_at=NOW + ONE, deadline=NOW)
    await write(database, *made.values(), over, invitation(manager, other, "over@example.com"))

    async def listed(is_open: bool, at: datetime, before: tuple[datetime, UUID] | None = None) -> list[UUID]:
        async with database.reading() as session:
            found = await invitations.of_relation(
                session, relation.id, at=at, before=before, limit=20, is_open=is_open
            )
        assert {each.state_at(at).is_open for each in found} <= {is_open}
        return [each.id for each in found]

    still_open = [each.id for state, each in made.items() if state.is_open]
    ended = [each.id for state, each in made.items() if not state.is_open]
    assert await listed(True, NOW) == still_open
    assert await listed(False, NOW) == [over.id, *ended]
    assert await listed(True, NOW + ONE) == []
    assert await listed(False, NOW + ONE) == [over.id, *still_open, *ended]
    assert await listed(False, NOW, before=(over.created_at, over.id)) == ended
    assert await listed(True, NOW, before=(NOW, made[InvitationState.PENDING].id)) == still_open[1:]


async def test_what_was_addressed_to_one_person(database: Database) -> None:
    relation, other = await factories.make_relation(database), await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    anna = "anna@example.com"
    first = invitation(manager, relation, anna, created_at=NOW, state=InvitationState.DECLINED)
    second = invitation(manager, relation, anna, created_at=NOW + ONE)
    await write(
        database,
        first,
        second,
        invitation(manager, other, anna),
        invitation(manager, relation, "b@example.com"),
    )

    async with database.reading() as session:
        newest = await invitations.of_recipient_on(session, anna, relation.id, before=None, limit=1)
        rest = await invitations.of_recipient_on(
            session, anna, relation.id, before=(second.created_at, second.id), limit=9
        )
    assert [[each.id for each in page] for page in (newest, rest)] == [[second.id], [first.id]]


async def test_how_many_since(database: Database) -> None:
    relation = await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    other = await factories.make_manager(database, relation)
    ended = InvitationState.DECLINED
    await write(
        database,
        invitation(manager, relation, "a@example.com", created_at=NOW, state=ended),
        invitation(manager, relation, "a@example.com", created_at=NOW + ONE, state=ended),
        invitation(manager, relation, "b@example.com", created_at=NOW + 2 * ONE),
        invitation(other, relation, "a@example.com", created_at=NOW + ONE),
    )
    async with database.reading() as session:
        assert await invitations.sent_since(session, NOW, inviter_id=manager.id) == (2, NOW + ONE)
        assert await invitations.sent_since(
            session, NOW, inviter_id=manager.id, email_normalised="b@example.com"
        ) == (1, NOW + 2 * ONE)
        assert await invitations.sent_since(session, NOW + 2 * ONE, inviter_id=manager.id) == (0, None)


async def test_audit_events_keep_the_order_of_writing(database: Database) -> None:
    """Within a transaction too, and whatever the times say."""
    process, user = uuid4(), uuid4()
    written = [*Event, *Event]
    for half in (written[: len(written) // 2], written[len(written) // 2 :]):
        async with database.transaction() as session:
            for number, event in enumerate(half):
                at = NOW - number * ONE
                actor = {"actor": Actor.USER, "actor_id": user, "subject_id": user, "relation_id": process}
                audit.record(session, event, at=at, process_id=process, number=number, **actor)  # type: ignore[arg-type]
                audit.record(session, Event.SESSION_REFUSED, at=at, process_id=uuid4())

    async with database.reading() as session:
        found = await audit.of_process(session, process)
    assert [each.event for each in found] == written
    assert [each.number for each in found] == sorted(each.number for each in found)
    assert [each.details["number"] for each in found] == 2 * list(range(len(Event)))
    assert {(each.actor, each.actor_id, each.subject_id) for each in found} == {(Actor.USER, user, user)}
    assert len({each.id for each in found}) == len(written)


def owed(process_id: UUID, what: Owed, at: datetime, attempts: int = 0) -> OutboxRow:
    return OutboxRow(
        id=uuid4(),
        process_kind=ProcessKind.INVITATION,
        process_id=process_id,
        owed=what,
        payload={"state": what.value},
        created_at=at,
        attempts=attempts,
    )


async def test_the_outbox_in_order(database: Database) -> None:
    one, other = uuid4(), uuid4()
    # The start comes first although a clock that was behind made it look the latest.
    start, signal = owed(one, Owed.START, NOW), owed(one, Owed.SIGNAL, NOW - 2 * ONE)
    end = owed(one, Owed.TERMINATION, NOW - ONE)
    tried = owed(other, Owed.START, NOW - timedelta(days=1), attempts=1)
    await write(database, end, tried, start, signal)

    async with database.transaction() as session:
        assert [row.id for row in await outbox.of_process(session, one)] == [start.id, signal.id, end.id]
        # What was tried before comes last, however old: what cannot be delivered is in nobody's way.
        older = await outbox.older_than(session, NOW, 10)
        assert [row.id for row in older] == [signal.id, end.id, tried.id]
        assert [row.id for row in await outbox.older_than(session, NOW, 1)] == [signal.id]
        assert await outbox.depth(session) == 4
        await outbox.tried(session, signal.id)
        await outbox.tried(session, signal.id)
        await outbox.taken(session, end.id)
        await outbox.taken(session, end.id)
        await outbox.tried(session, end.id)
    async with database.reading() as session:
        older = await outbox.older_than(session, NOW, 10)
        assert [(row.id, row.attempts) for row in older] == [(tried.id, 1), (signal.id, 2)]
        assert older[0].payload == {"state": "start"}
        assert await outbox.depth(session) == 3
