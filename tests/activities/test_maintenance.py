"""Erasing what need not be kept, and the outbox's remains."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities import maintenance
from activities.maintenance import Maintenance
from domain import ids
from domain.invitations import InvitationWaits
from domain.processes import DrainOutbox, KeepHouse
from domain.vocabulary import DraftKind, InvitationState, ProcessKind
from runtime.failures import DATA_CONVERTER
from runtime.outbox import Outbox
from runtime.settings import Retention
from store import limits, outbox
from store.database import Database
from store.drafts import Draft
from store.invitations import Invitation
from store.limits import IdempotencyKey
from store.sessions import Session
from store.users import User
from tests import factories
from tests.activities.running import NOW, attempt, everything
from tests.clock import SettableClock
from tests.dev_server import free_port
from tests.leaks import assert_nothing_personal

MONTH = timedelta(days=30)
SECOND = timedelta(seconds=1)
INVITEE = {
    "email": "aino.fagelstrom@example.com",
    "first_name": "Aino-Kanarie",
    "last_name": "Fågelström",
    "cover_message": "Hej Aino! Här är hemligheten: kanelbulle.",
}


async def lazy_client() -> Client:
    """A client of a Temporal that is not there."""
    return await Client.connect(f"127.0.0.1:{free_port()}", data_converter=DATA_CONVERTER, lazy=True)


def maintenance_of(database: Database, client: Client, now: datetime = NOW) -> Maintenance:
    delivery = Outbox(client=client, database=database, task_queue="nobody", clock=SettableClock(now))
    return Maintenance(database=database, outbox=delivery, retention=Retention())


async def make_ended(
    database: Database, state: InvitationState, at: datetime, **row: str
) -> tuple[Invitation, User]:
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    invitation = await factories.make_invitation(
        database,
        inviter=inviter,
        relation=relation,
        state=state,
        ended_at=at,
        email=row.get("email", "kept@example.com"),
        first_name=row.get("first_name", "Kept"),
        last_name=row.get("last_name", "Keptsson"),
        cover_message=row.get("cover_message", "Kept words"),
    )
    return invitation, inviter


def as_bytes(kept: dict[str, list[tuple[object, ...]]]) -> bytes:
    return repr(kept).encode()


@pytest.mark.parametrize(
    "state", sorted({each for each in InvitationState if not each.is_open} - {InvitationState.ACCEPTED})
)
async def test_nothing_of_a_refused_invitee_is_left_after_30_days(
    database: Database, state: InvitationState
) -> None:
    invitation, _ = await make_ended(database, state, NOW - MONTH, **INVITEE)
    house = maintenance_of(database, await lazy_client())
    with pytest.raises(AssertionError):
        assert_nothing_personal(as_bytes(await everything(database)), INVITEE.values())

    not_yet = await attempt(house.keep_house, KeepHouse(now=NOW))
    done = await attempt(house.keep_house, KeepHouse(now=NOW + SECOND))
    again = await attempt(house.keep_house, KeepHouse(now=NOW + SECOND))

    assert [each.purged_invitations for each in (not_yet, done, again)] == [0, 1, 0]
    kept = await everything(database)
    assert_nothing_personal(as_bytes(kept), INVITEE.values())
    assert [row.count("invitation.purged") for row in kept["audit_events"]] == [0, 1]
    async with database.reading() as session:
        row = await session.get_one(Invitation, invitation.id)
    assert (row.state, row.purged_at) == (state, NOW + SECOND)


async def test_accepted_and_open_invitations_stay(database: Database) -> None:
    await make_ended(database, InvitationState.ACCEPTED, NOW - 2 * MONTH)
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    await factories.make_invitation(database, inviter=inviter, relation=relation, email="open@example.com")
    kept = await everything(database)
    house = maintenance_of(database, await lazy_client())

    assert (await attempt(house.keep_house, KeepHouse(now=NOW))).purged_invitations == 0

    assert await everything(database) == kept


async def test_more_than_a_batch(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "_BATCH", 2)
    for _ in range(5):
        await make_ended(sqlite_database, InvitationState.EXPIRED, NOW - 2 * MONTH)
    house = maintenance_of(sqlite_database, await lazy_client())

    assert (await attempt(house.keep_house, KeepHouse(now=NOW))).purged_invitations == 5


async def test_old_sessions_keys_and_counters_go(database: Database) -> None:
    retention = Retention()
    user = await factories.make_user(database)
    async with database.transaction() as session:
        for age in (retention.sessions + SECOND, timedelta(0)):
            moment = NOW - age
            session.add(
                Session(
                    token_hash=uuid4().hex,
                    user_id=user.id,
                    source_hash="x",
                    created_at=moment,
                    last_seen_at=moment,
                    expires_at=moment,
                )
            )
        for age in (retention.idempotency_keys + SECOND, retention.idempotency_keys):
            session.add(
                IdempotencyKey(user_id=user.id, key_hash=uuid4().hex, request_hash="x", created_at=NOW - age)
            )
        await limits.count(session, "over", NOW - 2 * SECOND, SECOND)
        await limits.count(session, "running", NOW, SECOND)
    house = maintenance_of(database, await lazy_client())

    await attempt(house.keep_house, KeepHouse(now=NOW))

    kept = await everything(database)
    assert [len(kept[table]) for table in ("sessions", "idempotency_keys", "counters")] == [1, 1, 1]


async def test_expired_drafts_are_gone(database: Database) -> None:
    user = await factories.make_user(database)
    typed = {name: value for name, value in INVITEE.items() if name != "last_name"}
    async with database.transaction() as session:
        for expires_at, data in ((NOW, typed), (NOW + SECOND, {"last_name": "Keptsson"})):
            session.add(
                Draft(
                    user_id=user.id,
                    kind=DraftKind.INVITATION,
                    data=data,
                    created_at=NOW - timedelta(days=1),
                    expires_at=expires_at,
                )
            )
    house = maintenance_of(database, await lazy_client())
    with pytest.raises(AssertionError):
        assert_nothing_personal(as_bytes(await everything(database)), typed.values())

    await attempt(house.keep_house, KeepHouse(now=NOW))

    kept = await everything(database)
    assert_nothing_personal(as_bytes(kept), typed.values())
    assert len(kept["drafts"]) == 1
    await attempt(house.keep_house, KeepHouse(now=NOW + SECOND))
    assert (await everything(database))["drafts"] == []


async def make_owed(database: Database, moments: Iterable[datetime]) -> list[Invitation]:
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    return [
        await factories.make_invitation(
            database, inviter=inviter, relation=relation, email=f"{number}@example.com", now=moment
        )
        for number, moment in enumerate(moments)
    ]


async def test_draining_delivers_what_is_old_once(
    sqlite_database: Database, time_skipping: WorkflowEnvironment
) -> None:
    old, young = await make_owed(sqlite_database, [NOW - 31 * SECOND, NOW - 29 * SECOND])
    # A process that has long ended.
    gone, _ = await make_ended(sqlite_database, InvitationState.EXPIRED, NOW)
    async with sqlite_database.transaction() as session:
        # Its clock was behind: the signal looks older than the start.
        session.add(factories.owed_signal(old, "right_lost", NOW - timedelta(minutes=5)))
        session.add(factories.owed_signal(gone, "right_lost", NOW - timedelta(minutes=4)))
    house = maintenance_of(sqlite_database, time_skipping.client)

    drained = await attempt(house.drain_outbox, DrainOutbox())
    again = await attempt(house.drain_outbox, DrainOutbox())

    assert (drained.taken, drained.left, again.taken, again.left) == (2, 1, 0, 1)
    handle = time_skipping.client.get_workflow_handle(ids.workflow_id(ProcessKind.INVITATION, old.id))
    history = await handle.fetch_history()
    assert [event.event_type for event in history.events if event.event_type in {1, 26}] == [1, 26]
    async with sqlite_database.reading() as session:
        [left] = await outbox.of_process(session, young.id)
    assert left.attempts == 0


async def test_while_temporal_is_away_nothing_is_lost(sqlite_database: Database) -> None:
    [owed] = await make_owed(sqlite_database, [NOW - timedelta(minutes=1)])
    house = maintenance_of(sqlite_database, await lazy_client())

    for _ in range(2):
        drained = await attempt(house.drain_outbox, DrainOutbox())
        assert (drained.taken, drained.left) == (0, 1)

    async with sqlite_database.reading() as session:
        [row] = await outbox.of_process(session, owed.id)
    assert row.attempts == 2


async def test_delivering_twice_is_one_start(
    sqlite_database: Database, time_skipping: WorkflowEnvironment
) -> None:
    """Two hosts read the same row; both deliver it."""
    [owed] = await make_owed(sqlite_database, [NOW - timedelta(minutes=1)])
    house = maintenance_of(sqlite_database, time_skipping.client)
    await attempt(house.drain_outbox, DrainOutbox())
    async with sqlite_database.transaction() as session:
        session.add(factories.owed_start(owed, InvitationWaits()))

    drained = await attempt(house.drain_outbox, DrainOutbox())

    assert (drained.taken, drained.left) == (1, 0)
