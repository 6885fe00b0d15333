"""`me`, what guards the account: password, e-mail address, sessions (spec 3.7)."""

from uuid import UUID

from fastapi import APIRouter, Response

from starter.api.account_given import EmailChange, PasswordChange
from starter.api.account_schemas import EndedSessions, OwnSession, OwnSessions
from starter.api.dependencies import ServicesDep, SessionDep, fresh_identification
from starter.api.routing import refusals
from starter.services import account_links, accounts, own_sessions

router = APIRouter(prefix="/me", tags=["me"])


@router.post("/password", status_code=204, response_class=Response, responses=refusals(401, 429))
async def change_password(given: PasswordChange, services: ServicesDep, session: SessionDep) -> Response:
    """Sets a new password. This session goes on, all others end."""
    await accounts.change_password(services, session, given.current_password, given.password)
    return Response(status_code=204)


@router.post(
    "/email-changes",
    status_code=202,
    response_class=Response,
    dependencies=[fresh_identification()],
    responses=refusals(401, 403, 429),
)
async def ask_for_email_change(given: EmailChange, services: ServicesDep, session: SessionDep) -> Response:
    """Sends a link to the new address, which confirms it, and word of it to the present one."""
    await account_links.ask_email_change(services, session, given.email, given.password)
    return Response(status_code=202)


@router.get("/sessions", responses=refusals(401))
async def list_own_sessions(services: ServicesDep, session: SessionDep) -> OwnSessions:
    """Everywhere one is logged in."""
    found = await own_sessions.living(services, session.user)
    return OwnSessions(items=[OwnSession.of(each, session) for each in found])


@router.delete(
    "/sessions/{session_id}", status_code=204, response_class=Response, responses=refusals(401, 404)
)
async def end_session(session_id: UUID, services: ServicesDep, session: SessionDep) -> Response:
    """Ends one of one's own sessions; an ended one stays ended."""
    await own_sessions.end_one(services, session.user, session_id)
    return Response(status_code=204)


@router.delete("/other-sessions", responses=refusals(401))
async def end_other_sessions(services: ServicesDep, session: SessionDep) -> EndedSessions:
    """Ends all of one's own sessions but the one of this request."""
    return EndedSessions(ended=await own_sessions.end_others(services, session))
