"""What routers share: which refusals a route documents, and cursors."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.codes import Code, Refused
from starter.api.problems import MEDIA_TYPE, Problem


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: problem+json for these statuses, and for those that any route can give."""
    always = (400, 408, 413, 422, 500, 503)
    return {
        status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": "Refused, with a stable code"}
        for status in sorted({*always, *statuses})
    }


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
