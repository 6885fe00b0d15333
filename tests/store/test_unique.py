"""What exists once exists once, whoever writes at the same moment (spec section 3)."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from domain.vocabulary import InvitationState, Role
from store.base import Base
from store.customers import CustomerRelation
from store.database import Database
from store.users import User
from tests import factories
from tests.factories import LONG_AGO
from tests.faulty_database import FaultyDatabase
from tests.store.rows import authorization, invitation


@dataclass(frozen=True)
class Cast:
    relation: CustomerRelation
    other_relation: CustomerRelation
    inviter: User
    anna: User


@pytest.fixture
async def cast(database: Database) -> Cast:
    relation = await factories.make_relation(database)
    return Cast(
        relation,
        await factories.make_relation(database),
        await factories.make_manager(database, relation),
        await factories.make_user(database),
    )


def an_authorization(cast: Cast) -> Base:
    return authorization(cast.anna, cast.relation)


def an_invitation(cast: Cast) -> Base:
    return invitation(cast.inviter, cast.relation, "anna@example.com")


Make = Callable[[Cast], Base]


async def write(database: Database, row: Base) -> None:
    async with database.transaction() as session:
        session.add(row)


@pytest.mark.parametrize("make", [an_authorization, an_invitation])
@pytest.mark.parametrize("first_commits", [True, False])
async def test_the_second_writer_waits_and_then_knows(
    database: Database, cast: Cast, make: Make, first_commits: bool
) -> None:
    impatient = FaultyDatabase(database)
    async with database.transaction() as session:
        session.add(make(cast))
        await session.flush()
        with pytest.raises(OperationalError):
            await write(impatient, make(cast))
        if not first_commits:
            await session.rollback()

    if first_commits:
        with pytest.raises(IntegrityError):
            await write(impatient, make(cast))
    else:
        await write(impatient, make(cast))
    await impatient.close()


async def test_ended_and_other_ones_are_not_in_the_way(database: Database, cast: Cast) -> None:
    await write(database, authorization(cast.anna, cast.relation, ended_at=LONG_AGO))
    await write(database, authorization(cast.anna, cast.relation, ended_at=LONG_AGO))
    for person, relation, role in (
        (cast.anna, cast.relation, Role.VIEWER),
        (cast.anna, cast.relation, Role.RELATION_USER),
        (cast.anna, cast.other_relation, Role.VIEWER),
        (cast.inviter, cast.relation, Role.VIEWER),
    ):
        await write(database, authorization(person, relation, role=role))

    for state in InvitationState:
        if not state.is_open:
            await write(database, invitation(cast.inviter, cast.relation, "anna@example.com", state=state))
    await write(database, an_invitation(cast))
    await write(database, invitation(cast.inviter, cast.other_relation, "anna@example.com"))
    await write(database, invitation(cast.inviter, cast.relation, "bo@example.com"))
    with pytest.raises(IntegrityError):
        registering = InvitationState.REGISTERING
        await write(database, invitation(cast.inviter, cast.relation, "anna@example.com", state=registering))


async def test_one_grant_a_process(database: Database, cast: Cast) -> None:
    """Even of another role, and even after the first has ended."""
    process_id = uuid4()
    await write(database, authorization(cast.anna, cast.relation, ended_at=LONG_AGO, process_id=process_id))
    with pytest.raises(IntegrityError):
        await write(
            database, authorization(cast.anna, cast.relation, role=Role.VIEWER, process_id=process_id)
        )
