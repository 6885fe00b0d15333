"""Invitations as those see them who manage a relation's users: the list, one, and cancelling it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.invitations import Act
from domain.vocabulary import InvitationState
from starter.http.cursors import cursor_of, read_cursor
from starter.services import answers
from starter.services.answers import Viewed
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.pages import answering, relations
from starter.web.pages.processes import PAGE_SIZE, shown_timeline
from starter.web.pages.relation_words import levels_in_words
from starter.web.routing import page
from starter.web.visit import Visit
from store import invitations
from store.invitations import Invitation


def routes() -> list[BaseRoute]:
    """A relation's invitations, and one invitation."""
    return [
        page("/relations/{relation_id:uuid}/invitations", get=_list),
        page("/invitations/{invitation_id:uuid}", get=_show),
        page("/invitations/{invitation_id:uuid}/sent", get=_show_sent),
        page("/invitations/{invitation_id:uuid}/cancel", get=_ask_to_cancel, post=_cancel, fresh=True),
    ]


@dataclass(frozen=True)
class Listed:
    """An invitation, and how it stands now."""

    invitation: Invitation
    state: InvitationState


@dataclass(frozen=True)
class Part:
    """Some of the open or the ended invitations; `before` asks for those after them."""

    listed: Sequence[Listed]
    before: str | None


# The list


async def _list(visit: Visit) -> Response:
    """The open ones and the ended ones; further on, only those whose list goes on."""
    found = await relations.managing(visit, visit.request.path_params["relation_id"])
    asked = visit.request.query_params
    open_ones = await _part(visit, found.relation.id, "open") if "ended" not in asked else None
    ended_ones = await _part(visit, found.relation.id, "ended") if "open" not in asked else None
    return await relations.tab_page(
        visit,
        "invitations/of_relation.html",
        found,
        "invitations",
        open_ones=open_ones,
        ended_ones=ended_ones,
    )


async def _part(visit: Visit, relation_id: UUID, which: str) -> Part:
    before = read_cursor(visit.request.query_params.get(which))
    async with visit.services.database.reading() as reading:
        rows = await invitations.of_relation(
            reading,
            relation_id,
            at=visit.now,
            before=before,
            limit=PAGE_SIZE + 1,
            is_open=which == "open",
        )
    shown = rows[:PAGE_SIZE]
    return Part(
        [Listed(each, each.state_at(visit.now)) for each in shown],
        before=cursor_of(shown[-1].created_at, shown[-1].id) if len(rows) > PAGE_SIZE else None,
    )


# One invitation


async def _show(visit: Visit) -> Response:
    """The recipient's page for its recipient, and this one for those who manage the users."""
    viewed = await _viewed(visit)
    if viewed.is_recipient:
        return await answering.show(visit, viewed)
    return await _invitation_page(
        visit,
        "invitations/invitation.html",
        viewed,
        levels=levels_in_words(visit.language, viewed.invitation.levels),
        timeline=await shown_timeline(visit, viewed),
    )


async def _show_sent(visit: Visit) -> Response:
    """The end of inviting."""
    return await _invitation_page(visit, "invitations/sent.html", await _managed(visit))


async def _ask_to_cancel(visit: Visit) -> Response:
    return await _cancel_page(visit, await _managed(visit), Form())


async def _cancel(visit: Visit) -> Response:
    viewed = await _managed(visit)
    try:
        await answers.decide(visit.services, visit.user, viewed.invitation.id, Act.CANCEL)
    except Refused as refused:
        return await _cancel_page(visit, await _managed(visit), visit.refused(refused))
    return visit.redirect(f"/invitations/{viewed.invitation.id}", Notice.INVITATION_CANCELLED)


async def _cancel_page(visit: Visit, viewed: Viewed, form: Form) -> Response:
    return await _invitation_page(visit, "invitations/cancel.html", viewed, form=form)


async def _invitation_page(visit: Visit, template: str, viewed: Viewed, **context: Any) -> Response:
    invitation = viewed.invitation
    return await visit.page(
        template,
        section="maintenance",
        invitation=invitation,
        state=invitation.state_at(visit.now),
        days=visit.services.settings.waits.acceptance.days,
        **context,
    )


async def _viewed(visit: Visit) -> Viewed:
    return await answers.view(visit.services, visit.user, visit.request.path_params["invitation_id"])


async def _managed(visit: Visit) -> Viewed:
    """The same, for those who manage the users. Raises Refused: `not_found`, `authorization.missing`."""
    viewed = await _viewed(visit)
    if not viewed.is_manager:
        raise Refused(Code.AUTHORIZATION_MISSING)
    return viewed
