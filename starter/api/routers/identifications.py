"""Strong identification: the choices, and identifying as somebody who is logged in (spec 3.7 and 5)."""

from fastapi import APIRouter, Request

from starter.api.answered import naming_fields, take_answer
from starter.api.dependencies import ServicesDep, SessionDep, SessionTokenDep
from starter.api.problems import reader_language
from starter.api.registration_given import IdentificationAnswer, IdentificationBeginning
from starter.api.registration_schemas import BegunIdentification, IdentificationMeans, Me, OfferedMeans
from starter.api.routing import refusals
from starter.services import identifications, own_identity, sessions

router = APIRouter(tags=["strong identification"])


@router.get("/identification-means")
async def identification_means(request: Request, services: ServicesDep) -> OfferedMeans:
    """The banks and the mobile certificate, in the order to show them."""
    language = reader_language(request)
    return OfferedMeans(
        items=[IdentificationMeans.of(each, language) for each in identifications.offered(services)]
    )


@router.post("/me/identification", status_code=201, responses=refusals(401))
async def begin_own_identification(
    given: IdentificationBeginning,
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    token: SessionTokenDep,
) -> BegunIdentification:
    """Sends the user to identify: to have a strong identity, or to do what asks for a fresh one."""
    with naming_fields():
        begun = await identifications.begin_for_session(
            services,
            session,
            token,
            given.means,
            reader_language(request),
            redirect_uri=given.redirect_uri,
        )
    return BegunIdentification.of(begun)


@router.post("/me/identification/callback", responses=refusals(401, 409))
async def take_own_identification(
    given: IdentificationAnswer, services: ServicesDep, session: SessionDep, token: SessionTokenDep
) -> Me:
    """Takes what came back to the redirect address; this session has then freshly identified. Once."""
    await take_answer(services, given, token)
    identified = await sessions.current(services, token)
    return Me.seen(session.user, await own_identity.own(services, identified))
