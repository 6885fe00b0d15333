"""Rotating the keys that seal personal identity codes, on both databases."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from domain.vocabulary import CustomerKind, Language, RegistrationState
from runtime.identity_vault import IdentityVault, new_identity_key
from starter.identity_rotation import KeyUse, Rotated, rotate, status
from store.audit import Actor, AuditEvent, Event
from store.database import Database
from store.identifications import StrongIdentity
from store.registrations import Registration
from tests import factories
from tests.factories import KEYS, LONG_AGO

# Ids that a pattern or SQLite's carelessness about case would confuse.
OLD, NEW, OTHER = (SecretStr(new_identity_key(key_id)) for key_id in ("key_a", "key-A", "keyXa"))
CODE = "120872-901U"


async def make_sealed(database: Database, key: SecretStr) -> tuple[UUID, UUID]:
    """A user's strong identity and an open registration under a key: their owners."""
    vault, user = IdentityVault([key]), await factories.make_user(database)
    registration = Registration(
        id=uuid4(),
        kind=CustomerKind.PRIVATE,
        state=RegistrationState.DETAILS,
        secret_hash=uuid4().hex,
        language=Language.SWEDISH,
        makes_user=True,
        created_at=LONG_AGO,
        deadline=LONG_AGO + timedelta(days=1),
    )
    registration.identity_sealed = vault.seal(CODE, registration.id)
    async with database.transaction() as session:
        session.add(registration)
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=KEYS.identity_index(str(user.id)),
                identity_sealed=vault.seal(CODE, user.id),
                first_name="Maija",
                last_name="Virtanen",
                created_at=LONG_AGO,
                identified_at=LONG_AGO,
            )
        )
    return user.id, registration.id


async def sealed(database: Database, owners: tuple[UUID, UUID]) -> list[str | None]:
    async with database.reading() as session:
        identity = await session.get_one(StrongIdentity, owners[0])
        registration = await session.get_one(Registration, owners[1])
        return [identity.identity_sealed, registration.identity_sealed]


async def events(database: Database) -> list[AuditEvent]:
    async with database.reading() as session:
        query = select(AuditEvent).where(AuditEvent.event == Event.IDENTITY_KEYS_ROTATED)
        return list((await session.scalars(query.order_by(AuditEvent.number))).all())


async def test_everything_comes_under_the_newest_key(database: Database) -> None:
    old = [await make_sealed(database, OLD) for _ in range(5)]
    current = await make_sealed(database, NEW)
    untouched = await sealed(database, current)
    before = [await sealed(database, owners) for owners in old]
    keys = [NEW, OLD, OTHER]
    assert await status(database, keys) == [
        KeyUse("key-A", is_newest=True, is_known=True, strong_identities=1, registrations=1),
        KeyUse("key_a", is_newest=False, is_known=True, strong_identities=5, registrations=5),
        KeyUse("keyXa", is_newest=False, is_known=True, strong_identities=0, registrations=0),
    ]

    assert await rotate(database, keys, now=LONG_AGO, batch=2) == Rotated(5, 5, 0)

    vault = IdentityVault([NEW])
    for owners, earlier in zip(old, before, strict=True):
        now = await sealed(database, owners)
        assert [vault.open(str(text), owner) for text, owner in zip(now, owners, strict=True)] == [CODE] * 2
        assert set(now).isdisjoint(earlier)
    assert await sealed(database, current) == untouched
    assert [each.total for each in await status(database, keys)] == [12, 0, 0]
    found = await events(database)
    assert [(each.actor, each.details["table"], each.details["count"]) for each in found] == [
        (Actor.OPERATOR, table, count)
        for table in ("strong_identities", "registrations")
        for count in (2, 2, 1)
    ]
    # Again: nothing is left to do, and nothing is done.
    assert await rotate(database, keys, now=LONG_AGO) == Rotated(0, 0, 0)
    assert len(await events(database)) == len(found)


async def test_an_interrupted_rotation_keeps_what_it_did_and_goes_on(database: Database) -> None:
    for _ in range(3):
        await make_sealed(database, OLD)

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotate(database, [NEW, OLD], now=LONG_AGO, batch=1, progress=interrupt)
    assert [each.total for each in await status(database, [NEW, OLD])] == [1, 5]
    assert await rotate(database, [NEW, OLD], now=LONG_AGO, batch=1) == Rotated(2, 3, 0)
    assert [each.total for each in await status(database, [NEW, OLD])] == [6, 0]


async def test_what_cannot_be_read_is_counted_and_left(database: Database) -> None:
    lost = await make_sealed(database, OTHER)
    damaged = await make_sealed(database, OLD)
    await make_sealed(database, OLD)
    async with database.transaction() as session:
        # Another's: it opens for nobody.
        foreign = IdentityVault([OLD]).seal(CODE, uuid4())
        await session.execute(
            update(StrongIdentity).where(StrongIdentity.user_id == damaged[0]).values(identity_sealed=foreign)
        )
    before = [await sealed(database, lost), (await sealed(database, damaged))[0]]

    assert await rotate(database, [NEW, OLD], now=LONG_AGO, batch=1) == Rotated(1, 2, 3)

    assert [await sealed(database, lost), (await sealed(database, damaged))[0]] == before
    uses = {each.key_id: (each.is_known, each.total) for each in await status(database, [NEW, OLD])}
    assert uses == {"key-A": (True, 3), "key_a": (True, 1), "keyXa": (False, 2)}
