"""The details of a registration: company, user, terms and declarations (spec 3.2, step 3).

What was accepted is kept in the row, so that going back, a mismatch or a registry that is down loses nothing.
What is refused field by field is shown again at once: it holds a password, which is kept nowhere as typed.
"""

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind, RegistrationState
from runtime.texts import N_, translate
from starter.http.texts import DETAILS as WORDS
from starter.services import customer_registrations
from starter.services.registration_details import Typed
from starter.web.forms import Form
from starter.web.pages.registration_steps import DETAILS, NEXT, has_moved_on, step, step_page
from starter.web.visit import Visit
from store.registrations import Registration

_TYPED = ("company_name", "business_id", "customer_number", "first_name", "last_name", "email", "username")
_CHOSEN = "yes"
_NO_RIGHT_TO_SEE = N_("Confirm that you have the right to see the details of the customers you represent.")


def routes() -> list[BaseRoute]:
    """One page, from the identification on until everything is confirmed."""
    return [
        step(
            DETAILS,
            RegistrationState.DETAILS,
            RegistrationState.CHECKING,
            RegistrationState.REVIEW,
            get=_show,
            post=_submit,
        )
    ]


async def _show(visit: Visit, registration: Registration) -> Response:
    """What is kept of it; of a mismatch that, and nothing more."""
    refusal = registration.refusal
    general = None if refusal is None else translate(visit.language, WORDS[refusal])
    return await _form_page(visit, registration, Form(_kept(visit, registration), general=general))


async def _submit(visit: Visit, registration: Registration) -> Response:
    try:
        await customer_registrations.submit(visit.services, registration, _typed(visit, registration))
    except Refused as refused:
        # A mismatch is in the row, and said by the page that is got.
        if has_moved_on(refused) or refused.code is Code.REGISTRATION_DETAILS_DO_NOT_MATCH:
            return visit.redirect(NEXT)
        return await _form_page(visit, registration, _again(visit, refused))
    return visit.redirect(NEXT)


def _kept(visit: Visit, registration: Registration) -> Mapping[str, str]:
    """What was sent before; at first the verified names."""
    if registration.revision == 0:
        return {
            "first_name": registration.verified_first_name,
            "last_name": registration.verified_last_name,
        }
    declared = dict.fromkeys(("declared_accurate", "declared_right_to_see"), _CHOSEN)
    is_in_force = registration.terms_version == visit.services.settings.retailer.terms_version
    return {**registration.details, **declared, "terms_version": _CHOSEN if is_in_force else ""}


def _typed(visit: Visit, registration: Registration) -> Typed:
    posted = visit.posted
    terms_version = posted.get("terms_shown", "") if posted.get("terms_version") == _CHOSEN else ""
    return Typed(
        **{name: posted.get(name, "") for name in _TYPED},
        password=posted.get("password", ""),
        terms_version=terms_version
        if _asks_for_terms(visit, registration)
        else visit.user.terms_version or "",
        declared_accurate=posted.get("declared_accurate") == _CHOSEN,
        declared_right_to_see=posted.get("declared_right_to_see") == _CHOSEN,
    )


def _asks_for_terms(visit: Visit, registration: Registration) -> bool:
    """Whether the person has not accepted, as a user, the terms that are in force."""
    in_force = visit.services.settings.retailer.terms_version
    return registration.makes_user or visit.user.terms_version != in_force


def _again(visit: Visit, refused: Refused) -> Form:
    """What was posted, with what is wrong; terms that have changed are to be accepted anew."""
    form = visit.refused(refused)
    values, errors = dict(form.values), dict(form.errors)
    if "terms_version" in errors:
        values["terms_version"] = ""
    if "declared_right_to_see" in errors:
        errors["declared_right_to_see"] = translate(visit.language, _NO_RIGHT_TO_SEE)
    return replace(form, values=values, errors=errors)


async def _form_page(visit: Visit, registration: Registration, form: Form) -> Response:
    return await step_page(
        visit,
        "details",
        registration,
        form=form,
        is_company=registration.kind is CustomerKind.COMPANY,
        has_password=registration.password_hash is not None,
        asks_for_terms=_asks_for_terms(visit, registration),
        terms_version=visit.services.settings.retailer.terms_version,
    )
