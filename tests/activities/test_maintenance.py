"""Erasing what need not be kept, and the outbox's remains."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities import maintenance
from activities.maintenance import Maintenance
from domain import ids
from domain.invitations import InvitationWaits
from domain.processes import DrainOutbox, KeepHouse
from domain.rights_requests import RightsRequestWaits
from domain.roles import NOTHING, ROLE_LEVELS
from domain.vocabulary import (
    AccountLinkPurpose,
    AccountLinkState,
    AuthorizationChangeKind,
    AuthorizationChangeState,
    ContractLinkState,
    CustomerKind,
    DeliveryState,
    DraftKind,
    ErasureState,
    InvitationState,
    Language,
    ProcessKind,
    RegistrationState,
    RightsRequestState,
    Role,
    ServiceRequestKind,
)
from domain.vocabulary import Message as MessageKind
from runtime.failures import DATA_CONVERTER
from runtime.outbox import Outbox
from runtime.settings import Retention
from store import limits, outbox, rights_requests
from store.account_links import AccountLink
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.contract_links import ContractLink
from store.database import Database
from store.drafts import Draft
from store.erasures import Erasure
from store.invitations import Invitation
from store.limits import IdempotencyKey
from store.messages import Message
from store.registrations import Registration
from store.rights_requests import RightsRequest
from store.service_requests import ServiceRequest
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


# "Keeping and erasing" in docs/operators.md: each row that housekeeping enforces, at its time.

KEPT = Retention()


async def make_history(database: Database) -> None:
    """A user's life that ended at `NOW`, all of it pointing to each other."""
    relation = await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    user = await factories.make_user(database)
    held = await factories.make_authorization(database, user, relation, role=Role.VIEWER, ended_at=NOW)
    registration, ended = uuid4(), {"created_at": NOW, "deadline": NOW, "ended_at": NOW}
    async with database.transaction() as session:
        session.add_all(
            [
                AuthorizationChange(
                    kind=AuthorizationChangeKind.REMOVAL,
                    state=AuthorizationChangeState.TOLD,
                    relation_id=relation.id,
                    user_id=user.id,
                    actor_id=manager.id,
                    authorization_ids=[str(held.id)],
                    roles=[Role.VIEWER],
                    levels_before=ROLE_LEVELS[Role.VIEWER],
                    levels_after=NOTHING,
                    fallen_invitations=[],
                    told_managers=[],
                    created_at=NOW,
                    ended_at=NOW,
                ),
                RightsRequest(
                    relation_id=relation.id,
                    authorization_id=held.id,
                    user_id=user.id,
                    levels=dict(ROLE_LEVELS[Role.RELATION_USER]),
                    message="",
                    told_managers=[str(manager.id)],
                    state=RightsRequestState.VOID,
                    **ended,
                ),
                ContractLink(user_id=user.id, state=ContractLinkState.LINKED, **ended),
                Registration(
                    id=registration,
                    kind=CustomerKind.COMPANY,
                    state=RegistrationState.COMPLETED,
                    secret_hash=uuid4().hex,
                    language=Language.SWEDISH,
                    makes_user=True,
                    user_id=user.id,
                    customer_id=relation.customer_id,
                    **ended,
                ),
                *(
                    Erasure(user_id=user.id, state=state, created_at=NOW, due=NOW, ended_at=NOW)
                    for state in (ErasureState.CANCELLED, ErasureState.DONE)
                ),
                Message(
                    id=uuid4(),
                    process_id=registration,
                    template=MessageKind.RIGHTS_REQUESTED,
                    sequence=1,
                    delivery=DeliveryState.SENT,
                    created_at=NOW,
                ),
            ]
        )
        await session.flush()
        session.add(
            ServiceRequest(
                kind=ServiceRequestKind.OTHER,
                contact={"reason": "no_means", "name": INVITEE["last_name"]},
                registration_id=registration,
                created_at=NOW,
            )
        )
        session.add(account_link(user))
    await factories.make_invitation(
        database,
        inviter=manager,
        relation=relation,
        state=InvitationState.ACCEPTED,
        ended_at=NOW,
        email=user.email,
        now=NOW,
    )


def account_link(user: User) -> AccountLink:
    return AccountLink(
        id=uuid4(),
        user_id=user.id,
        purpose=AccountLinkPurpose.PASSWORD_RESET,
        state=AccountLinkState.EXPIRED,
        token_hash=uuid4().hex,
        email="",
        new_email="",
        created_at=NOW,
        deadline=NOW,
        ended_at=NOW,
    )


PROCESSES = {
    "messages",
    "authorization_changes",
    "rights_requests",
    "contract_links",
    "registrations",
    "erasures",
}


@pytest.mark.parametrize(
    ("time", "fewer"),
    [
        pytest.param(KEPT.account_links, {"account_links"}, id="account links"),
        pytest.param(KEPT.processes, PROCESSES, id="processes"),
        pytest.param(KEPT.history, {"authorizations", "invitations", "audit_events"}, id="history"),
    ],
)
async def test_kept_for_its_time_and_no_longer(database: Database, time: timedelta, fewer: set[str]) -> None:
    """Nothing that another row points to is in the way, and nobody's user or relation goes."""
    await make_history(database)
    house = maintenance_of(database, await lazy_client())
    # What goes earlier has gone.
    await attempt(house.keep_house, KeepHouse(now=NOW + time))
    before = {table: len(rows) for table, rows in (await everything(database)).items()}
    assert all(before[table] for table in fewer)

    await attempt(house.keep_house, KeepHouse(now=NOW + time + SECOND))

    kept = await everything(database)
    assert {table for table, count in before.items() if len(kept[table]) != count} == fewer
    left = {table: before[table] - len(kept[table]) for table in fewer}
    # The done erasure stays, and what the manager holds; the purging of the invitation is younger.
    assert set(left.values()) == {1}
    again = await attempt(house.keep_house, KeepHouse(now=NOW + time + SECOND))
    assert (again.purged_invitations, await everything(database)) == (0, kept)


@pytest.mark.parametrize(
    ("time", "personal"),
    [
        pytest.param(KEPT.accepted_invitations, "kept@example.com", id="accepted invitations"),
        pytest.param(KEPT.service_requests, INVITEE["last_name"], id="contacts"),
    ],
)
async def test_what_is_personal_goes_before_the_row(
    database: Database, time: timedelta, personal: str
) -> None:
    await make_ended(database, InvitationState.ACCEPTED, NOW, email="kept@example.com")
    await make_history(database)
    house = maintenance_of(database, await lazy_client())
    await attempt(house.keep_house, KeepHouse(now=NOW + time))
    with pytest.raises(AssertionError):
        assert_nothing_personal(as_bytes(await everything(database)), [personal])

    await attempt(house.keep_house, KeepHouse(now=NOW + time + SECOND))

    assert_nothing_personal(as_bytes(await everything(database)), [personal])
    async with database.reading() as session:
        request = (await session.scalars(select(ServiceRequest))).one()
    assert request.contact["reason"] == "no_means"
    erased = time == KEPT.service_requests
    assert request.contact_erased_at == (NOW + time + SECOND if erased else None)


async def test_what_an_open_request_is_about_is_never_in_the_way(database: Database) -> None:
    """Its process was forgotten (Temporal restored from a backup): it ends here, and loses its words."""
    relation = await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    user = await factories.make_user(database)
    held = await factories.make_authorization(database, user, relation, ended_at=NOW)
    async with database.transaction() as session:
        request = rights_requests.begin(
            session,
            held,
            levels=dict(ROLE_LEVELS[Role.ADMINISTRATOR]),
            message=INVITEE["cover_message"],
            told_managers=[manager.id],
            waits=RightsRequestWaits(),
            now=NOW,
        )
    house = maintenance_of(database, await lazy_client())
    overdue = request.deadline + timedelta(days=1)
    await attempt(house.keep_house, KeepHouse(now=overdue))
    async with database.reading() as session:
        assert (await session.get_one(RightsRequest, request.id)).state is RightsRequestState.OPEN

    # At one run, years late, as after an outage of the schedule.
    await attempt(house.keep_house, KeepHouse(now=NOW + KEPT.history + SECOND))

    async with database.reading() as session:
        row = await session.get_one(RightsRequest, request.id)
        assert (row.state, row.message) == (RightsRequestState.EXPIRED, "")
        assert await session.get(Authorization, held.id) is not None
    later = row.ended_at or NOW
    await attempt(house.keep_house, KeepHouse(now=later + KEPT.processes + SECOND))
    kept = await everything(database)
    assert (kept["rights_requests"], len(kept["authorizations"])) == ([], 1)


async def test_more_than_a_batch_of_what_points_to_each_other(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "_BATCH", 2)
    for _ in range(5):
        await make_history(sqlite_database)
    house = maintenance_of(sqlite_database, await lazy_client())

    await attempt(house.keep_house, KeepHouse(now=NOW + KEPT.history + SECOND))

    kept = await everything(sqlite_database)
    assert {table: len(kept[table]) for table in (*PROCESSES, "invitations", "authorizations")} == {
        **dict.fromkeys(PROCESSES, 0),
        "erasures": 5,
        "invitations": 0,
        "authorizations": 5,
    }
    assert [row.count(None) > 0 for row in kept["service_requests"]] == [True] * 5
