"""To handle: the invitations and the requests for more rights that wait for one's answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from runtime.texts import N_, translate
from starter.services import rights_requests
from starter.web.routing import page
from starter.web.visit import Visit
from store import invitations
from store.customers import CustomerRelation
from store.users import User

_INVITATION = N_("Invitation to an authorization")
_RIGHTS_REQUEST = N_("Request for more rights")


def routes() -> list[BaseRoute]:
    """The one list."""
    return [page("/tasks", get=_show)]


@dataclass(frozen=True)
class Task:
    """Something that waits for an answer. `person`: who invites or asks; `href`: where it is answered."""

    what: str
    relation: CustomerRelation
    person: User
    deadline: datetime
    href: str


async def _show(visit: Visit) -> Response:
    """The most urgent first."""
    waiting = sorted([*await _invitations(visit), *await _requests(visit)], key=lambda task: task.deadline)
    return await visit.page("tasks/tasks.html", section="tasks", waiting=waiting)


async def _invitations(visit: Visit) -> Sequence[Task]:
    async with visit.services.database.reading() as reading:
        found = await invitations.to_handle(reading, visit.user.email_normalised, visit.now)
    what = translate(visit.language, _INVITATION)
    return [
        Task(what, each.relation, each.inviter, each.deadline, f"/invitations/{each.id}") for each in found
    ]


async def _requests(visit: Visit) -> Sequence[Task]:
    what = translate(visit.language, _RIGHTS_REQUEST)
    return [
        Task(what, each.relation, each.user, each.deadline, f"/rights-requests/{each.id}")
        for each in await rights_requests.to_handle(visit.services, visit.user)
    ]
