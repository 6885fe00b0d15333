"""How a registration stands, for who holds its secret: what is known, and what is missing next (spec 3.2)."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from domain import identity as identity_codes
from domain.vocabulary import DeliveryState, Message, RegistrationState
from starter.services.context import Services
from store import messages
from store.registrations import Registration

# What is sent to the typed address. Somebody's who is a user already gets other words, and the person who
# registers must not see the difference (case A23).
_ABOUT_ADDRESS = frozenset({Message.EMAIL_CONFIRMATION, Message.EMAIL_IN_USE})


class NextStep(StrEnum):
    """What a registration waits for."""

    IDENTIFICATION = "identification"
    DETAILS = "details"
    # The customer registry's word: nothing to do.
    CHECK = "check"
    EMAIL_CONFIRMATION = "email_confirmation"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True)
class Progress:
    """`state` is as of now; the code and the names are known from the identification to the end."""

    registration: Registration
    state: RegistrationState
    next_step: NextStep | None
    masked_code: str | None
    email_confirmed: bool
    email_failed: bool


async def of(services: Services, registration: Registration) -> Progress:
    """How it stands now."""
    state = registration.state_at(services.clock())
    sealed = registration.identity_sealed if state.is_open else None
    async with services.database.reading() as session:
        email_failed = await _email_failed(session, registration)
    return Progress(
        registration=registration,
        state=state,
        next_step=_next_step(registration, state),
        masked_code=None
        if sealed is None
        else identity_codes.masked(services.vault.open(sealed, registration.id)),
        email_confirmed=registration.email_confirmed_at is not None,
        email_failed=email_failed,
    )


def _next_step(registration: Registration, state: RegistrationState) -> NextStep | None:
    if state is RegistrationState.REVIEW:
        needs_email = registration.makes_user and registration.email_confirmed_at is None
        return NextStep.EMAIL_CONFIRMATION if needs_email else NextStep.CONFIRMATION
    return {
        RegistrationState.IDENTIFYING: NextStep.IDENTIFICATION,
        RegistrationState.DETAILS: NextStep.DETAILS,
        RegistrationState.CHECKING: NextStep.CHECK,
    }.get(state)


async def _email_failed(session: AsyncSession, registration: Registration) -> bool:
    """Whether the latest e-mail to the typed address was refused for good."""
    return any(
        each.template in _ABOUT_ADDRESS
        and each.sequence == registration.email_generation
        and each.delivery is DeliveryState.FAILED
        for each in await messages.of_process(session, registration.id)
    )
