"""Becoming a user through an invitation's link (spec 3.1, step 3); then one is logged in, and approves."""

from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import Language
from starter.services import invitation_registrations, sessions
from starter.services.invitation_registrations import Registration
from starter.services.refusals import FieldError, FieldsRefused
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.options import LANGUAGES
from starter.web.pages.link import located
from starter.web.paths import OPENED
from starter.web.routing import page
from starter.web.visit import Visit
from store.invitations import Invitation
from store.users import User

_CHOSEN = "yes"
# The page behind the link says why there is nothing to register for, and what to do instead.
_EXPLAINED_THERE = frozenset(
    {
        Code.NOT_FOUND,
        Code.USER_EXISTS,
        Code.INVITATION_ACCEPTED,
        Code.INVITATION_DECLINED,
        Code.INVITATION_CANCELLED,
        Code.INVITATION_EXPIRED,
        Code.INVITATION_UNDELIVERABLE,
        Code.INVITATION_VOID,
    }
)


def routes() -> list[BaseRoute]:
    """One page; nobody is logged in yet."""
    return [page("/register", get=_show, post=_register, login=False)]


async def _show(visit: Visit) -> Response:
    invitation = await _to_register_for(visit)
    if invitation is None:
        return visit.redirect(OPENED)
    form = Form(
        {
            "first_name": invitation.first_name,
            "last_name": invitation.last_name,
            "language": visit.language.value,
        }
    )
    return await _form_page(visit, invitation, form)


async def _register(visit: Visit) -> Response:
    """Makes the user and starts his session, which never is one that the browser had before (case A22)."""
    invitation = await _to_register_for(visit)
    # Another link may have been opened in this browser since the form was shown: with its e-mail address, the
    # user would be somebody else's.
    if invitation is None or visit.posted.get("invitation") != str(invitation.id):
        return visit.redirect(OPENED)
    try:
        user = await _make_user(visit)
    except Refused as refused:
        if refused.code in _EXPLAINED_THERE:
            return visit.redirect(OPENED)
        return await _form_page(visit, invitation, _again(visit, refused))
    started = await sessions.start_for(visit.services, user.id, visit.source, visit.device)
    response = visit.redirect(f"/invitations/{invitation.id}", Notice.REGISTERED)
    visit.cookies.set(response, Cookie.SESSION, started.token)
    # From now on the language is the one in the user's details.
    visit.cookies.forget(response, Cookie.LANGUAGE)
    return response


async def _to_register_for(visit: Visit) -> Invitation | None:
    """The open invitation of somebody who is no user yet; None when there is nothing to register for."""
    if visit.session is not None:
        return None
    try:
        found = await located(visit)
    except Refused as refused:
        if refused.code is Code.NOT_FOUND:
            return None
        raise
    is_open = found.invitation.state_at(visit.now).is_open
    return found.invitation if is_open and not found.recipient_is_registered else None


async def _make_user(visit: Visit) -> User:
    posted = visit.posted
    language = posted.get("language", "")
    if language not in set(Language):
        raise FieldsRefused([FieldError("/language", Code.FIELD_INVALID)])
    has_accepted = posted.get("terms_version") == _CHOSEN
    return await invitation_registrations.register(
        visit.services,
        visit.cookies.get(visit.request, Cookie.INVITATION),
        Registration(
            first_name=posted.get("first_name", ""),
            last_name=posted.get("last_name", ""),
            username=posted.get("username", ""),
            password=posted.get("password", ""),
            language=Language(language),
            # What was read may not be what is in force by now; then it has to be read and accepted again.
            terms_version=posted.get("terms_shown", "") if has_accepted else "",
            declared_accurate=posted.get("declared_accurate") == _CHOSEN,
        ),
        visit.source,
    )


def _again(visit: Visit, refused: Refused) -> Form:
    form = visit.refused(refused)
    if form.error("terms_version") is None:
        return form
    return replace(form, values={**form.values, "terms_version": ""})


async def _form_page(visit: Visit, invitation: Invitation, form: Form) -> Response:
    return await visit.page(
        "registering/register.html",
        form=form,
        invitation=invitation,
        language_options=LANGUAGES,
        terms_version=visit.services.settings.retailer.terms_version,
    )
