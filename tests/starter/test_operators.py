"""What operators do by command: users, first authorizations, their end."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from sqlalchemy import select
from typer.testing import CliRunner

from domain.authorization_changes import AuthorizationChangeWaits
from domain.roles import ROLE_LEVELS
from domain.vocabulary import Commodity, CustomerKind, GrantedThrough, Language, Level, Role, Subpage
from runtime import passwords
from starter import operators
from starter.cli import authorizations as authorizations_commands
from starter.cli import customers as customers_commands
from starter.cli import users as users_commands
from starter.operators import OperatorError
from store import authorizations, policy
from store.audit import Actor, AuditEvent, Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.outbox import OutboxRow, Owed
from store.users import User
from tests import factories
from tests.registry.registry_files import SAMPLE

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PASSWORD = "Norrsken-27-kilowatt"


async def create(database: Database, **changes: str) -> User:
    """Makes a user as the command does."""
    fields = {
        "email": "asa@example.com",
        "username": "asa",
        "first_name": "Åsa",
        "last_name": "Öhman",
        "password": PASSWORD,
    }
    return await operators.create_user(database, **(fields | changes), language=Language.SWEDISH, now=NOW)


async def events(database: Database, event: Event) -> list[AuditEvent]:
    """The audit events of one kind."""
    async with database.reading() as session:
        return list(await session.scalars(select(AuditEvent).where(AuditEvent.event == event)))


async def owed_signals(database: Database) -> list[OutboxRow]:
    """The signals in the outbox."""
    async with database.reading() as session:
        return list(await session.scalars(select(OutboxRow).where(OutboxRow.owed == Owed.SIGNAL)))


async def end(database: Database, user: User, relation: CustomerRelation, role: Role) -> operators.Ended:
    """Ends an authorization as the command does."""
    return await operators.end(
        database,
        username=user.username,
        customer_number=relation.customer.customer_number,
        commodity=relation.commodity,
        role=role,
        waits=AuthorizationChangeWaits(),
        now=NOW,
    )


async def grant(
    database: Database, user: User, relation: CustomerRelation, role: Role | None = None
) -> operators.Held:
    """Grants the first role as the command does."""
    return await operators.grant(
        database,
        username=user.username,
        customer_number=relation.customer.customer_number,
        commodity=relation.commodity,
        role=role,
        now=NOW,
    )


# Users


async def test_a_user_is_made_and_can_log_in(database: Database) -> None:
    user = await create(database, email="Asa.Ohman@Example.com", username="Åsa")
    async with database.reading() as session:
        kept = await session.get_one(User, user.id)
    assert (kept.email_normalised, kept.username_normalised) == ("asa.ohman@example.com", "åsa")
    assert kept.created_at == NOW
    assert await passwords.verify(PASSWORD, kept.password_hash)
    (event,) = await events(database, Event.USER_CREATED)
    assert (event.actor, event.subject_id, event.at) == (Actor.OPERATOR, user.id, NOW)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "asa@localhost"}, "e-mail"),
        ({"username": "å"}, "username"),
        ({"username": "somebody@example.com"}, "own e-mail"),
        ({"first_name": " "}, "name"),
        ({"last_name": "x" * 101}, "100"),
        ({"last_name": "Öh\nman"}, "plain text"),
        ({"password": "Kort-1"}, "8"),
        ({"password": "Aa1-" * 40}, "128"),
        ({"password": "bara-små-ord"}, "three"),
        ({"password": "Password123!"}, "common"),
    ],
)
async def test_a_user_who_breaks_a_rule_is_refused_in_words(
    sqlite_database: Database, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(OperatorError, match=words):
        await create(sqlite_database, **changes)
    assert await events(sqlite_database, Event.USER_CREATED) == []


async def test_an_address_and_a_username_belong_to_one_user(sqlite_database: Database) -> None:
    await create(sqlite_database)
    with pytest.raises(OperatorError, match="e-mail"):
        await create(sqlite_database, email="ASA@example.com", username="other")
    with pytest.raises(OperatorError, match="taken"):
        await create(sqlite_database, email="other@example.com", username="ASA")


async def test_passwords_are_checked_letter_by_letter_however_they_were_typed() -> None:
    kept = await passwords.hash_password("Norrsken-På-27")
    assert await passwords.verify("Norrsken-Pa\u030a-27", kept)
    assert not await passwords.verify("Norrsken-Pa-27", kept)
    assert not await passwords.verify(PASSWORD, passwords.dummy_hash())
    assert not await passwords.verify("", "no hash")
    assert (
        kept.rpartition("$")[0].rpartition("$")[0]
        == passwords.dummy_hash().rpartition("$")[0].rpartition("$")[0]
    )


# Granting


@pytest.mark.parametrize(
    ("kind", "role", "through"),
    [
        (CustomerKind.PRIVATE, Role.OWNER, GrantedThrough.CONTRACT),
        (CustomerKind.COMPANY, Role.ADMINISTRATOR, GrantedThrough.CUSTOMER_SERVICE),
    ],
)
async def test_the_first_role_is_granted(
    database: Database, kind: CustomerKind, role: Role, through: GrantedThrough
) -> None:
    relation = await factories.make_relation(database, kind=kind)
    user = await factories.make_user(database)
    held = await grant(database, user, relation)

    assert (held.role, held.granted_through, held.valid_from) == (role, through, NOW)
    async with database.reading() as session:
        (kept,) = await authorizations.active_on(session, user.id, relation.id, NOW)
        levels = await policy.levels(session, user.id, relation.id, NOW)
    assert kept.levels == ROLE_LEVELS[role]
    assert levels[Subpage.USERS] is Level.WRITE
    (event,) = await events(database, Event.AUTHORIZATION_GRANTED)
    assert (event.subject_id, event.relation_id, event.details) == (kept.id, relation.id, {"role": role})

    with pytest.raises(OperatorError, match="already"):
        await grant(database, user, relation)


async def test_what_is_not_granted(sqlite_database: Database) -> None:
    user = await factories.make_user(sqlite_database)
    private = await factories.make_relation(sqlite_database, kind=CustomerKind.PRIVATE)
    with pytest.raises(OperatorError, match="only `owner`"):
        await grant(sqlite_database, user, private, Role.ADMINISTRATOR)
    over = await factories.make_relation(sqlite_database, ended_at=NOW - timedelta(days=1))
    with pytest.raises(OperatorError, match="ended on 2026-11-19"):
        await grant(sqlite_database, user, over)
    with pytest.raises(OperatorError, match="no customer 999999"):
        await operators.grant(
            sqlite_database,
            username=user.username,
            customer_number="999999",
            commodity=Commodity.ELECTRICITY,
            now=NOW,
        )
    with pytest.raises(OperatorError, match="no user nobody"):
        await operators.grant(
            sqlite_database,
            username="nobody",
            customer_number=private.customer.customer_number,
            commodity=Commodity.ELECTRICITY,
            now=NOW,
        )
    assert await events(sqlite_database, Event.AUTHORIZATION_GRANTED) == []


# Ending


async def test_an_ended_authorization_gives_nothing_and_its_invitations_fall(database: Database) -> None:
    relation = await factories.make_relation(database)
    elsewhere = await factories.make_relation(database)
    manager = await factories.make_manager(database, relation)
    await factories.make_authorization(database, manager, elsewhere)
    falls = await factories.make_invitation(
        database, inviter=manager, relation=relation, email="anna@example.com"
    )
    await factories.make_invitation(database, inviter=manager, relation=elsewhere, email="anna@example.com")
    other = await factories.make_manager(database, relation)
    await factories.make_invitation(database, inviter=other, relation=relation, email="eva@example.com")

    ended = await end(database, manager, relation, Role.ADMINISTRATOR)

    assert ended.falling_invitations == 1
    async with database.reading() as session:
        levels = await policy.levels(session, manager.id, relation.id, NOW)
        assert (await policy.levels(session, manager.id, elsewhere.id, NOW))[Subpage.USERS] is Level.WRITE
    assert set(levels.values()) == {Level.NONE}
    (signal,) = await owed_signals(database)
    assert (signal.process_id, signal.signal, signal.payload) == (falls.id, "right_lost", {})
    assert signal.created_at == NOW
    (event,) = await events(database, Event.AUTHORIZATION_ENDED)
    assert (event.subject_id, event.actor) == (ended.held.authorization_id, Actor.OPERATOR)
    # He and who still manages the users are told, by nobody's name.
    async with database.reading() as session:
        (change,) = (await session.scalars(select(AuthorizationChange))).all()
        owed = (await session.scalars(select(OutboxRow).where(OutboxRow.process_id == change.id))).one()
    assert (change.user_id, change.actor_id, change.told_managers) == (manager.id, None, [str(other.id)])
    assert (owed.owed, event.process_id) == (Owed.START, change.id)

    with pytest.raises(OperatorError, match="is not administrator"):
        await end(database, manager, relation, Role.ADMINISTRATOR)


async def test_invitations_stay_while_another_role_gives_the_right(sqlite_database: Database) -> None:
    relation = await factories.make_relation(sqlite_database)
    manager = await factories.make_manager(sqlite_database, relation)
    await factories.make_authorization(sqlite_database, manager, relation, role=Role.VIEWER)
    await factories.make_invitation(
        sqlite_database, inviter=manager, relation=relation, email="anna@example.com"
    )
    ended = await end(sqlite_database, manager, relation, Role.VIEWER)
    assert ended.falling_invitations == 0
    assert await owed_signals(sqlite_database) == []


async def test_customer_service_ends_what_is_suspended(sqlite_database: Database) -> None:
    relation = await factories.make_relation(sqlite_database)
    user = await factories.make_user(sqlite_database)
    held = await factories.make_authorization(sqlite_database, user, relation, role=Role.VIEWER)
    async with sqlite_database.transaction() as session:
        (await session.get_one(Authorization, held.id)).suspended_at = NOW
    await end(sqlite_database, user, relation, Role.VIEWER)
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Authorization, held.id)).ended_at == NOW


async def test_listing(sqlite_database: Database) -> None:
    relation = await factories.make_relation(sqlite_database)
    number = relation.customer.customer_number
    manager = await factories.make_manager(sqlite_database, relation)
    (held,) = await operators.list_authorizations(sqlite_database, number, now=NOW)
    assert (held.username, held.full_name, held.role) == (
        manager.username,
        "Birgitta Berg",
        Role.ADMINISTRATOR,
    )
    await end(sqlite_database, manager, relation, Role.ADMINISTRATOR)
    assert await operators.list_authorizations(sqlite_database, number, now=NOW) == []
    with pytest.raises(OperatorError, match="no customer"):
        await operators.list_authorizations(sqlite_database, "999999", now=NOW)


# The commands


def test_the_commands_from_import_to_end(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FULLMAKT_DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.add_typer(customers_commands.app, name="customers")
    app.add_typer(users_commands.app, name="users")
    app.add_typer(authorizations_commands.app, name="authorizations")
    run = CliRunner().invoke

    assert run(app, ["customers", "import", str(SAMPLE)]).exit_code == 0
    person = ["users", "create", "--email", "maija@example.com", "--username", "maija"]
    names = ["--first-name", "Maija", "--last-name", "[red]Virtanen", "--language", "fi"]
    made = run(app, [*person, *names, "--password-stdin"], input=f"{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    again = run(app, [*person, *names], input=f"{PASSWORD}\n{PASSWORD}\n")
    assert again.exit_code == 1
    assert "e-mail address already" in again.stderr
    assert PASSWORD not in again.output

    relation = ["--customer", "100001", "--commodity", "electricity"]
    granted = run(app, ["authorizations", "grant", "--username", "maija", *relation])
    assert granted.stdout == "maija is now owner of 100001, electricity.\n"
    assert "[red]" in run(app, ["authorizations", "list", "--customer", "100001"]).stdout
    listed = json.loads(run(app, ["authorizations", "list", "--customer", "100001", "--json"]).stdout)
    assert [each["role"] for each in listed] == ["owner"]
    ending = ["authorizations", "end", "--username", "maija", *relation, "--role", "owner"]
    assert "Open invitations that fall: 0." in run(app, ending).stdout
    refused = run(app, ending)
    assert refused.exit_code == 1
    assert refused.stderr == "maija is not owner of 100001, electricity.\n"
