"""What the API gives about one's account."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from store.account_links import AccountLink
from store.sessions import Session


class PasswordReset(BaseModel):
    """A link that lets one choose a new password, once."""

    username: str
    deadline: datetime

    @classmethod
    def of(cls, link: AccountLink) -> Self:
        """From the row of a link that can be opened."""
        if link.user is None:
            raise ValueError("A link that can be opened is a user's")
        return cls(username=link.user.username, deadline=link.deadline)


class EmailChangeView(BaseModel):
    """A link that makes an address the user's own, once."""

    email: str
    deadline: datetime

    @classmethod
    def of(cls, link: AccountLink) -> Self:
        """From the row."""
        return cls(email=link.new_email, deadline=link.deadline)


class ChangedEmail(BaseModel):
    """A user's address, and the username, which is the new address if it was the old one."""

    email: str
    username: str


class OwnSession(BaseModel):
    """Where one is logged in."""

    id: UUID
    device: str = Field(description="Browser and system in coarse words; empty when unknown.")
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = Field(description="Whether it is the session of this very request.")

    @classmethod
    def of(cls, session: Session, current: Session) -> Self:
        """From the row."""
        return cls(
            id=session.id,
            device=session.device,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            current=session.id == current.id,
        )


class OwnSessions(BaseModel):
    """Everywhere one is logged in, the newest first."""

    items: list[OwnSession]


class EndedSessions(BaseModel):
    """How many sessions were ended."""

    ended: int
