"""Inviting somebody, in four phases (spec 3.1, step 1).

A draft is made when one begins, and keeps what was typed, so that going back, a mistake, a reload or another
tab loses nothing; only what confirming would accept leads on.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain import roles
from domain.codes import Code, Refused
from domain.roles import Levels
from domain.vocabulary import DraftKind, Language
from emails.labels import role_on
from runtime.texts import N_, translate
from starter.services import drafts, identifications
from starter.services.invitation_checks import Phase, check_phase
from starter.web.forms import Form
from starter.web.options import LANGUAGES, Option
from starter.web.pages import inviting_flow, relations
from starter.web.pages.inviting_flow import DRAFT, PATHS, Flow, flow_page, in_flow
from starter.web.pages.relation_words import levels_in_words
from starter.web.pages.relations import Standing
from starter.web.paths import identify_path
from starter.web.routing import page
from starter.web.visit import Visit

_NEEDS_IDENTIFICATION = N_(
    "To approve the invitation, the person has to identify with bank codes or a mobile certificate."
)
# Refusals that are about a field of the first phase.
_FIELDS: Mapping[Code, str] = MappingProxyType(
    {
        Code.INVITATION_OWN_ADDRESS: "email",
        Code.INVITATION_ALREADY_PENDING: "email",
        Code.INVITATION_TOO_MANY_FOR_ADDRESS: "email",
        Code.AUTHORIZATION_EXISTS: "email",
        Code.AUTHORIZATION_ROLE_NOT_AVAILABLE: "role",
        Code.AUTHORIZATION_LEVEL_TOO_HIGH: "role",
        Code.IDENTIFICATION_REQUIRED: "role",
    }
)


def routes() -> list[BaseRoute]:
    """The beginning, and the phases in which something is typed."""
    return [
        page("/relations/{relation_id:uuid}/invitations/new", get=relations.first_tab, post=_begin),
        *(_route(phase) for phase in Phase),
    ]


def _route(phase: Phase) -> BaseRoute:
    return page(
        f"{DRAFT}/{PATHS[phase]}",
        get=in_flow(phase, partial(_show, phase)),
        post=in_flow(phase, partial(_save, phase)),
    )


async def _begin(visit: Visit) -> Response:
    """Makes the draft, for the role or from the earlier invitation that was chosen; on to its first phase.

    Who has to identify again does so in between: the draft keeps what was chosen.
    """
    found = await relations.managing(visit, visit.request.path_params["relation_id"])
    data = {"language": visit.language.value, **await _data_of(visit, visit.posted.get("from", ""))}
    role = visit.posted.get("role") or data.get("role")
    data["role"] = role if role in set(found.roles_to_give) else ""
    draft = await drafts.begin(visit.services, visit.user, DraftKind.INVITATION, found.relation.id, data)
    first = inviting_flow.address(draft.id, Phase.CONTACT_DETAILS)
    if visit.session is not None and await identifications.is_stale(visit.services, visit.session):
        return visit.redirect(identify_path(first))
    return visit.redirect(first)


async def _data_of(visit: Visit, earlier: str) -> Mapping[str, str]:
    """The data of an earlier invitation, whose id this is. Raises Refused(`not_found`)."""
    if not earlier:
        return {}
    try:
        invitation_id = UUID(earlier)
    except ValueError:
        raise Refused(Code.NOT_FOUND) from None
    return await drafts.from_invitation(visit.services, visit.user, invitation_id)


async def _show(phase: Phase, visit: Visit, flow: Flow) -> Response:
    """What is in the draft; after a refusal, with what is wrong with it."""
    data = flow.draft.data
    if inviting_flow.is_to_be_checked(visit):
        try:
            await _checked(visit, flow.standing, phase, data)
        except Refused as refusal:
            form = inviting_flow.refused(visit, data, refusal, _FIELDS)
            return await _phase_page(visit, flow, phase, form, refusal)
    return await _phase_page(visit, flow, phase, Form(data))


async def _save(phase: Phase, visit: Visit, flow: Flow) -> Response:
    """Keeps what was typed; on to the next phase, or back to the one before, which asks for no checks.

    What is refused is kept all the same, and shown again with what is wrong.
    """
    typed = _typed(visit, flow.standing)
    if "back" in visit.posted and phase is not Phase.CONTACT_DETAILS:
        await _keep(visit, flow, phase, inviting_flow.as_typed(phase, typed))
        return visit.redirect(flow.address(inviting_flow.before(phase)))
    try:
        checked = await _checked(visit, flow.standing, phase, typed)
    except Refused:
        await _keep(visit, flow, phase, inviting_flow.as_typed(phase, typed))
        return visit.redirect(inviting_flow.checked_address(flow.draft.id, phase))
    if phase is Phase.CONTACT_DETAILS:
        checked |= await inviting_flow.name_for(visit, flow, checked["email"])
    await _keep(visit, flow, phase, checked)
    return visit.redirect(flow.address(inviting_flow.after(phase)))


def _typed(visit: Visit, found: Standing) -> Mapping[str, str]:
    """What was posted. Where there is one role to give, the form does not ask which."""
    only_role = {"role": found.roles_to_give[0].value} if len(found.roles_to_give) == 1 else {}
    return {**visit.posted, **only_role}


async def _keep(visit: Visit, flow: Flow, phase: Phase, values: Mapping[str, str]) -> None:
    if phase is Phase.USER_DETAILS:
        values = inviting_flow.corrected(flow.draft.data, values)
    await drafts.save(visit.services, visit.user, flow.draft.id, **values)


async def _checked(visit: Visit, found: Standing, phase: Phase, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed in a phase, as it is kept. Raises what `check_phase` raises."""
    return await check_phase(visit.services, visit.user, found.relation.id, phase, typed)


async def _phase_page(
    visit: Visit, flow: Flow, phase: Phase, form: Form, refusal: Refused | None = None
) -> Response:
    return await flow_page(
        visit,
        f"inviting/{phase.value}.html",
        flow,
        phase,
        form,
        refusal,
        is_suggested=flow.is_name_suggested and refusal is None,
        role_options=_role_options(visit, flow.standing),
        language_options=LANGUAGES,
    )


def _role_options(visit: Visit, found: Standing) -> Sequence[Option]:
    return [
        Option(
            role.value,
            role_on(visit.language, role, found.relation.commodity),
            ". ".join(_needed_and_allowed(visit.language, roles.ROLE_LEVELS[role])),
        )
        for role in found.roles_to_give
    ]


def _needed_and_allowed(language: Language, levels: Levels) -> Sequence[str]:
    """What levels allow, and whether the invited person has to identify strongly for them."""
    allowed = levels_in_words(language, levels)
    if not roles.needs_strong_identification(levels):
        return allowed
    return [*allowed, translate(language, _NEEDS_IDENTIFICATION)]
