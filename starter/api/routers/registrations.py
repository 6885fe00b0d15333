"""`registrations`: of a private or a company customer, by strong identification (spec 3.2).

Whoever began one goes on with it, by its secret in `Registration-Secret`; for all others it does not exist.
"""

from fastapi import APIRouter, Request, Response

from domain.codes import Code
from domain.vocabulary import CustomerKind, RegistrationState
from starter.api.answered import naming_fields, take_answer
from starter.api.dependencies import (
    SECRET_AND_SESSION_IF_ANY,
    SESSION_IF_ANY,
    RegistrationDep,
    ServicesDep,
    SessionIfAnyDep,
    SourceDep,
)
from starter.api.problems import reader_language
from starter.api.registration_given import (
    Confirmation,
    IdentificationAnswer,
    IdentificationBeginning,
    RegistrationBeginning,
    RegistrationDetails,
)
from starter.api.registration_schemas import BegunIdentification, BegunRegistration, RegistrationView
from starter.api.routing import refusals
from starter.services import (
    Services,
    customer_registrations,
    identifications,
    identified,
    registration_completion,
    registration_progress,
)
from starter.services.refusals import FieldChecks
from starter.services.registration_details import Typed
from store.registrations import Registration

router = APIRouter(prefix="/registrations", tags=["registrations"])

_COMPANYS = frozenset({"company_name", "business_id", "customer_number", "declared_right_to_see"})
_USERS = frozenset({"first_name", "last_name", "email", "username", "password"})


async def _view(services: Services, registration: Registration) -> RegistrationView:
    return RegistrationView.of(await registration_progress.of(services, registration))


async def _as_it_stands(services: Services, held: RegistrationDep) -> RegistrationView:
    return await _view(services, await customer_registrations.find(services, held.secret, held.row.id))


@router.post("", status_code=201, responses=refusals(401, 409, 429), openapi_extra=SESSION_IF_ANY)
async def begin_registration(
    given: RegistrationBeginning,
    request: Request,
    response: Response,
    services: ServicesDep,
    session: SessionIfAnyDep,
    source: SourceDep,
) -> BegunRegistration:
    """Begins a registration: 30 minutes to identify. With a session it adds a company to that user."""
    begun = await customer_registrations.begin(
        services,
        given.kind,
        given.language or reader_language(request),
        source,
        user=None if session is None else session.user,
    )
    response.headers["Location"] = f"/v1/registrations/{begun.registration.id}"
    progress = await registration_progress.of(services, begun.registration)
    return BegunRegistration.begun(progress, begun.secret)


@router.get("/{registration_id}", responses=refusals(404))
async def show_registration(services: ServicesDep, held: RegistrationDep) -> RegistrationView:
    """How it stands, and what is missing next."""
    return await _view(services, held.row)


@router.post(
    "/{registration_id}/identification",
    status_code=201,
    responses=refusals(401, 404, 410),
    openapi_extra=SECRET_AND_SESSION_IF_ANY,
)
async def begin_identification(
    given: IdentificationBeginning, services: ServicesDep, held: RegistrationDep, session: SessionIfAnyDep
) -> BegunIdentification:
    """Sends the person to identify. With the session of the user to whom a company is added, that session
    counts as freshly identified afterwards, too.
    """
    with naming_fields():
        begun = await identifications.begin_for_registration(
            services, held.row, held.secret, given.means, session=session, redirect_uri=given.redirect_uri
        )
    return BegunIdentification.of(begun)


@router.post("/{registration_id}/identification/callback", responses=refusals(404, 409, 410))
async def take_identification(
    given: IdentificationAnswer, services: ServicesDep, held: RegistrationDep
) -> RegistrationView:
    """Takes what came back to the redirect address. Once: a second time is refused, so this is no PUT."""
    await take_answer(services, given, held.secret)
    return await _as_it_stands(services, held)


@router.put(
    "/{registration_id}/details",
    responses={
        **refusals(404, 409, 410, 429),
        202: {"model": RegistrationView, "description": "The customer registry takes longer; look again"},
    },
)
async def put_details(
    given: RegistrationDetails, response: Response, services: ServicesDep, held: RegistrationDep
) -> RegistrationView:
    """Takes the details, and checks a company's against the customer registry. A new address gets an e-mail
    with a link that confirms it.
    """
    after = await customer_registrations.submit(services, held.row, _typed(given, held.row))
    response.status_code = 202 if after.state is RegistrationState.CHECKING else 200
    return await _view(services, after)


def _typed(given: RegistrationDetails, registration: Registration) -> Typed:
    """What was given. Raises FieldsRefused for what does not belong to this registration."""
    foreign = frozenset() if registration.kind is CustomerKind.COMPANY else _COMPANYS
    if not registration.makes_user:
        foreign |= _USERS
    found = given.model_dump(exclude_none=True)
    checks = FieldChecks()
    for name in found:
        checks.refuse(f"/{name}", Code.FIELD_UNKNOWN if name in foreign else None)
    checks.done()
    return Typed(**found)


@router.post(
    "/{registration_id}/confirmation-emails", status_code=202, responses=refusals(404, 409, 410, 429)
)
async def send_confirmation_again(services: ServicesDep, held: RegistrationDep) -> RegistrationView:
    """Sends another link to the same address; the earlier one is dead."""
    await customer_registrations.send_confirmation_again(services, held.row)
    return await _as_it_stands(services, held)


@router.post("/{registration_id}/confirm", responses=refusals(404, 409, 410))
async def confirm_registration(
    given: Confirmation, services: ServicesDep, held: RegistrationDep
) -> RegistrationView:
    """Completes it with the details that were reviewed; again: the same answer. Then log in.

    The user is there, and a company's authorizations; a private customer's contracts are being linked.
    """
    return await _view(services, await registration_completion.confirm(services, held.row, given.revision))


@router.delete("/{registration_id}", status_code=204, responses=refusals(404, 410))
async def give_up_registration(services: ServicesDep, held: RegistrationDep) -> Response:
    """Gives it up: what was typed is erased at once. Again: the same answer."""
    await customer_registrations.give_up(services, held.row)
    after = await customer_registrations.find(services, held.secret, held.row.id)
    if after.state is not RegistrationState.ABANDONED:
        identified.refuse_when_over(after, services.clock())
    return Response(status_code=204)
