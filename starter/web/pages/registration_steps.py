"""What the steps of registering share: this browser's registration, and the page where it stands (spec 3.2).

Whoever asks for a step that it has not reached, or that is over, is led to the one where it is (case A19).
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind, RegistrationState
from starter.services import customer_registrations, registration_progress
from starter.web.cookies import Cookie
from starter.web.paths import asked_path
from starter.web.routing import page
from starter.web.visit import Visit
from store.registrations import Registration

CHOICE = "/registrations"
# Leads to the page of the step where it stands.
NEXT = "/registrations/next"
IDENTIFICATION = "/registrations/identification"
DETAILS = "/registrations/details"
CHECKING = "/registrations/checking"
REVIEW = "/registrations/review"
COMPLETED = "/registrations/completed"
ENDED = "/registrations/ended"
# Tells the choice that one came from a step, and that there was nothing to go on with.
LOST = f"{CHOICE}?lost=1"

_PAGES: Mapping[RegistrationState, str] = MappingProxyType(
    {
        RegistrationState.IDENTIFYING: IDENTIFICATION,
        RegistrationState.DETAILS: DETAILS,
        RegistrationState.CHECKING: CHECKING,
        RegistrationState.REVIEW: REVIEW,
        RegistrationState.COMPLETED: COMPLETED,
        RegistrationState.ALREADY_USER: ENDED,
        RegistrationState.HANDED_OVER: ENDED,
        RegistrationState.ABANDONED: ENDED,
    }
)
# The registration is not, or not any more, where the page took it to be.
_MOVED_ON = frozenset(
    {
        Code.REGISTRATION_NOT_READY,
        Code.REGISTRATION_ABANDONED,
        Code.REGISTRATION_COMPLETED,
        Code.REGISTRATION_ALREADY_USER,
        Code.REGISTRATION_HANDED_OVER,
    }
)

InStep = Callable[[Visit, Registration], Awaitable[Response]]


def address_of(registration: Registration, state: RegistrationState) -> str:
    """Where a registration in this state goes on. A completed private one: to the contracts."""
    is_done = state is RegistrationState.COMPLETED
    if is_done and registration.kind is CustomerKind.PRIVATE and registration.contract_link_id is not None:
        return f"/contract-links/{registration.contract_link_id}"
    return _PAGES[state]


async def by_cookie(visit: Visit) -> Registration | None:
    """The registration whose secret this browser has, whoever is logged in."""
    secret = visit.cookies.get(visit.request, Cookie.REGISTRATION)
    if not secret:
        return None
    try:
        return await customer_registrations.find(visit.services, secret)
    except Refused as refused:
        if refused.code is Code.NOT_FOUND:
            return None
        raise


async def of_visitor(visit: Visit) -> Registration | None:
    """The same, if it is the visitor's: one that belongs to a user needs that user's session too.

    Raises Refused(`session.required`) when nobody is logged in who could be that user.
    """
    found = await by_cookie(visit)
    if found is None or found.user_id is None:
        return found
    return found if visit.user.id == found.user_id else None


def step(
    path: str,
    *states: RegistrationState,
    get: InStep | None = None,
    post: InStep | None = None,
    find: Callable[[Visit], Awaitable[Registration | None]] = of_visitor,
) -> Route:
    """A page of the registration in this browser, as long as that is in one of the states.

    A form says which registration it is of: another may have begun in this browser since. What is only
    posted leads on when it is got.
    """

    def in_step(handler: InStep) -> Callable[[Visit], Awaitable[Response]]:
        async def handle(visit: Visit) -> Response:
            registration = await find(visit)
            if registration is None:
                return visit.redirect(LOST)
            state = registration.state_at(visit.now)
            if state not in states or _is_of_another(visit, registration):
                return visit.redirect(address_of(registration, state))
            return await handler(visit, registration)

        return handle

    posting = None if post is None else _in_time(in_step(post))
    return page(path, get=in_step(get or _go_on), post=posting, login=False, too_late=posting)


def _is_of_another(visit: Visit, registration: Registration) -> bool:
    return visit.request.method == "POST" and visit.posted.get("registration") != str(registration.id)


async def _go_on(visit: Visit, registration: Registration) -> Response:
    return visit.redirect(address_of(registration, registration.state_at(visit.now)))


def _in_time(handler: Callable[[Visit], Awaitable[Response]]) -> Callable[[Visit], Awaitable[Response]]:
    """Lets a form whose session has ended lead back to its page, which says what to do.

    A session that has ended may also be an old one, of no concern to a form that was shown without it.
    """

    async def handle(visit: Visit) -> Response:
        if visit.session_has_ended:
            try:
                await visit.read_form()
            except Refused as refused:
                if refused.code is not Code.FORM_OUTDATED:
                    raise
                return visit.redirect(asked_path(visit.request))
        return await handler(visit)

    return handle


def has_moved_on(refused: Refused) -> bool:
    """Whether the answer to this refusal is the page of the step where the registration stands."""
    return refused.code in _MOVED_ON


async def step_page(visit: Visit, template: str, registration: Registration, **context: Any) -> Response:
    """A step's page, which knows how the registration stands."""
    return await visit.page(
        f"customer_registrations/{template}.html",
        registration=registration,
        progress=await registration_progress.of(visit.services, registration),
        **context,
    )
