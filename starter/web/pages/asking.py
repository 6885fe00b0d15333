"""*May I have more rights?*, as who asks goes about it: higher levels on an authorization of his own."""

from dataclasses import dataclass, replace
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain import roles, text
from domain.codes import Code, Refused
from domain.roles import EXISTING_LEVELS, ROLE_LEVELS
from domain.vocabulary import CustomerKind, GrantedThrough, Level, Role, Subpage
from emails.labels import role_on
from runtime.texts import N_, translate
from starter.http.texts import DETAILS
from starter.services import rights_requests
from starter.services.rights_requests import Askable
from starter.web.forms import Form
from starter.web.pages.account_parts import again
from starter.web.pages.level_choices import BY_CONTRACT_ONLY, Row, posted_levels, row, values
from starter.web.paths import identify_path
from starter.web.routing import page
from starter.web.visit import Visit
from store import authorization_acts, authorizations
from store.authorizations import Authorization

_WITHOUT_IDENTIFICATION = N_(
    "You can ask for “%(levels)s” when you have identified with bank codes or a mobile certificate."
)
# The levels of which no higher ones exist.
_EVERYTHING = ROLE_LEVELS[Role.ADMINISTRATOR]


def routes() -> list[BaseRoute]:
    """The one page."""
    return [page("/authorizations/{authorization_id:uuid}/more-rights", get=_show, post=_ask)]


def may_be_more(authorization: Authorization) -> bool:
    """Whether there is more to ask for on an authorization, once one has identified strongly."""
    return any(_higher(authorization, subpage, identified=True) for subpage in Subpage)


def _higher(authorization: Authorization, subpage: Subpage, *, identified: bool) -> list[Level]:
    """The levels above the present one that can be given."""
    current = authorization.levels
    if (
        authorization.granted_through is GrantedThrough.CONTRACT
        or authorization.relation.ended_at is not None
    ):
        return []
    possible = roles.settable_levels(
        kind=authorization.relation.customer.kind, giver=_EVERYTHING, current=current, identified=identified
    )
    return [level for level in possible[subpage] if level.rank > current[subpage].rank]


@dataclass(frozen=True)
class _Asking:
    """What may be asked for, and whether there is anybody who could be asked."""

    askable: Askable
    is_somebody_there: bool

    @property
    def authorization(self) -> Authorization:
        return self.askable.authorization


async def _show(visit: Visit) -> Response:
    found = await _find(visit)
    return await _form_page(visit, found, Form(values(found.authorization.levels)))


async def _ask(visit: Visit) -> Response:
    found = await _find(visit)
    try:
        levels = posted_levels(visit.posted)
        # Pressed twice, it is one request.
        waiting = found.askable.open_request
        if waiting is None or waiting.levels != levels:
            waiting = await rights_requests.ask(
                visit.services,
                visit.user,
                found.authorization.id,
                levels,
                visit.posted.get("message", ""),
            )
    except Refused as refused:
        return await _refused(visit, refused)
    return visit.redirect(f"/rights-requests/{waiting.id}")


async def _refused(visit: Visit, refused: Refused) -> Response:
    """What was chosen, with what is wrong with it, and how things stand now."""
    form = again(visit, refused)
    if refused.code is Code.AUTHORIZATION_LEVEL_TOO_HIGH:
        # The page offers none that is not possible: the authorization is another by now.
        form = replace(form, general=translate(visit.language, DETAILS[Code.AUTHORIZATION_CHANGED_MEANWHILE]))
    found = await _find(visit)
    return await _form_page(
        visit, found, replace(form, values={**values(found.authorization.levels), **form.values})
    )


async def _find(visit: Visit) -> _Asking:
    """What the visitor may ask for on his own authorization. Raises Refused(`not_found`)."""
    authorization_id: UUID = visit.request.path_params["authorization_id"]
    askable = await rights_requests.askable(visit.services, visit.user, authorization_id)
    relation = askable.authorization.relation
    async with visit.services.database.reading() as reading:
        everybody = await authorizations.of_relation(reading, relation.id, visit.now)
    managers = authorization_acts.managers(relation, everybody, visit.now)
    return _Asking(askable, any(each != visit.user.id for each in managers))


async def _form_page(visit: Visit, found: _Asking, form: Form) -> Response:
    authorization, relation = found.authorization, found.authorization.relation
    rows = [_row(visit, found, subpage) for subpage in Subpage]
    lacks_identity = not found.askable.identified and visit.services.identity_provider is not None
    is_limited = any(
        _higher(authorization, subpage, identified=True) != _higher(authorization, subpage, identified=False)
        for subpage in Subpage
    )
    return await visit.page(
        "rights_requests/ask.html",
        section="maintenance",
        form=form,
        relation=relation,
        authorization=authorization,
        role=role_on(visit.language, authorization.role, relation.commodity),
        rows=rows,
        waiting=found.askable.open_request,
        is_by_contract=authorization.granted_through is GrantedThrough.CONTRACT,
        may_be_more=may_be_more(authorization),
        is_something=found.askable.is_something,
        is_somebody_there=found.is_somebody_there,
        identify=identify_path(visit.request.url.path) if lacks_identity and is_limited else None,
        limit=text.COVER_MESSAGE_LENGTH,
        days=visit.services.settings.rights_request.answer.days,
    )


def _row(visit: Visit, found: _Asking, subpage: Subpage) -> Row:
    """Upwards alone: the present level, and those above it."""
    present, possible = found.authorization.levels[subpage], found.askable.levels[subpage]
    levels = {
        level: None if level in possible else _reason(found.authorization)
        for level in EXISTING_LEVELS[subpage]
        if level.rank >= present.rank
    }
    return row(visit.language, subpage, levels)


def _reason(authorization: Authorization) -> str:
    is_private = authorization.relation.customer.kind is CustomerKind.PRIVATE
    return BY_CONTRACT_ONLY if is_private else _WITHOUT_IDENTIFICATION
