"""Users: one set of credentials for everything (spec section 2)."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain import email_address, usernames
from domain.vocabulary import Language
from store.base import Base


class User(Base):
    """A person who can log in. The e-mail is confirmed: by the invitation's token, or made by an operator."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(254))
    username_normalised: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_normalised: Mapped[str] = mapped_column(String(254), unique=True)
    language: Mapped[Language]
    # Whether people who share no relation with this one may be told the name (spec 3.1, name suggestion).
    name_suggestion_allowed: Mapped[bool] = mapped_column(default=False)
    terms_version: Mapped[str | None] = mapped_column(String(40))
    terms_accepted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # When everything personal was erased; what is left is the id that history points to.
    erased_at: Mapped[datetime | None]
    # Counts the changes; the ETag of `me`.
    revision: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - SQLAlchemy's own form

    @property
    def full_name(self) -> str:
        """First and last name; nothing for somebody who was erased."""
        return f"{self.first_name} {self.last_name}".strip()

    def erase(self, at: datetime) -> None:
        """Empties everything personal. Nobody can log in as this user, and no mail goes to him."""
        self.erased_at = at
        self.username = self.username_normalised = self.email_normalised = f"erased-{self.id}"
        self.password_hash = self.first_name = self.last_name = self.email = ""
        self.name_suggestion_allowed = False


async def user(session: AsyncSession, user_id: UUID) -> User | None:
    """The user with this id."""
    return await session.get(User, user_id)


async def locked(session: AsyncSession, user_id: UUID) -> User | None:
    """The user as he stands now; nobody else changes him before the current transaction ends."""
    query = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def by_email(session: AsyncSession, address: str) -> User | None:
    """The user whose address is the same after normalisation."""
    query = select(User).where(User.email_normalised == email_address.normalised(address))
    return (await session.scalars(query)).one_or_none()


async def by_username(session: AsyncSession, username: str) -> User | None:
    """The user whose username is the same after normalisation."""
    if "\x00" in username:
        return None  # PostgreSQL would not even compare it
    query = select(User).where(User.username_normalised == usernames.normalised(username))
    return (await session.scalars(query)).one_or_none()
