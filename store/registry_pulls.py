"""How far the customer registry's changes have been brought in (spec 6)."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base


class RegistryPull(Base):
    """Where the next pull of a registry begins: its cursor, which only the registry understands."""

    __tablename__ = "registry_pulls"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    cursor: Mapped[str | None] = mapped_column(String(200))
    pulled_at: Mapped[datetime]
