"""Rotating the keys that seal personal identity codes (spec section 2): everything under the newest key.

In batches, each a transaction of its own: it may be interrupted and repeated at any moment, beside running
processes. What a process with older settings seals meanwhile is found by the next run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.identity_vault import IdentityVault, IdentityVaultError
from store import audit
from store.audit import Actor, Event
from store.database import Database
from store.identifications import StrongIdentity
from store.registrations import Registration

_BATCH = 200
# Where sealed codes are, and whose each is.
Sealed = type[StrongIdentity] | type[Registration]
_SEALED: Mapping[Sealed, Any] = {
    StrongIdentity: StrongIdentity.user_id,
    Registration: Registration.id,
}


@dataclass(frozen=True)
class KeyUse:
    """How many codes are sealed with a key. One that is not known can be opened by nobody."""

    key_id: str
    is_newest: bool
    is_known: bool
    strong_identities: int
    registrations: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.strong_identities + self.registrations


@dataclass
class Rotated:
    """What a rotation did. `unreadable`: sealed with an unknown key, or damaged; left as they are."""

    strong_identities: int = 0
    registrations: int = 0
    unreadable: int = 0


def _key_ids(keys: Sequence[SecretStr]) -> list[str]:
    return [key.get_secret_value().partition(":")[0] for key in keys]


async def status(database: Database, keys: Sequence[SecretStr]) -> Sequence[KeyUse]:
    """Which key seals how much: the settings' keys, the newest first, then unknown ones."""
    async with database.reading() as session:
        counted = {table: await _counted(session, database, table) for table in _SEALED}
    known = _key_ids(keys)
    unknown = sorted({key_id for counts in counted.values() for key_id in counts} - set(known))
    return [
        KeyUse(
            key_id=key_id,
            is_newest=place == 0,
            is_known=place < len(known),
            strong_identities=counted[StrongIdentity].get(key_id, 0),
            registrations=counted[Registration].get(key_id, 0),
        )
        for place, key_id in enumerate([*known, *unknown])
    ]


async def _counted(session: AsyncSession, database: Database, table: Sealed) -> Mapping[str, int]:
    position = func.instr if database.is_sqlite else func.strpos
    sealed = table.identity_sealed
    key_id = func.substr(sealed, 1, position(sealed, ".") - 1).label("key_id")
    query = select(key_id, func.count()).where(sealed.is_not(None)).group_by("key_id")
    return {str(row[0]): int(row[1]) for row in await session.execute(query)}


async def rotate(
    database: Database,
    keys: Sequence[SecretStr],
    *,
    now: datetime,
    batch: int = _BATCH,
    progress: Callable[[int], None] = lambda _: None,
) -> Rotated:
    """Seals everything again that is not under the newest key. `progress` is told how many are done."""
    vault, newest, done = IdentityVault(keys), _key_ids(keys)[0], Rotated()
    for table in _SEALED:
        after: UUID | None = None
        while True:
            async with database.transaction() as session:
                rows = await _next(session, table, newest, after, batch)
                changed = sum(_sealed_again(vault, row, _owner(row)) for row in rows)
                if changed:
                    audit.record(
                        session,
                        Event.IDENTITY_KEYS_ROTATED,
                        at=now,
                        actor=Actor.OPERATOR,
                        table=table.__tablename__,
                        count=changed,
                    )
            if not rows:
                break
            after = _owner(rows[-1])
            done.unreadable += len(rows) - changed
            if table is StrongIdentity:
                done.strong_identities += changed
            else:
                done.registrations += changed
            progress(done.strong_identities + done.registrations)
    return done


async def _next(
    session: AsyncSession,
    table: Sealed,
    newest: str,
    after: UUID | None,
    batch: int,
) -> Sequence[StrongIdentity | Registration]:
    """The next rows under another key, locked, in the order of their owners."""
    owner, sealed = _SEALED[table], table.identity_sealed
    # Not LIKE: in ids its wildcards and, in SQLite, the letters' case would count.
    query = select(table).where(sealed.is_not(None), func.substr(sealed, 1, len(newest) + 1) != f"{newest}.")
    if after is not None:
        query = query.where(owner > after)
    query = query.order_by(owner).limit(batch).with_for_update()
    rows: Sequence[StrongIdentity | Registration] = (await session.scalars(query)).all()  # type: ignore[assignment] # of one of the two tables
    return rows


def _owner(row: StrongIdentity | Registration) -> UUID:
    return row.user_id if isinstance(row, StrongIdentity) else row.id


def _sealed_again(vault: IdentityVault, row: StrongIdentity | Registration, owner: UUID) -> bool:
    """Whether it could be opened; then it is under the newest key."""
    if row.identity_sealed is None:
        return False
    try:
        row.identity_sealed = vault.seal(vault.open(row.identity_sealed, owner), owner)
    except IdentityVaultError:
        return False
    return True
