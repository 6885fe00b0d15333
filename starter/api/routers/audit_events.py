"""`audit-events`: who did what, to whom, when; to read and to export."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from starter.api.audit_schemas import AuditEntries, AuditEntry
from starter.api.dependencies import ServicesDep, SessionDep
from starter.api.problems import reader_language
from starter.api.routing import refusals
from starter.http import trail_export
from starter.services import audit_trail
from starter.services.audit_trail import Entry

router = APIRouter(prefix="/audit-events", tags=["audit events"])

OfRelation = Annotated[
    UUID | None, Query(description="A customer relation whose users one manages; without it, one's own.")
]


async def _found(
    services: ServicesDep, session: SessionDep, relation_id: UUID | None, before: UUID | None, limit: int
) -> Sequence[Entry]:
    if relation_id is None:
        return await audit_trail.of_user(services, session.user, before=before, limit=limit)
    return await audit_trail.of_relation(services, session.user, relation_id, before=before, limit=limit)


@router.get("", responses=refusals(401, 403, 404))
async def list_events(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    relation_id: OfRelation = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[UUID | None, Query(description="The `next_cursor` of the page before.")] = None,
) -> AuditEntries:
    """What happened on a relation; or what one did oneself and what concerns oneself. The newest first."""
    found = await _found(services, session, relation_id, cursor, limit + 1)
    page, language = found[:limit], reader_language(request)
    return AuditEntries(
        items=[AuditEntry.of(each, language) for each in page],
        next_cursor=page[-1].id if len(found) > limit else None,
    )


@router.get(
    "/export",
    response_class=Response,
    responses={
        **refusals(401, 403, 404),
        200: {
            "content": {"text/csv": {"schema": {"type": "string"}}},
            "description": "CSV, one event a line",
        },
    },
)
async def export_events(
    request: Request, services: ServicesDep, session: SessionDep, relation_id: OfRelation = None
) -> Response:
    """The same as a CSV file in the reader's language, at most 10,000 events."""
    found = await _found(services, session, relation_id, None, trail_export.MOST)
    written = trail_export.csv_of(found, reader_language(request), services.brand.time_zone)
    return Response(
        written,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="events.csv"'},
    )
