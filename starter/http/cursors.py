"""Where a page of a long list ended, as an opaque text in an address."""

import base64
import binascii
from datetime import UTC, datetime
from uuid import UUID

from domain.codes import Code, Refused


def cursor_of(created_at: datetime, row_id: UUID) -> str:
    """Where a page ended, as an opaque text."""
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {row_id}".encode()).decode()


def read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The reverse. Raises Refused(`field.invalid`) for what is no cursor of ours."""
    if cursor is None:
        return None
    try:
        moment, _, row_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None:
            raise ValueError
        return parsed.astimezone(UTC), UUID(row_id)
    except (ValueError, OverflowError, binascii.Error):
        raise Refused(Code.FIELD_INVALID) from None
