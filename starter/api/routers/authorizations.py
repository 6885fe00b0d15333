"""`authorizations`: one that exists; removing it, giving it up, and its levels (spec 3.4, 3.5)."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from domain.codes import Code, Refused
from domain.vocabulary import Subpage
from starter.api.authorization_schemas import (
    Also,
    AuthorizationChangeView,
    AuthorizationView,
    NewLevels,
    Removal,
    RemovalPreviewView,
)
from starter.api.dependencies import RequestKeyDep, ServicesDep, SessionDep
from starter.api.problems import reader_language
from starter.api.routing import refusals
from starter.services import Services, identifications, levels, removals
from starter.services.refusals import FieldError, FieldsRefused
from store.sessions import Session

router = APIRouter(prefix="/authorizations", tags=["authorizations"])
_VERSION = re.compile(r'(?:W/)?"([0-9a-f]{1,64})"')
_OVER = frozenset({Code.NOT_FOUND, Code.AUTHORIZATION_ENDED})


async def _fresh_for_others(authorization_id: UUID, services: ServicesDep, session: SessionDep) -> None:
    """Managing others asks for a fresh strong identification (spec 3.7); what is one's own does not."""
    found = await levels.choices(services, session.user, authorization_id)
    if not found.held.own:
        await identifications.require_fresh(services, session)


async def _fresh_unless_over(authorization_id: UUID, services: ServicesDep, session: SessionDep) -> None:
    """The same. What is over is left to the act: it may be a repeat, whose key knows what was done."""
    try:
        await _fresh_for_others(authorization_id, services, session)
    except Refused as refused:
        if refused.code not in _OVER:
            raise


async def _view(
    services: Services, session: Session, authorization_id: UUID, response: Response
) -> AuthorizationView:
    found = await levels.choices(services, session.user, authorization_id)
    try:
        await removals.preview(services, session.user, [authorization_id])
    except Refused as refused:
        removal_refused: Code | None = refused.code
    else:
        removal_refused = None
    response.headers["ETag"] = f'"{levels.version(found.authorization)}"'
    return AuthorizationView.of(found, removal_refused)


@router.get("/{authorization_id}", responses=refusals(401, 403, 404, 409))
async def show_authorization(
    authorization_id: UUID, services: ServicesDep, session: SessionDep, response: Response
) -> AuthorizationView:
    """An authorization with the ETag of its levels: one's own, or another's where one manages the users."""
    return await _view(services, session, authorization_id, response)


@router.get("/{authorization_id}/removal", responses=refusals(401, 403, 404, 409))
async def preview_removal(
    authorization_id: UUID,
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    also: Annotated[Also, Query(default_factory=list)],
) -> RemovalPreviewView:
    """What removing it would do, or why it cannot be removed. Nothing is changed."""
    preview = await removals.preview(services, session.user, [authorization_id, *also])
    return RemovalPreviewView.of(preview, reader_language(request))


@router.post(
    "/{authorization_id}/removal",
    status_code=201,
    dependencies=[Depends(_fresh_unless_over)],
    responses=refusals(401, 403, 404, 409),
)
async def remove_authorization(
    authorization_id: UUID,
    services: ServicesDep,
    session: SessionDep,
    key: RequestKeyDep,
    response: Response,
    given: Removal | None = None,
) -> AuthorizationChangeView:
    """Removes it, or gives up one's own, at once: the very next check says no.

    Open invitations that rest on it fall. Everybody concerned is told by e-mail afterwards.
    """
    also = [] if given is None else given.also
    change = await removals.remove(services, session.user, [authorization_id, *also], key)
    response.headers["Location"] = f"/v1/processes/{change.id}"
    return AuthorizationChangeView.of(change)


@router.put(
    "/{authorization_id}/levels",
    dependencies=[Depends(_fresh_for_others)],
    responses=refusals(401, 403, 404, 409, 412, 428),
)
async def set_authorization_levels(
    authorization_id: UUID,
    given: NewLevels,
    services: ServicesDep,
    session: SessionDep,
    key: RequestKeyDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="The ETag of the authorization that is changed.")
    ] = None,
) -> AuthorizationView:
    """Sets what the user may do on each subpage, at once, if the levels are still those that were seen.

    Open invitations of his that he could not send any more fall. He is told by e-mail afterwards.
    """
    if if_match is None:
        raise Refused(Code.PRECONDITION_REQUIRED)
    missing = [each for each in Subpage if each not in given.levels]
    if missing:
        raise FieldsRefused([FieldError(f"/levels/{each}", Code.FIELD_REQUIRED) for each in missing])
    version = _VERSION.fullmatch(if_match)
    await levels.change(
        services,
        session.user,
        authorization_id,
        given.levels,
        seen=version[1] if version else "",
        key=key,
    )
    return await _view(services, session, authorization_id, response)
