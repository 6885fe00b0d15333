"""Drafts: kept for one person and for a time, then gone."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from domain.vocabulary import DraftKind
from store import drafts
from store.database import Database
from store.drafts import Draft
from store.users import User
from tests import factories

NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
ONE = timedelta(microseconds=1)
DATA = {"email": "anna@example.com", "cover_message": "Hej!\n“ÅÄÖ” 🙂", "last_name": ""}


async def write(
    database: Database, user: User, *, created_at: datetime = NOW, expires_at: datetime = NOW + ONE
) -> UUID:
    draft = Draft(
        user_id=user.id,
        kind=DraftKind.INVITATION,
        data=DATA,
        created_at=created_at,
        expires_at=expires_at,
    )
    async with database.transaction() as session:
        session.add(draft)
    return draft.id


async def left(database: Database) -> set[UUID]:
    async with database.reading() as session:
        return set((await session.scalars(select(Draft.id))).all())


async def test_one_persons_until_its_time_is_up(database: Database) -> None:
    user, other = await factories.make_user(database), await factories.make_user(database)
    draft_id = await write(database, user)

    async with database.reading() as session:
        kept = await drafts.of_user(session, draft_id, user.id, NOW)
        assert kept is not None
        assert (kept.data, kept.kind, kept.relation_id, kept.result_id) == (
            DATA,
            DraftKind.INVITATION,
            None,
            None,
        )
        assert await drafts.of_user(session, draft_id, other.id, NOW) is None
        assert await drafts.of_user(session, draft_id, user.id, NOW + ONE) is None


async def test_the_expired_are_erased(database: Database) -> None:
    user = await factories.make_user(database)
    await write(database, user, expires_at=NOW)
    young = await write(database, user, expires_at=NOW + ONE)
    async with database.transaction() as session:
        await drafts.forget_expired(session, NOW)
    assert await left(database) == {young}


async def test_the_oldest_of_many_are_erased(database: Database) -> None:
    user, other = await factories.make_user(database), await factories.make_user(database)
    made = [await write(database, user, created_at=NOW + n * ONE) for n in range(5)]
    others = await write(database, other, created_at=NOW - ONE)
    async with database.transaction() as session:
        confirmed = await session.get_one(Draft, made[0])
        confirmed.confirm(user.id)

    async with database.transaction() as session:
        await drafts.forget_beyond(session, user.id, 2)
    # What was confirmed holds nothing, and is none of the two.
    assert await left(database) == {made[0], made[3], made[4], others}
    async with database.transaction() as session:
        await drafts.forget_beyond(session, user.id, 2)
    assert len(await left(database)) == 4
