"""Everything once more, the address that is to be confirmed, *Confirm*, and the end (spec 3.2, step 4)."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind, RegistrationState
from runtime.texts import N_, translate
from starter.http.texts import DETAILS as WORDS
from starter.services import customer_registrations, registration_completion, sessions
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.pages.registration_steps import (
    COMPLETED,
    NEXT,
    REVIEW,
    address_of,
    by_cookie,
    has_moved_on,
    of_visitor,
    step,
    step_page,
)
from starter.web.paths import asked_path
from starter.web.visit import Visit
from store.customers import Customer
from store.registrations import Registration

_EMAIL = "/registrations/email"
# A refused form leads to the page that says why: one that was got can be reloaded and gone back to.
_WHY = "why"
_CHANGED = "changed"
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        Code.REGISTRATION_EMAIL_NOT_CONFIRMED: WORDS[Code.REGISTRATION_EMAIL_NOT_CONFIRMED],
        Code.USER_USERNAME_TAKEN: N_(
            "Somebody else has taken the username meanwhile. Change it, and confirm again."
        ),
        Code.USER_EXISTS: N_(
            "There is already a user with this e-mail address. Log in as that user, or change the address."
        ),
        Code.AUTHORIZATION_EXISTS: N_(
            "You already have access to this customer number. Nothing was changed."
        ),
        Code.OUTCOME_UNKNOWN: WORDS[Code.OUTCOME_UNKNOWN],
        Code.REQUEST_TOO_MANY: N_(
            "No more e-mails can be sent for this registration. Look in the folder for spam, or contact"
            " customer service."
        ),
        _CHANGED: N_(
            "The details were changed in another window since you opened this page. Check them again, and"
            " confirm."
        ),
    }
)
# Who confirms twice, or never got the first answer, is logged in all the same. Later he needs his password:
# the cookie alone opens nothing.
_JUST_NOW = timedelta(minutes=1)
# For how long the page of the end can be loaded again.
_KEPT_AFTER = timedelta(minutes=30)


def routes() -> list[BaseRoute]:
    """The review, the address's e-mail, and the end."""
    return [
        step(REVIEW, RegistrationState.REVIEW, get=_show),
        step(
            "/registrations/confirm",
            RegistrationState.REVIEW,
            RegistrationState.COMPLETED,
            post=_confirm,
            find=_to_confirm,
        ),
        step(_EMAIL, RegistrationState.REVIEW, post=_send_again),
        step(COMPLETED, RegistrationState.COMPLETED, get=_say_what_is_done),
    ]


async def _to_confirm(visit: Visit) -> Registration | None:
    """Somebody new is nobody's user before this, nor in his session when he confirms a second time."""
    found = await by_cookie(visit)
    return found if found is not None and found.makes_user else await of_visitor(visit)


async def _show(visit: Visit, registration: Registration) -> Response:
    """What will be registered, the company as the registry names it; and why it was not, if so."""
    is_confirmed = not registration.makes_user or registration.email_confirmed_at is not None
    why = visit.request.query_params.get(_WHY, "")
    # Said where the address is, for as long as it is so.
    waits_for_email = why == Code.REGISTRATION_EMAIL_NOT_CONFIRMED and not is_confirmed
    is_true = waits_for_email or (why in _REASONS and why != Code.REGISTRATION_EMAIL_NOT_CONFIRMED)
    most = visit.services.settings.registration_limits.confirmation_emails
    return await step_page(
        visit,
        "review",
        registration,
        here=asked_path(visit.request),
        form=Form(general=translate(visit.language, _REASONS[why]) if is_true else None),
        waits_for_email=waits_for_email,
        customer=await _customer(visit, registration),
        is_confirmed=is_confirmed,
        can_be_sent_again=registration.email_generation < most,
    )


async def _customer(visit: Visit, registration: Registration) -> Customer | None:
    async with visit.services.database.reading() as session:
        return await session.get(Customer, registration.customer_id) if registration.customer_id else None


async def _send_again(visit: Visit, registration: Registration) -> Response:
    if registration.email_confirmed_at is not None:
        return visit.redirect(REVIEW)
    try:
        await customer_registrations.send_confirmation_again(visit.services, registration)
    except Refused as refused:
        return visit.redirect(_address_after(refused))
    return visit.redirect(REVIEW, Notice.CONFIRMATION_SENT_AGAIN)


async def _confirm(visit: Visit, registration: Registration) -> Response:
    """Confirms what was reviewed and nothing else. A second time leads to the same end."""
    if visit.posted.get("revision") != str(registration.revision):
        return visit.redirect(f"{REVIEW}?{_WHY}={_CHANGED}")
    try:
        after = await registration_completion.confirm(visit.services, registration, registration.revision)
    except Refused as refused:
        return visit.redirect(_address_after(refused))
    return await _enter(visit, after)


def _address_after(refused: Refused) -> str:
    """The page that says why; of a registration that has moved on, the one where it is. Raises the rest."""
    why = _CHANGED if refused.code is Code.REGISTRATION_NOT_READY else refused.code.value
    if why in _REASONS:
        return f"{REVIEW}?{_WHY}={why}"
    if has_moved_on(refused):
        return NEXT
    raise refused


async def _enter(visit: Visit, done: Registration) -> Response:
    """Logs in whoever became a user by this, in a session that the browser never had before (case A22)."""
    address = address_of(done, RegistrationState.COMPLETED)
    is_in_already = visit.session is not None and visit.session.user_id == done.user_id
    if is_in_already or done.user_id is None:
        return _with_short_cookie(visit, visit.redirect(address))
    if done.ended_at is None or visit.now - done.ended_at > _JUST_NOW:
        return visit.redirect(f"/login?next={address}", Notice.REGISTRATION_COMPLETED)
    started = await sessions.start_for(visit.services, done.user_id, visit.source, visit.device)
    if visit.session is not None:
        await sessions.log_out(visit.services, visit.session.id)
    is_private = done.kind is CustomerKind.PRIVATE
    response = visit.redirect(address, Notice.USER_REGISTERED if is_private else None)
    visit.cookies.set(response, Cookie.SESSION, started.token)
    return _with_short_cookie(visit, response)


def _with_short_cookie(visit: Visit, response: Response) -> Response:
    """The registration's cookie has done its work, but for the page of the end when it is loaded again."""
    secret = visit.cookies.get(visit.request, Cookie.REGISTRATION)
    visit.cookies.set(response, Cookie.REGISTRATION, secret, lifetime=_KEPT_AFTER)
    return response


async def _say_what_is_done(visit: Visit, registration: Registration) -> Response:
    """The end, for a company; a private customer's is the page of the contracts."""
    if registration.kind is CustomerKind.PRIVATE:
        return visit.redirect(address_of(registration, RegistrationState.COMPLETED))
    return await step_page(visit, "completed", registration, customer=await _customer(visit, registration))
