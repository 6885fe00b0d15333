"""Own details: one's name, language, who may be told one's name, and the strong identification."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import Language, NameSuggestion
from runtime.texts import N_, translate
from starter.services import accounts, own_identity
from starter.services.accounts import Changes
from starter.services.refusals import FieldError, FieldsRefused
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.options import LANGUAGES
from starter.web.pages.identifying import identity_of
from starter.web.routing import page
from starter.web.visit import Visit
from store import users
from store.users import User

_PATH = "/account"
_CHOSEN = "yes"
# More digits than a revision will ever have.
_MOST_DIGITS = 12
_CHANGED_MEANWHILE = N_(
    "Your details have been changed since you opened this page, so nothing was saved. They are shown below."
    " If you save what you typed, it replaces them."
)


def routes() -> list[BaseRoute]:
    """One page."""
    return [page(_PATH, get=_show, post=_save)]


async def _show(visit: Visit) -> Response:
    return await _form_page(visit, visit.user, Form(_values(visit.user)))


async def _save(visit: Visit) -> Response:
    try:
        changes, revision = _changes(visit), _revision(visit.posted)
        await accounts.change(visit.services, visit.user.id, changes, revision=revision)
    except Refused as refused:
        # Somebody may have changed them since this request began.
        async with visit.services.database.reading() as reading:
            present = await users.user(reading, visit.user.id) or visit.user
        form, changed = visit.refused(refused), refused.code is Code.USER_CHANGED_MEANWHILE
        if changed:
            form = replace(form, general=translate(visit.language, _CHANGED_MEANWHILE))
        return await _form_page(visit, present, form, changed_meanwhile=changed)
    response = visit.redirect(_PATH, Notice.DETAILS_SAVED)
    # So that the language that was chosen here shows.
    visit.cookies.forget(response, Cookie.LANGUAGE)
    return response


def _values(user: User) -> Mapping[str, str]:
    return {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "language": user.language.value,
        "name_suggestion_allowed": _CHOSEN if user.name_suggestion_allowed else "",
    }


def _asks_about_suggestions(visit: Visit) -> bool:
    """Whether the installation lets each user decide."""
    return visit.services.settings.name_suggestion is NameSuggestion.SHARED_OR_OPTED_IN


def _changes(visit: Visit) -> Changes:
    posted, language = visit.posted, visit.posted.get("language", "")
    if language not in set(Language):
        raise FieldsRefused([FieldError("/language", Code.FIELD_INVALID)])
    is_allowed = posted.get("name_suggestion_allowed") == _CHOSEN
    return Changes(
        first_name=posted.get("first_name", ""),
        last_name=posted.get("last_name", ""),
        language=Language(language),
        name_suggestion_allowed=is_allowed if _asks_about_suggestions(visit) else None,
    )


def _revision(posted: Mapping[str, str]) -> int:
    """The revision that was seen. What is none is refused like an old one."""
    given = posted.get("revision", "")
    if given.isascii() and given.isdecimal() and len(given) <= _MOST_DIGITS:
        return int(given)
    raise Refused(Code.USER_CHANGED_MEANWHILE)


async def _form_page(visit: Visit, user: User, form: Form, *, changed_meanwhile: bool = False) -> Response:
    return await visit.page(
        "account/account.html",
        section="account",
        form=form,
        user=user,
        language_options=LANGUAGES,
        asks_about_suggestions=_asks_about_suggestions(visit),
        changed_meanwhile=changed_meanwhile,
        identity=await identity_of(visit),
        verified_name=await own_identity.verified_name(visit.services, visit.user),
    )
