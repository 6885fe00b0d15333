"""Completing a reviewed registration: the one decision in it, which its process takes (spec 3.2, step 4)."""

from functools import partial
from uuid import UUID, uuid4

from domain import ids
from domain.codes import Code, Refused
from domain.registrations import Confirm, ConfirmOutcome
from domain.vocabulary import ProcessKind, RegistrationState
from starter.services.context import Services
from starter.services.identified import refuse_when_over
from starter.services.processes import ProcessFinished, deliver_owed, update
from starter.services.refusals import OutcomeUnknown
from starter.services.waiting import unless_over
from store.registrations import Registration


async def confirm(services: Services, registration: Registration, revision: int) -> Registration:
    """Completes it with the details that were reviewed. Again: the same.

    Raises Refused: `registration.<end>`, `registration.not_ready`, `registration.email_not_confirmed`,
    `user.username_taken`, `user.exists`, `registration.already_user`, `authorization.exists`; OutcomeUnknown.
    """
    refusal = None
    if registration.state is not RegistrationState.COMPLETED:
        refuse_when_over(registration, services.clock())
        try:
            refusal = await unless_over(
                _ask_process(services, registration, revision), partial(_has_ended, services, registration.id)
            )
        except OutcomeUnknown:
            raise
        except Refused as refused:
            refusal = refused.code
    await deliver_owed(services, registration.id)
    after = await _row(services, registration.id)
    # How it stands goes before what was answered: another click may have completed it meanwhile.
    if after.state is RegistrationState.COMPLETED:
        if after.contract_link_id is not None:
            await deliver_owed(services, after.contract_link_id)
        return after
    refuse_when_over(after, services.clock())
    if refusal is not None:
        raise Refused(refusal)
    # Neither done nor refused: Temporal says that it is over and the database does not know it yet.
    raise OutcomeUnknown


async def _has_ended(services: Services, registration_id: UUID) -> bool:
    return not (await _row(services, registration_id)).state.is_open


async def _row(services: Services, registration_id: UUID) -> Registration:
    async with services.database.reading() as session:
        return await session.get_one(Registration, registration_id)


async def _ask_process(services: Services, registration: Registration, revision: int) -> Code | None:
    """Lets the process decide. Returns the code of its refusal, if it refused.

    A process that Temporal does not know was perhaps never started: then what is owed to it is delivered,
    and it is asked once more.
    """
    for may_be_unstarted in (True, False):
        try:
            outcome = await update(
                services,
                ProcessKind.REGISTRATION,
                registration.id,
                "confirm",
                Confirm(revision=revision),
                # Each try is its own: what was refused may be mended without new details.
                update_id=ids.update_id("confirm", registration.id, str(uuid4())),
                reply=ConfirmOutcome,
            )
        except ProcessFinished:
            if not may_be_unstarted:
                return None
            await deliver_owed(services, registration.id)
        else:
            return outcome.refusal
    return None
