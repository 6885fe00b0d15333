"""`processes`: a process's timeline."""

from uuid import UUID

from fastapi import APIRouter, Request

from runtime.texts import translate
from starter.api.dependencies import ServicesDep, SessionDep
from starter.api.problems import reader_language
from starter.api.routing import refusals
from starter.api.schemas import ProcessTimeline, TimelineStep
from starter.services import timelines

router = APIRouter(prefix="/processes", tags=["processes"])


@router.get("/{process_id}", responses=refusals(401, 404))
async def timeline(
    process_id: UUID, request: Request, services: ServicesDep, session: SessionDep
) -> ProcessTimeline:
    """What was done, who is waited for, until when, how it ended."""
    found = await timelines.timeline(services, session.user, process_id)
    language = reader_language(request)
    return ProcessTimeline(
        id=found.id,
        kind=found.kind,
        state=found.state,
        waiting_for=found.waiting_for,
        until=found.until,
        change=found.change,
        user_name=found.user_name,
        steps=[
            TimelineStep(
                at=step.at,
                event=step.event,
                text=translate(language, step.text),
                by=step.by,
            )
            for step in found.steps
        ],
    )
