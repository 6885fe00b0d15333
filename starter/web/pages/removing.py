"""Removing authorizations from a user, or giving up one's own: choice of roles, confirmation (spec 3.4).

What was chosen travels in the address, as the ids of the authorizations by their roles: going back, a
reload, or identifying in between loses nothing. Both ways are the same phases at addresses of their own, of
which one's own asks for no fresh identification, and takes nothing but the visitor's own authorizations.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import Role, Subpage
from emails.labels import role_on
from runtime.texts import N_, translate
from starter.http.texts import DETAILS
from starter.services import authorization_changes, removals
from starter.services.removals import RemovalPreview
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.pages import inviting_flow, relations, users
from starter.web.pages.relation_words import levels_in_words
from starter.web.pages.relations import Standing
from starter.web.routing import Handler, page
from starter.web.visit import Visit
from store import authorizations
from store.authorizations import Authorization

_OWN = "/relations/{relation_id:uuid}/authorizations/removal"
_OTHERS = f"{users.USER}/removal"
_CONFIRMATION = "/confirmation"
# Asks the first phase to say why the choice does not lead on.
_CHECK = "check"
_NOTHING_CHOSEN = N_("Choose at least one role.")
# Why a role cannot be chosen at all.
_NOT_REMOVABLE = frozenset({Code.AUTHORIZATION_BY_CONTRACT, Code.AUTHORIZATION_LAST_MANAGER})


def routes() -> list[BaseRoute]:
    """Both phases, for others' and for one's own; and the end."""
    return [
        page(_OTHERS, get=_in_flow(_show_roles), post=_in_flow(_choose)),
        page(f"{_OTHERS}{_CONFIRMATION}", get=_in_flow(_review), post=_in_flow(_confirm), fresh=True),
        page(_OWN, get=_in_flow(_show_roles), post=_in_flow(_choose)),
        page(f"{_OWN}{_CONFIRMATION}", get=_in_flow(_review), post=_in_flow(_confirm)),
        page("/authorization-changes/{change_id:uuid}", get=_show_removed),
    ]


@dataclass(frozen=True)
class _Flow:
    """Whose authorizations on which relation it is about, and those of them that were chosen."""

    standing: Standing
    user_id: UUID
    held: Sequence[Authorization]
    chosen: Mapping[Role, UUID]
    is_own: bool

    @property
    def ids(self) -> Sequence[UUID]:
        return list(self.chosen.values())

    def address(self, *, confirmation: bool = False, check: bool = False) -> str:
        """Where a phase is, with the choice."""
        return _address(
            self.standing.relation.id,
            None if self.is_own else self.user_id,
            self.chosen,
            confirmation=confirmation,
            check=check,
        )


def _address(
    relation_id: UUID,
    user_id: UUID | None,
    chosen: Mapping[Role, UUID],
    *,
    confirmation: bool = False,
    check: bool = False,
) -> str:
    place = "authorizations" if user_id is None else f"users/{user_id}"
    query = urlencode([*chosen.items(), *([(_CHECK, "1")] if check else [])])
    phase = _CONFIRMATION if confirmation else ""
    return f"/relations/{relation_id}/{place}/removal{phase}{'?' if query else ''}{query}"


_InFlow = Callable[[Visit, _Flow], Awaitable[Response]]


def _in_flow(handler: _InFlow) -> Handler:
    """Finds the flow. What was removed already leads to the end, what has ended otherwise out of it."""

    async def handle(visit: Visit) -> Response:
        asked = visit.request.path_params
        relation_id, user_id = asked["relation_id"], asked.get("user_id", visit.user.id)
        chosen = _chosen({**visit.request.query_params, **visit.posted})
        services, ids, whose = (
            visit.services,
            chosen.values(),
            {"user_id": user_id, "relation_id": relation_id},
        )
        await authorization_changes.of_user_on(services, ids, **whose)
        done = await authorization_changes.made(services, visit.user, ids, **whose) if chosen else None
        if done is not None:
            return visit.redirect(f"/authorization-changes/{done.id}")
        if asked.get("user_id") == visit.user.id:
            return visit.redirect(_address(relation_id, None, chosen))
        is_own = user_id == visit.user.id
        standing = await (relations.standing if is_own else relations.managing)(visit, relation_id)
        async with services.database.reading() as reading:
            held = await authorizations.active_on(reading, user_id, relation_id, visit.now)
        if not held and chosen:
            return visit.redirect(f"/relations/{relation_id}/users", Notice.AUTHORIZATION_ENDED)
        if not held:
            raise Refused(Code.NOT_FOUND)
        return await handler(visit, _Flow(standing, user_id, held, chosen, is_own))

    return handle


def _chosen(given: Mapping[str, str]) -> Mapping[Role, UUID]:
    """The authorizations in an address or a form. Raises Refused(`not_found`) for what is no id."""
    try:
        return {role: UUID(given[role]) for role in Role if role in given}
    except ValueError:
        raise Refused(Code.NOT_FOUND) from None


# Phase 1: choice of roles


@dataclass(frozen=True)
class RoleToRemove:
    """A role that the user holds. `refusal`: why it cannot be chosen."""

    authorization: Authorization
    name: str
    levels: Sequence[str]
    refusal: str | None


async def _show_roles(visit: Visit, flow: _Flow) -> Response:
    """The roles; after a refusal, with what is wrong with the choice."""
    options = [await _to_remove(visit, flow, each) for each in flow.held]
    values = {role.value: str(chosen) for role, chosen in flow.chosen.items()}
    choosable = [each.authorization for each in options if each.refusal is None]
    if len(choosable) == 1 and not values:
        values = {choosable[0].role.value: str(choosable[0].id)}
    form = Form(values)
    if _CHECK in visit.request.query_params and choosable:
        form = await _checked(visit, flow, form)
    return await _phase(
        visit, flow, 0, "removing/roles.html", form=form, options=options, choosable=choosable
    )


async def _to_remove(visit: Visit, flow: _Flow, authorization: Authorization) -> RoleToRemove:
    refusal = None
    try:
        await removals.preview(visit.services, visit.user, [authorization.id])
    except Refused as refused:
        if refused.code not in _NOT_REMOVABLE:
            raise
        refusal = translate(visit.language, DETAILS[refused.code])
    return RoleToRemove(
        authorization,
        role_on(visit.language, authorization.role, flow.standing.relation.commodity),
        levels_in_words(visit.language, authorization.levels),
        refusal,
    )


async def _checked(visit: Visit, flow: _Flow, form: Form) -> Form:
    """The form, with why the choice does not lead on."""
    if not flow.chosen:
        return Form(errors={"roles": translate(visit.language, _NOTHING_CHOSEN)})
    try:
        await removals.preview(visit.services, visit.user, flow.ids)
    except Refused as refused:
        return inviting_flow.refused(visit, form.values, refused)
    return form


async def _choose(visit: Visit, flow: _Flow) -> Response:
    """On to the confirmation, or back with what is wrong."""
    try:
        if flow.chosen:
            await removals.preview(visit.services, visit.user, flow.ids)
            return visit.redirect(flow.address(confirmation=True))
    except Refused as refused:
        # What is about the page and not about the choice.
        inviting_flow.refused(visit, {}, refused)
    return visit.redirect(flow.address(check=True))


# Phase 2: confirmation


async def _review(visit: Visit, flow: _Flow) -> Response:
    """What the user loses, and which open invitations fall; or back, to read why it cannot be."""
    try:
        if flow.chosen:
            preview = await removals.preview(visit.services, visit.user, flow.ids)
            return await _confirmation(visit, flow, preview)
    except Refused as refused:
        inviting_flow.refused(visit, {}, refused)
    return visit.redirect(flow.address(check=True))


async def _confirmation(visit: Visit, flow: _Flow, preview: RemovalPreview) -> Response:
    commodity = flow.standing.relation.commodity
    return await _phase(
        visit,
        flow,
        1,
        "removing/confirmation.html",
        preview=preview,
        roles=[role_on(visit.language, each.role, commodity) for each in preview.held.chosen],
        subpages=[each for each in Subpage if preview.before[each].rank],
        is_everything=not any(level.rank for level in preview.after.values()),
    )


async def _confirm(visit: Visit, flow: _Flow) -> Response:
    """Removes what was confirmed. A second time leads to the same end."""
    if "back" in visit.posted or not flow.chosen:
        return visit.redirect(flow.address())
    try:
        change = await removals.remove(visit.services, visit.user, flow.ids)
    except Refused as refused:
        inviting_flow.refused(visit, {}, refused)
        # The first phase says why, or leads to the end if the same was asked for at the same moment.
        return visit.redirect(flow.address(check=True))
    return visit.redirect(f"/authorization-changes/{change.id}")


async def _phase(visit: Visit, flow: _Flow, number: int, template: str, **context: Any) -> Response:
    return await visit.page(
        template,
        section="maintenance",
        standing=flow.standing,
        user=flow.held[0].user,
        is_own=flow.is_own,
        phase=number,
        first_phase=flow.address(),
        action=flow.address(confirmation=True) if number else flow.address().partition("?")[0],
        **context,
    )


# The end


async def _show_removed(visit: Visit) -> Response:
    removed = await authorization_changes.view(
        visit.services, visit.user, visit.request.path_params["change_id"]
    )
    change = removed.change
    return await visit.page(
        "removing/removed.html",
        section="maintenance",
        removed=removed,
        change=change,
        roles=[role_on(visit.language, each, change.relation.commodity) for each in change.of_roles],
    )
