"""`me`: own details, what waits for one's answer, and the choice of service."""

import re
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from domain.codes import Code, Refused
from starter.api.dependencies import ServicesDep, SessionDep
from starter.api.given import OwnDetailsChange
from starter.api.problems import reader_language
from starter.api.registration_schemas import Me
from starter.api.rights_request_schemas import RightsRequestView, Tasks
from starter.api.routing import refusals
from starter.api.schemas import InvitationView, OpenService, OpenServices
from starter.services import accounts, e_services, own_identity, rights_requests
from starter.services.accounts import Changes
from starter.services.rights_requests import Viewed
from store import invitations
from store.users import User

router = APIRouter(prefix="/me", tags=["me"])
_REVISION = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')


def _etag(user: User) -> str:
    return f'"{user.revision}"'


@router.get("", responses=refusals(401))
async def own_details(services: ServicesDep, session: SessionDep, response: Response) -> Me:
    """Own details, with their ETag; and one's strong identity."""
    response.headers["ETag"] = _etag(session.user)
    return Me.seen(session.user, await own_identity.own(services, session))


@router.patch("", responses=refusals(401, 412, 428))
async def change_own_details(
    given: OwnDetailsChange,
    services: ServicesDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[str | None, Header(description="The ETag of the details that are changed.")] = None,
) -> Me:
    """Changes own details, if they are still those that were seen."""
    if if_match is None:
        raise Refused(Code.PRECONDITION_REQUIRED)
    revision = _REVISION.fullmatch(if_match)
    if revision is None:
        raise Refused(Code.USER_CHANGED_MEANWHILE)
    changes = Changes(**given.model_dump())
    user = await accounts.change(services, session.user_id, changes, revision=int(revision[1]))
    response.headers["ETag"] = _etag(user)
    return Me.seen(user, await own_identity.own(services, session))


@router.get("/tasks", responses=refusals(401))
async def tasks(services: ServicesDep, session: SessionDep) -> Tasks:
    """To handle: the invitations and the requests for more rights that wait for this user's answer."""
    now = services.clock()
    async with services.database.reading() as reading:
        waiting = await invitations.to_handle(reading, session.user.email_normalised, now)
    asked = await rights_requests.to_handle(services, session.user)
    return Tasks(
        items=[InvitationView.of(each, now) for each in waiting],
        rights_requests=[
            RightsRequestView.of(Viewed(each, each.state_at(now), own=False, manages=True)) for each in asked
        ],
    )


@router.get("/services", responses=refusals(401))
async def open_services(request: Request, services: ServicesDep, session: SessionDep) -> OpenServices:
    """The choice of service: the e-services that this user may use, and for which relations."""
    found = await e_services.open_to(services, session.user)
    language = reader_language(request)
    return OpenServices(items=[OpenService.of(each, language) for each in found])
