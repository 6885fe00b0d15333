"""The rows that `authorization_checks.py` asks about: the same ones each time, written fast."""

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Table, create_engine, make_url

from domain.roles import ROLE_LEVELS
from domain.vocabulary import Commodity, CustomerKind, GrantedThrough, Language, Role
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.database import DRIVERS
from store.tables import METADATA
from store.users import User

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
_EARLIER, _LATER = NOW - timedelta(days=300), NOW + timedelta(days=1)
# Of 100 authorizations, and of 100 relations.
_ENDED, _SUSPENDED, _NOT_BEGUN, _RELATIONS_ENDED = 20, 2, 3, 5
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Whom and what a check is about; `authorization_id` is one on that relation, not always that user's."""

    user_id: UUID
    relation_id: UUID
    authorization_id: UUID


class World:
    """The rows, made from one seed. `asked` is there once they have been."""

    def __init__(self, authorizations: int) -> None:
        self._random = random.Random(20261101)  # noqa: S311 - the same rows each time, no secret
        self._authorizations_count = authorizations
        self._users = self._ids(authorizations * 2 // 5)
        self._customers = self._ids(len(self._users))
        # Every fourth customer has two.
        self._relations = self._ids(len(self._customers) + len(self._customers) // 4)
        self.asked: list[Asked] = []

    def rows(self) -> Iterator[tuple[type[Any], Iterable[Row]]]:
        """Every table's, in the order in which they can be written."""
        yield User, map(self._user, count(), self._users)
        yield Customer, map(self._customer, count(), self._customers)
        yield CustomerRelation, map(self._relation, count(), self._relations)
        yield Authorization, islice(self._authorizations(), self._authorizations_count)

    def _ids(self, how_many: int) -> list[UUID]:
        return [UUID(int=self._random.getrandbits(128), version=4) for _ in range(how_many)]

    def _of_100(self, these: int) -> bool:
        return self._random.random() * 100 < these

    def _user(self, number: int, user_id: UUID) -> Row:
        name, address = f"kund{number}", f"kund{number}@example.com"
        return {
            "id": user_id,
            "username": name,
            "username_normalised": name,
            "password_hash": "x" * 97,
            "first_name": "Åsa",
            "last_name": f"Öhman {number}",
            "email": address,
            "email_normalised": address,
            "language": Language.SWEDISH,
            "name_suggestion_allowed": False,
            "created_at": _EARLIER,
            "revision": 1,
        }

    def _customer(self, number: int, customer_id: UUID) -> Row:
        return {
            "id": customer_id,
            "customer_number": str(1_000_000 + number),
            "kind": CustomerKind.COMPANY if number % 10 == 0 else CustomerKind.PRIVATE,
            "name": f"Åsa Öhman {number}",
        }

    def _relation(self, number: int, relation_id: UUID) -> Row:
        is_second = number >= len(self._customers)
        return {
            "id": relation_id,
            "customer_id": self._customers[self._customer_of(number)],
            "commodity": Commodity.DISTRICT_HEATING if is_second else Commodity.ELECTRICITY,
            "ended_at": _EARLIER if self._of_100(_RELATIONS_ENDED) else None,
        }

    def _customer_of(self, relation: int) -> int:
        first_ones = len(self._customers)
        return relation if relation < first_ones else (relation - first_ones) * 4

    def _authorizations(self) -> Iterator[Row]:
        """An owner for every relation; then others, a tenth of them on every hundredth relation."""
        for on, relation_id in enumerate(self._relations):
            owner = self._users[self._customer_of(on)]
            yield self._authorization(owner, relation_id, Role.OWNER, GrantedThrough.CONTRACT)
        taken: set[tuple[int, int]] = set()
        while True:
            on = self._random.randrange(len(self._relations))
            on -= on % 100 if self._of_100(10) else 0
            user = self._random.randrange(len(self._users))
            role = self._random.choice((Role.RELATION_USER, Role.VIEWER, Role.ADMINISTRATOR))
            if (user, on) not in taken:
                taken.add((user, on))
                yield self._authorization(
                    self._users[user], self._relations[on], role, GrantedThrough.INVITATION
                )

    def _authorization(self, user_id: UUID, relation_id: UUID, role: Role, through: GrantedThrough) -> Row:
        [own_id] = self._ids(1)
        if self._of_100(1):
            # Half of the checks are about what somebody holds or held, half about a stranger.
            asked = user_id if self._of_100(50) else self._random.choice(self._users)
            self.asked.append(Asked(asked, relation_id, own_id))
        return {
            "id": own_id,
            "user_id": user_id,
            "relation_id": relation_id,
            "role": role,
            "levels": dict(ROLE_LEVELS[role]),
            "valid_from": _LATER if self._of_100(_NOT_BEGUN) else _EARLIER,
            "ended_at": _EARLIER if self._of_100(_ENDED) else None,
            "granted_through": through,
            "suspended_at": _EARLIER if self._of_100(_SUSPENDED) else None,
        }


def write(database_url: str, world: World) -> None:
    """Puts all rows into an empty database: one executemany or COPY a table."""
    is_sqlite = make_url(database_url).get_backend_name() == "sqlite"
    for model, rows in world.rows():
        table = METADATA.tables[model.__tablename__]
        (_into_sqlite if is_sqlite else _into_postgresql)(database_url, table, rows)


def _values(database_url: str, table: Table, rows: Iterable[Row]) -> Iterator[list[Any]]:
    """Rows as the database's driver takes them, in the order of the table's columns."""
    url = make_url(database_url)
    dialect = create_engine(url.set(drivername=DRIVERS[url.get_backend_name()])).dialect
    processors: dict[str, Callable[[Any], Any] | None] = {
        column.name: column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns
    }
    for row in rows:
        yield [
            processed(row[name]) if processed is not None and row.get(name) is not None else row.get(name)
            for name, processed in processors.items()
        ]


def _into_sqlite(database_url: str, table: Table, rows: Iterable[Row]) -> None:
    names = ", ".join(table.columns.keys())
    places = ", ".join("?" * len(table.columns))
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({places})"  # noqa: S608 - names of our tables
    with closing(sqlite3.connect(str(make_url(database_url).database))) as connection, connection:
        # The indexes are in no order: without a large cache, each row is written to the disc many times.
        connection.execute("PRAGMA cache_size = -500000")
        connection.executemany(statement, _values(database_url, table, rows))


def _into_postgresql(database_url: str, table: Table, rows: Iterable[Row]) -> None:
    names = ", ".join(table.columns.keys())
    with psycopg.connect(database_url, autocommit=True) as connection:
        with connection.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN".encode()) as copy:
            for values in _values(database_url, table, rows):
                copy.write_row(values)
        # Autovacuum does it within minutes.
        connection.execute(f"VACUUM ANALYZE {table.name}".encode())
