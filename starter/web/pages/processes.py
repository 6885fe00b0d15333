"""Processes as their people see them: what was done, by whom, who is waited for, how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.vocabulary import ProcessKind
from runtime.texts import N_, translate
from starter.http.cursors import cursor_of, read_cursor
from starter.services import answers, timelines
from starter.services.answers import Viewed
from starter.services.timelines import STEPS, Step
from starter.web.pages import relations
from starter.web.routing import page
from starter.web.visit import Visit

PAGE_SIZE = 20
_KINDS: Mapping[ProcessKind, str] = MappingProxyType({ProcessKind.INVITATION: N_("Invitation")})
_YOU = N_("You")
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
        ShownStep(each.at, translate(visit.language, STEPS[each.event]), _by(visit, viewed, each))
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
        kinds=_kinds(visit),
        processes=shown,
        before=cursor_of(shown[-1].created_at, shown[-1].id) if is_more else None,
    )


async def _show(visit: Visit) -> Response:
    viewed = await answers.view(visit.services, visit.user, visit.request.path_params["process_id"])
    return await visit.page(
        "processes/process.html",
        section="maintenance" if viewed.is_manager else "tasks",
        kind=_kinds(visit)[ProcessKind.INVITATION],
        viewed=viewed,
        state=viewed.invitation.state_at(visit.now),
        timeline=await shown_timeline(visit, viewed),
    )


def _kinds(visit: Visit) -> Mapping[ProcessKind, str]:
    return {kind: translate(visit.language, text) for kind, text in _KINDS.items()}
