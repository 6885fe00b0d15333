"""Setting what a user may do on each subpage of a customer relation (spec 3.5)."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain import roles
from domain.codes import Code, Refused
from domain.vocabulary import Level, Subpage
from emails.labels import role_on
from runtime.texts import N_, translate
from starter.http.texts import DETAILS
from starter.services import identifications, levels
from starter.services.levels import Choices
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.pages.level_choices import ABOVE_OWN, BY_CONTRACT_ONLY, Row, posted_levels, row, values
from starter.web.paths import identify_path
from starter.web.routing import page
from starter.web.visit import Visit
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization

# The version of the levels that the form was filled in from.
_SEEN = "seen"
# Why a level that exists cannot be chosen.
_WITHOUT_IDENTIFICATION = N_(
    "“%(levels)s” can be chosen when the person has identified with bank codes or a mobile certificate."
)


def routes() -> list[BaseRoute]:
    """The one page."""
    return [page("/authorizations/{authorization_id:uuid}/levels", get=_show, post=_save)]


async def _show(visit: Visit) -> Response:
    """The levels as they are, or as they were chosen before one identified again."""
    found = await _find(visit)
    if isinstance(found, Response):
        return found
    given = visit.request.query_params
    if await _has_to_identify(visit, found):
        return visit.redirect(identify_path(_address(visit, given)))
    if given.get(_SEEN) not in {None, levels.version(found.authorization)}:
        form = _changed_meanwhile(visit, found)
    else:
        form = Form(
            {**values(found.authorization.levels), **{each: given[each] for each in Subpage if each in given}}
        )
    return await _form_page(visit, found, form)


async def _save(visit: Visit) -> Response:
    found = await _find(visit)
    if isinstance(found, Response):
        return found
    if await _has_to_identify(visit, found):
        return visit.redirect(identify_path(_address(visit, visit.posted)))
    try:
        change = await levels.change(
            visit.services,
            visit.user,
            found.authorization.id,
            posted_levels(visit.posted),
            seen=visit.posted.get(_SEEN, ""),
        )
    except Refused as refused:
        return await _refused(visit, refused)
    # Without the right to manage users, their tab is not his any more.
    tab = "authorizations" if found.held.own else "users"
    return visit.redirect(f"/relations/{found.held.relation.id}/{tab}", _notice(change))


def _notice(change: AuthorizationChange | None) -> Notice:
    if change is None:
        return Notice.LEVELS_UNCHANGED
    return Notice.LEVELS_CHANGED_INVITATIONS_ENDED if change.fallen_invitations else Notice.LEVELS_CHANGED


async def _find(visit: Visit) -> Choices | Response:
    """What may be chosen. An authorization that has ended leads away, and the page there says so.

    Raises Refused: `not_found`, `authorization.missing`.
    """
    authorization_id: UUID = visit.request.path_params["authorization_id"]
    try:
        found = await levels.choices(visit.services, visit.user, authorization_id)
    except Refused as refused:
        if refused.code is not Code.AUTHORIZATION_ENDED:
            raise
        return await _ended(visit, authorization_id)
    if found.held.actor_levels[Subpage.USERS] is not Level.WRITE:
        raise Refused(Code.AUTHORIZATION_MISSING)
    return found


async def _ended(visit: Visit, authorization_id: UUID) -> Response:
    async with visit.services.database.reading() as reading:
        ended = await reading.get_one(Authorization, authorization_id)
    is_own = ended.user_id == visit.user.id
    return visit.redirect(
        "/maintenance" if is_own else f"/relations/{ended.relation_id}/users", Notice.AUTHORIZATION_ENDED
    )


async def _has_to_identify(visit: Visit, found: Choices) -> bool:
    """Managing others asks for a fresh identification; what is one's own does not."""
    if found.held.own or visit.session is None:
        return False
    return await identifications.is_stale(visit.services, visit.session)


def _address(visit: Visit, given: Mapping[str, str]) -> str:
    """This page, with what was chosen, to come back to."""
    kept = {name: given[name] for name in (*Subpage, _SEEN) if name in given}
    path = visit.request.url.path
    return f"{path}?{urlencode(kept)}" if kept else path


async def _refused(visit: Visit, refused: Refused) -> Response:
    """What was chosen, with what is wrong with it; of what was changed meanwhile, how it is now."""
    found = await _find(visit)
    if isinstance(found, Response):
        return found
    form = visit.refused(refused)
    if refused.code is Code.AUTHORIZATION_CHANGED_MEANWHILE:
        form = replace(_changed_meanwhile(visit, found), status=form.status)
    return await _form_page(visit, found, form, nothing_left=refused.code is Code.AUTHORIZATION_LEVELS_EMPTY)


def _changed_meanwhile(visit: Visit, found: Choices) -> Form:
    words = translate(visit.language, DETAILS[Code.AUTHORIZATION_CHANGED_MEANWHILE])
    return Form(values(found.authorization.levels), general=words)


async def _form_page(visit: Visit, found: Choices, form: Form, *, nothing_left: bool = False) -> Response:
    held, authorization = found.held, found.authorization
    return await visit.page(
        "relations/levels.html",
        section="maintenance",
        form=form,
        relation=held.relation,
        user=held.user,
        is_own=held.own,
        is_by_contract=held.is_by_contract,
        authorization=authorization,
        role=role_on(visit.language, authorization.role, held.relation.commodity),
        rows=[_row(visit, found, subpage) for subpage in Subpage],
        seen=form.value(_SEEN) or levels.version(authorization),
        nothing_left=nothing_left,
    )


def _row(visit: Visit, found: Choices, subpage: Subpage) -> Row:
    settable = found.settable[subpage]
    levels = {
        level: None if level in settable else _reason(found, subpage, level)
        for level in roles.EXISTING_LEVELS[subpage]
    }
    return row(visit.language, subpage, levels)


def _reason(found: Choices, subpage: Subpage, level: Level) -> str:
    held = found.held
    if level.rank > held.actor_levels[subpage].rank:
        return ABOVE_OWN
    with_identity = roles.settable_levels(
        kind=held.relation.customer.kind,
        giver=held.actor_levels,
        current=found.authorization.levels,
        identified=True,
    )
    return _WITHOUT_IDENTIFICATION if level in with_identity[subpage] else BY_CONTRACT_ONLY
