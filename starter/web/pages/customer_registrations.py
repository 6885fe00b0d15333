"""Registering as a private or a company customer: choosing, identifying, waiting, giving up (spec 3.2)."""

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind, RegistrationState
from starter.services import customer_registrations, identifications
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.notices import OF_REFUSAL
from starter.web.pages.identifying import leaving, means_page
from starter.web.pages.registration_steps import (
    CHECKING,
    CHOICE,
    ENDED,
    IDENTIFICATION,
    NEXT,
    by_cookie,
    has_moved_on,
    step,
    step_page,
)
from starter.web.routing import page
from starter.web.visit import Visit
from store.registrations import Registration

CONTRACTS = "/contract-links/new"
_CANCEL = "/registrations/cancel"
# How often a page without scripts asks again.
_REFRESH = timedelta(seconds=5)
_OPEN = tuple(state for state in RegistrationState if state.is_open)
_OVER = (RegistrationState.ALREADY_USER, RegistrationState.HANDED_OVER, RegistrationState.ABANDONED)


def routes() -> list[BaseRoute]:
    """All but what is typed and reviewed."""
    return [
        page(CHOICE, get=_choose, post=_begin, login=False),
        step(NEXT),
        step(IDENTIFICATION, RegistrationState.IDENTIFYING, get=_show_means, post=_identify),
        step(CHECKING, RegistrationState.CHECKING, get=_wait),
        step(_CANCEL, *_OPEN, get=_ask_to_cancel, post=_cancel),
        step(ENDED, *_OVER, get=_say_how_it_ended),
    ]


async def _choose(visit: Visit) -> Response:
    return await _choice(visit, Form())


async def _choice(visit: Visit, form: Form) -> Response:
    """What there is to choose, and what each needs; and the registration that is under way already."""
    under_way = await by_cookie(visit)
    is_own = under_way is not None and under_way.user_id in {None, visit.session and visit.session.user_id}
    is_open = under_way is not None and under_way.state_at(visit.now).is_open
    return await visit.page(
        "customer_registrations/choose.html",
        form=form,
        under_way=under_way if is_own and is_open else None,
        is_lost="lost" in visit.request.query_params,
        means=identifications.offered(visit.services),
        waits=visit.services.settings.registration,
    )


async def _begin(visit: Visit) -> Response:
    """Begins, and gives up what was begun in this browser before: its secret is there no more."""
    if visit.posted.get("kind") not in set(CustomerKind):
        raise Refused(Code.FIELD_INVALID)
    kind = CustomerKind(visit.posted["kind"])
    user = None if visit.session is None else visit.user
    if user is not None and kind is CustomerKind.PRIVATE:
        return visit.redirect(CONTRACTS)
    try:
        begun = await customer_registrations.begin(
            visit.services, kind, visit.language, visit.source, user=user
        )
    except Refused as refused:
        return await _choice(visit, visit.refused(refused))
    earlier = await by_cookie(visit)
    if earlier is not None:
        await customer_registrations.give_up(visit.services, earlier)
    waits, response = visit.services.settings.registration, visit.redirect(IDENTIFICATION)
    lifetime = waits.identification + waits.completion
    visit.cookies.set(response, Cookie.REGISTRATION, begun.secret, lifetime=lifetime)
    return response


async def _show_means(visit: Visit, registration: Registration) -> Response:
    return await means_page(
        visit, "customer_registrations/identification.html", Form(), registration=registration
    )


async def _identify(visit: Visit, registration: Registration) -> Response:
    """Sends the person to the bank. Who adds a company has then identified in his session, too."""
    try:
        begun = await identifications.begin_for_registration(
            visit.services,
            registration,
            visit.cookies.get(visit.request, Cookie.REGISTRATION),
            visit.posted.get("means", ""),
            session=None if registration.makes_user else visit.session,
            return_to=NEXT,
        )
    except Refused as refused:
        if has_moved_on(refused):
            return visit.redirect(NEXT)
        if refused.code in OF_REFUSAL:
            return visit.redirect(IDENTIFICATION, OF_REFUSAL[refused.code])
        raise
    return await leaving(visit, begun)


async def _wait(visit: Visit, registration: Registration) -> Response:
    """While the registry takes long. The page looks again by itself, with or without scripts."""
    response = await step_page(visit, "checking", registration)
    if not visit.has_script:
        response.headers["Refresh"] = str(int(_REFRESH.total_seconds()))
    return response


async def _ask_to_cancel(visit: Visit, registration: Registration) -> Response:
    return await step_page(visit, "cancel", registration)


async def _cancel(visit: Visit, registration: Registration) -> Response:
    await customer_registrations.give_up(visit.services, registration)
    return visit.redirect(NEXT)


async def _say_how_it_ended(visit: Visit, registration: Registration) -> Response:
    ended_at = registration.ended_at
    return await step_page(
        visit,
        "ended",
        registration,
        state=registration.state_at(visit.now),
        was_cancelled=ended_at is not None and ended_at < registration.deadline,
    )
