"""What goes into the database comes out the same; and its errors tell nothing (attack A42)."""

import traceback
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from domain.vocabulary import CustomerKind, InvitationState, Language, Level, Role, Subpage
from store.authorizations import Authorization
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.factories import LONG_AGO
from tests.store.rows import authorization, invitation

HELSINKI = ZoneInfo("Europe/Helsinki")
# Personal data, as it might stand in a failing statement.
CANARY = "kanarie.fagel@example.com"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 20, 9, 30, 15, 123456, tzinfo=UTC),
        datetime(2026, 7, 1, 12, 0, tzinfo=HELSINKI),
        # The hour that comes twice, first and second time, is two moments.
        datetime(2026, 10, 25, 3, 30, tzinfo=HELSINKI),
        datetime(2026, 10, 25, 3, 30, tzinfo=HELSINKI, fold=1),
    ],
)
async def test_moments_come_back_in_utc(database: Database, moment: datetime) -> None:
    user = await factories.make_user(database, created_at=moment)
    async with database.reading() as session:
        kept = (await session.get_one(User, user.id)).created_at
        assert kept.tzinfo is UTC
        assert kept == moment.astimezone(UTC)
        # Compared in the database, it is the same moment as well, written in whichever zone.
        query = select(User.id).where(
            User.created_at == moment, User.created_at > moment - timedelta(minutes=1)
        )
        assert (await session.scalars(query)).all() == [user.id]


async def test_a_datetime_without_a_zone_is_refused(database: Database) -> None:
    naive = LONG_AGO.replace(tzinfo=None)
    with pytest.raises(StatementError, match="without a zone") as refused:
        await factories.make_user(database, created_at=naive)
    assert isinstance(refused.value.orig, ValueError)
    with pytest.raises(StatementError, match="without a zone"):
        async with database.reading() as session:
            await session.scalars(select(User).where(User.created_at < naive))


async def test_enumerations_and_levels_come_back_as_such(database: Database) -> None:
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    manager = await factories.make_manager(database, relation)
    levels = dict(zip(Subpage, [*Level, *Level], strict=True))
    row = authorization(manager, relation, role=Role.VIEWER)
    row.levels = levels
    async with database.transaction() as session:
        session.add(row)
        session.add_all(
            invitation(manager, relation, f"{state}@example.com", state=state) for state in InvitationState
        )
    async with database.reading() as session:
        kept = await session.get_one(Authorization, row.id)
        assert kept.levels == levels
        assert {type(each) for each in kept.levels} == {Subpage}
        assert {type(each) for each in kept.levels.values()} == {Level}
        assert (type(kept.role), kept.role) == (Role, Role.VIEWER)
        assert kept.relation.customer.kind is CustomerKind.PRIVATE
        found = (await session.scalars(select(Invitation))).all()
        assert {each.email: each.state for each in found} == {
            f"{state}@example.com": state for state in InvitationState
        }
        assert {type(each.state) for each in found} == {InvitationState}
        # What other programs see in the database are the values.
        raw = await session.execute(text("SELECT DISTINCT state FROM invitations"))
        assert {state for (state,) in raw} == {state.value for state in InvitationState}


async def test_a_value_that_is_no_member_is_refused(database: Database) -> None:
    wrong: Any = "klingon"
    with pytest.raises(StatementError):
        await factories.make_user(database, language=wrong)
    assert (await factories.make_user(database, language=Language.FINNISH)).language is Language.FINNISH


@pytest.mark.parametrize(
    "failing",
    [
        {"email": CANARY},  # there is one already
        {"username": CANARY},  # the same
        {"first_name": None, "last_name": CANARY},
        {"first_name": f"{CANARY}\x00"},
        {"last_name": CANARY * 10},
    ],
)
async def test_an_error_of_the_database_tells_no_values(database: Database, failing: dict[str, Any]) -> None:
    await factories.make_user(database, email=CANARY, username=CANARY)
    values = {"email": "bo@example.com", "username": "bo", "first_name": "Bo", "last_name": "Ek"} | failing
    email, username = values["email"], values["username"]
    row = User(
        **(values | {"email_normalised": email, "username_normalised": username}),
        id=uuid4(),
        password_hash="",
        language=Language.SWEDISH,
        created_at=LONG_AGO,
    )
    try:
        async with database.transaction() as session:
            session.add(row)
    except DBAPIError as error:
        seen = "".join(traceback.format_exception(error))
        seen += f"{error} {error!r} {error.args} {error.orig} {error.orig!r} {error.detail}"
        assert "users" in seen  # it is this statement's
        assert "INSERT" in seen
        assert "kanarie" not in seen
        assert type(error.orig).__name__ in str(error)
    else:
        # SQLite knows no lengths, and takes NUL for a character.
        assert database.is_sqlite
        assert row.first_name != "Bo" or row.last_name != "Ek"


async def test_nor_does_a_failing_query(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.reading() as session:
            await session.execute(text("SELECT * FROM no_such_table WHERE name = :name"), {"name": CANARY})
    assert "no_such_table" in str(caught.value)
    assert "kanarie" not in f"{caught.value}{caught.value!r}{traceback.format_exception(caught.value)}"
