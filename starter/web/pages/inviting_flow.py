"""What the phases of inviting share: the draft between them, what is missing in it, a suggested name."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import UUID

from starlette.responses import Response

from domain.codes import Code, Refused
from domain.text import COVER_MESSAGE_LENGTH
from domain.vocabulary import DraftKind
from starter.services import drafts, suggestions
from starter.services.invitation_checks import FIELDS, Phase, draft_of
from starter.services.refusals import AlreadyPending, FieldsRefused, TooMany
from starter.web.forms import Form, refused_form
from starter.web.pages import relations
from starter.web.pages.relations import Standing
from starter.web.routing import Handler
from starter.web.visit import Visit
from store.drafts import Draft

PATHS: Mapping[Phase | None, str] = MappingProxyType(
    {
        Phase.CONTACT_DETAILS: "contact-details",
        Phase.USER_DETAILS: "user-details",
        Phase.COVER_MESSAGE: "cover-message",
        # The last phase, in which nothing is typed.
        None: "confirmation",
    }
)
_ORDER = tuple(PATHS)
DRAFT = "/invitation-drafts/{draft_id:uuid}"
# Asks a phase to say what is wrong with what the draft holds.
_CHECK = "check"
# Enough to shorten what is too long; a draft is no place to store things.
_MOST_KEPT = 5 * COVER_MESSAGE_LENGTH
# What the draft holds besides the fields: for which address a name was sought, and whether the names in it
# are those that were found.
_SOUGHT_FOR, _IS_SUGGESTED = "name_sought_for", "name_is_suggested"


@dataclass(frozen=True)
class Flow:
    """A draft under way, and how its user stands to its relation."""

    draft: Draft
    standing: Standing

    def address(self, phase: Phase | None) -> str:
        """Where a phase of this draft is; None is the confirmation."""
        return address(self.draft.id, phase)

    @property
    def is_name_suggested(self) -> bool:
        """Whether the names in the draft are as they were suggested."""
        return self.draft.data.get(_IS_SUGGESTED) == "yes"


InFlow = Callable[[Visit, Flow], Awaitable[Response]]


def address(draft_id: UUID, phase: Phase | None) -> str:
    """Where a phase of a draft is; None is the confirmation."""
    return f"/invitation-drafts/{draft_id}/{PATHS[phase]}"


def checked_address(draft_id: UUID, phase: Phase | None) -> str:
    """The same, where the page says what is wrong with what the draft holds.

    A refused form leads there: a page that was got can be reloaded and gone back to, one that was posted
    makes the browser ask whether to send it again.
    """
    return f"{address(draft_id, phase)}?{_CHECK}=1"


def is_to_be_checked(visit: Visit) -> bool:
    """Whether this is such an address."""
    return _CHECK in visit.request.query_params


def refused(
    visit: Visit, values: Mapping[str, str], refusal: Refused, fields: Mapping[Code, str] | None = None
) -> Form:
    """`values` with what is wrong with them, on a page that was got: to show them is no failure.

    Raises the refusal itself when it is about the page (403, 404).
    """
    form = refused_form(visit.language, values, refusal, fields or {})
    return replace(form, status=HTTPStatus.OK, headers={})


def number(phase: Phase | None) -> int:
    """A phase's place, from 0."""
    return _ORDER.index(phase)


def after(phase: Phase) -> Phase | None:
    """The next phase."""
    return _ORDER[number(phase) + 1]


def before(phase: Phase | None) -> Phase | None:
    """The phase before, for all but the first."""
    return _ORDER[number(phase) - 1]


async def _flow(visit: Visit) -> Flow:
    """The flow in the address. Raises Refused: `not_found`, `authorization.missing`."""
    draft = await drafts.find(visit.services, visit.user, visit.request.path_params["draft_id"])
    if draft.kind is not DraftKind.INVITATION or draft.relation_id is None:
        raise Refused(Code.NOT_FOUND)
    return Flow(draft, await relations.managing(visit, draft.relation_id))


def _incomplete(data: Mapping[str, str], until: Phase | None) -> Phase | None:
    """The first phase before `until` that has to be gone through (again)."""
    try:
        draft_of(data)
    except FieldsRefused as refused:
        wrong = {each.pointer.removeprefix("/") for each in refused.errors}
        earlier = list(Phase)[: number(until)]
        return next((phase for phase in earlier if wrong & set(FIELDS[phase])), None)
    return None


def as_typed(phase: Phase, posted: Mapping[str, str]) -> dict[str, str]:
    """A phase's fields unchecked, to be kept when one goes back or is refused. PostgreSQL keeps no NULs."""
    return {name: posted.get(name, "").replace("\x00", "")[:_MOST_KEPT] for name in FIELDS[phase]}


async def name_for(visit: Visit, flow: Flow, email: str) -> dict[str, str]:
    """What the draft gets when its second phase is reached: the registered person's name, if it may be told.

    It is sought once for an address, and never replaces what somebody typed.
    """
    data = flow.draft.data
    is_typed = (data.get("first_name") or data.get("last_name")) and data.get(_IS_SUGGESTED) != "yes"
    if is_typed or data.get(_SOUGHT_FOR) == email:
        return {}
    try:
        name = await suggestions.suggest_name(visit.services, visit.user, flow.standing.relation.id, email)
    except TooMany:
        name = None
    return {
        "first_name": name.first_name if name else "",
        "last_name": name.last_name if name else "",
        _SOUGHT_FOR: email,
        _IS_SUGGESTED: "yes" if name else "",
    }


def corrected(data: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """`values` of the second phase, which are a suggestion no more once they differ from it."""
    is_same = all(data.get(name) == value for name, value in values.items())
    return {**values, **({} if is_same else {_IS_SUGGESTED: ""})}


def in_flow(phase: Phase | None, handler: InFlow) -> Handler:
    """Lets a phase of a draft begin only when the earlier ones are done, and none after it was confirmed."""

    async def handle(visit: Visit) -> Response:
        found = await _flow(visit)
        if found.draft.result_id is not None:
            return visit.redirect(f"/invitations/{found.draft.result_id}/sent")
        incomplete = _incomplete(found.draft.data, until=phase)
        if incomplete is not None:
            return visit.redirect(found.address(incomplete))
        return await handler(visit, found)

    return handle


async def flow_page(
    visit: Visit,
    template: str,
    flow: Flow,
    phase: Phase | None,
    form: Form,
    refusal: Refused | None,
    **context: Any,
) -> Response:
    """A phase, with the invitation that is in the way if that was the refusal."""
    return await visit.page(
        template,
        section="maintenance",
        standing=flow.standing,
        phase=number(phase),
        action=flow.address(phase),
        form=form,
        pending_id=refusal.invitation_id if isinstance(refusal, AlreadyPending) else None,
        **context,
    )
