"""Processes as their people see them: what was done, by whom, who is waited for, how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.vocabulary import AuthorizationChangeKind
from runtime.texts import N_, translate
from starter.http.cursors import cursor_of, read_cursor
from starter.services import answers, timelines
from starter.services.answers import Viewed
from starter.services.timelines import Step, Summary
from starter.web.pages import relations
from starter.web.routing import page
from starter.web.visit import Visit
from store import authorizations
from store.authorization_changes import AuthorizationChange

PAGE_SIZE = 20
_INVITATION = N_("Invitation")
_CHANGES: Mapping[AuthorizationChangeKind, str] = MappingProxyType(
    {
        AuthorizationChangeKind.REMOVAL: N_("Authorization removed"),
        AuthorizationChangeKind.GIVEN_UP: N_("Authorization given up"),
        AuthorizationChangeKind.LEVELS: N_("Authorization changed"),
    }
)
_YOU = N_("You")
_CUSTOMER_SERVICE = N_("Customer service")
# Who else did a step; the inviter has a name.
_OTHERS: Mapping[str, str] = MappingProxyType(
    {"invitee": N_("The invited person"), "manager": N_("Another person who manages the users")}
)


def routes() -> list[BaseRoute]:
    """A relation's processes, and one process."""
    return [
        page("/relations/{relation_id:uuid}/processes", get=_list),
        page("/processes/{process_id:uuid}", get=_show),
    ]


@dataclass(frozen=True)
class ShownStep:
    """A step in the reader's words. `by`: who did it; None when it happened by itself."""

    at: datetime
    text: str
    by: str | None


@dataclass(frozen=True)
class ShownTimeline:
    """What was done, and until when an answer is waited for while it is."""

    steps: Sequence[ShownStep]
    until: datetime | None


async def shown_timeline(visit: Visit, viewed: Viewed) -> ShownTimeline:
    """An invitation's timeline in the reader's words."""
    timeline = await timelines.timeline(visit.services, visit.user, viewed.invitation.id)
    steps = [
        ShownStep(each.at, translate(visit.language, each.text), _by(visit, viewed, each))
        for each in timeline.steps
    ]
    return ShownTimeline(steps, timeline.until)


def _by(visit: Visit, viewed: Viewed, step: Step) -> str | None:
    invitation, user_id = viewed.invitation, visit.user.id
    is_reader = {
        "invitee": viewed.is_recipient,
        "inviter": invitation.inviter_id == user_id,
        "manager": invitation.ended_by == user_id,
        "process": False,
    }
    if is_reader[step.by]:
        return translate(visit.language, _YOU)
    if step.by == "inviter":
        return invitation.inviter.full_name
    return translate(visit.language, _OTHERS[step.by]) if step.by in _OTHERS else None


@dataclass(frozen=True)
class Listed:
    """A process in the list: what it is, in the reader's words, and whom it concerns, if that is known."""

    process: Summary
    what: str
    name: str | None


async def _list(visit: Visit) -> Response:
    found = await relations.standing(visit, visit.request.path_params["relation_id"])
    before = read_cursor(visit.request.query_params.get("before"))
    listed = await timelines.of_relation(visit.services, visit.user, found.relation.id, before, PAGE_SIZE + 1)
    shown = listed[:PAGE_SIZE]
    is_more = len(listed) > PAGE_SIZE
    return await relations.tab_page(
        visit,
        "processes/of_relation.html",
        found,
        "processes",
        processes=[
            Listed(each, _what(visit, each.change), each.invitee_name or each.user_name) for each in shown
        ],
        before=cursor_of(shown[-1].created_at, shown[-1].id) if is_more else None,
    )


def _what(visit: Visit, change: AuthorizationChangeKind | None) -> str:
    return translate(visit.language, _INVITATION if change is None else _CHANGES[change])


async def _show(visit: Visit) -> Response:
    process_id = visit.request.path_params["process_id"]
    change = await timelines.changed(visit.services, visit.user, process_id)
    if change is not None:
        return await _show_change(visit, change)
    viewed = await answers.view(visit.services, visit.user, process_id)
    return await visit.page(
        "processes/process.html",
        section="maintenance" if viewed.is_manager else "tasks",
        kind=_what(visit, None),
        viewed=viewed,
        state=viewed.invitation.state_at(visit.now),
        timeline=await shown_timeline(visit, viewed),
    )


async def _show_change(visit: Visit, change: AuthorizationChange) -> Response:
    """What was done to what a user holds; who holds nothing there any more has no relation to go back to."""
    timeline = timelines.of_change(change)
    steps = [
        ShownStep(each.at, translate(visit.language, each.text), _by_whom(visit, change, each))
        for each in timeline.steps
    ]
    return await visit.page(
        "processes/change.html",
        section="maintenance",
        kind=_what(visit, change.kind),
        change=change,
        steps=steps,
        is_told=change.ended_at is not None,
        holds=await _holds(visit, change),
    )


async def _holds(visit: Visit, change: AuthorizationChange) -> bool:
    """Whether the reader holds anything on the relation."""
    async with visit.services.database.reading() as reading:
        return bool(await authorizations.active_on(reading, visit.user.id, change.relation_id, visit.now))


def _by_whom(visit: Visit, change: AuthorizationChange, step: Step) -> str | None:
    if step.by == "process":
        return None
    if change.actor is None:
        return translate(visit.language, _CUSTOMER_SERVICE)
    if change.actor_id == visit.user.id:
        return translate(visit.language, _YOU)
    return change.actor.full_name
