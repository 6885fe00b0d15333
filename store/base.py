"""What all tables share: the declarative base, names of constraints, times in UTC, enumerations as text."""

import enum
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import JSON, Date, DateTime, Dialect, MetaData, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from domain import vocabulary
from domain.codes import Code

E = TypeVar("E", bound=enum.StrEnum)

# Named constraints, so that migrations can change them on every database.
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime in Python; SQLite would lose the zone, so it is added back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[E], Generic[E]):
    """A StrEnum kept as its value in a text column: adding a member needs no migration."""

    impl = String(60)
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.members(value)


class JsonObject(TypeDecorator[dict[str, Any]]):
    """A small JSON object; PostgreSQL keeps it as JSONB."""

    impl = JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True


class JsonList(TypeDecorator[list[str]]):
    """A short JSON list of words; PostgreSQL keeps it as JSONB."""

    impl = JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True


class LevelsJson(TypeDecorator[dict[vocabulary.Subpage, vocabulary.Level]]):
    """The level per subpage of an authorization, as a small JSON object."""

    impl = JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else {str(subpage): str(level) for subpage, level in value.items()}

    def process_result_value(
        self, value: Any, dialect: Dialect
    ) -> dict[vocabulary.Subpage, vocabulary.Level] | None:
        if value is None:
            return None
        return {vocabulary.Subpage(subpage): vocabulary.Level(level) for subpage, level in value.items()}


def _enum_columns() -> dict[type[enum.StrEnum], TypeEngine[Any]]:
    columns: dict[type[enum.StrEnum], TypeEngine[Any]] = {Code: EnumText(Code)}
    for kind in vars(vocabulary).values():
        if isinstance(kind, type) and issubclass(kind, enum.StrEnum) and kind is not enum.StrEnum:
            columns[kind] = EnumText(kind)
    return columns


class Base(DeclarativeBase):
    """Base of all tables; a column's Python type gives its database type."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: Uuid(),
        datetime: UtcDateTime(),
        date: Date(),
        dict[vocabulary.Subpage, vocabulary.Level]: LevelsJson(),
        dict[str, Any]: JsonObject(),
        **_enum_columns(),
    }
