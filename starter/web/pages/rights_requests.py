"""A request for more rights: for who asked, to take it back; for who manages the users, to answer it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.roles import EXISTING_LEVELS, Levels
from domain.vocabulary import Level, RightsRequestState, Subpage
from emails.labels import role_on
from runtime.texts import N_, translate
from starter.services import Services, rights_requests
from starter.services import levels as levels_service
from starter.services.refusals import FieldError, FieldsRefused
from starter.services.rights_requests import Viewed
from starter.web.forms import Form
from starter.web.notices import Notice
from starter.web.pages.level_choices import ABOVE_OWN, Row, posted_levels, row, values
from starter.web.routing import page
from starter.web.visit import Visit
from store import users
from store.rights_requests import RightsRequest
from store.users import User

_ONE = "/rights-requests/{request_id:uuid}"
# Sent by the button that approves all of it.
_ALL = "all"
_NOTHING_CHOSEN = N_("Choose at least one higher level than the user has now, or decline the request.")
# The request, or what it is about, has ended meanwhile: its page says how.
_ENDED = frozenset({Code.RIGHTS_REQUEST_ENDED, Code.AUTHORIZATION_ENDED})


def routes() -> list[BaseRoute]:
    """The request, and what each side can do with it. Managing users asks for a fresh identification."""
    return [
        page(_ONE, get=_show),
        page(f"{_ONE}/approve", get=_choose, post=_approve, fresh=True),
        page(f"{_ONE}/decline", get=_ask_to_decline, post=_decline),
        page(f"{_ONE}/withdraw", get=_ask_to_withdraw, post=_withdraw),
    ]


@dataclass(frozen=True)
class Step:
    """What is held on a subpage, and what is asked for; `is_raised`: that is more."""

    subpage: Subpage
    held: Level
    asked: Level

    @property
    def is_raised(self) -> bool:
        """Whether more is asked for than is held."""
        return self.asked.rank > self.held.rank


@dataclass(frozen=True)
class _Answer:
    """What somebody can answer who manages the users. `settable`: the levels that he may give, by subpage."""

    steps: Sequence[Step]
    settable: Mapping[Subpage, Sequence[Level]]

    @property
    def raised(self) -> Sequence[Step]:
        """What is asked for beyond what is held now."""
        return [each for each in self.steps if each.is_raised]

    def possible(self, step: Step) -> Sequence[Level]:
        """The higher levels of what is asked for that he may give."""
        return [each for each in self.settable[step.subpage] if step.held.rank < each.rank <= step.asked.rank]

    @property
    def can_give_all(self) -> bool:
        """Whether he may give all that is asked for."""
        return bool(self.raised) and all(each.asked in self.possible(each) for each in self.raised)

    @property
    def can_give_part(self) -> bool:
        """Whether there is less than all that he may give."""
        steps = sum(len(self.possible(each)) for each in self.raised)
        return steps > 1 if self.can_give_all else steps > 0


# The request


async def _show(visit: Visit) -> Response:
    viewed = await _viewed(visit)
    if viewed.state is not RightsRequestState.OPEN:
        return await _request_page(
            visit, "rights_requests/ended.html", viewed, by=await _answered_by(visit, viewed)
        )
    if viewed.own:
        return await _request_page(visit, "rights_requests/asked.html", viewed)
    return await _request_page(
        visit, "rights_requests/answer.html", viewed, answer=await _answer(visit, viewed.request)
    )


async def _answered_by(visit: Visit, viewed: Viewed) -> str | None:
    """Who answered, for those who manage the users; who asked is not told by name."""
    if not viewed.manages or viewed.request.ended_by is None:
        return None
    async with visit.services.database.reading() as reading:
        found = await users.user(reading, viewed.request.ended_by)
    return None if found is None else found.full_name or None


async def _answer(visit: Visit, request: RightsRequest) -> _Answer | None:
    """What the visitor can answer; None while the authorization gives nothing."""
    try:
        found = await levels_service.choices(visit.services, visit.user, request.authorization_id)
    except Refused as refused:
        if refused.code not in {Code.NOT_FOUND, Code.AUTHORIZATION_ENDED}:
            raise
        return None
    return _Answer(_steps(request), found.settable)


def _steps(request: RightsRequest) -> Sequence[Step]:
    held = request.authorization.levels
    return [Step(subpage, held[subpage], request.levels[subpage]) for subpage in Subpage]


# Approving


async def _choose(visit: Visit) -> Response:
    """A part of it; also where one is led back to after having identified."""
    viewed = await _to_answer(visit)
    answer = None if viewed is None else await _answer(visit, viewed.request)
    if viewed is None or answer is None or not answer.raised:
        return visit.redirect(_path(visit))
    return await _choice_page(visit, viewed, answer, Form(_as_much_as_possible(answer)))


async def _approve(visit: Visit) -> Response:
    viewed = await _to_answer(visit)
    answer = None if viewed is None else await _answer(visit, viewed.request)
    if viewed is None or answer is None:
        return await _ended_meanwhile(visit)
    try:
        chosen = None if _ALL in visit.posted else _chosen(visit, answer)
        await rights_requests.approve(visit.services, visit.user, viewed.request.id, chosen)
    except Refused as refused:
        if refused.code in _ENDED:
            return await _ended_meanwhile(visit)
        form = visit.refused(refused)
        if refused.code is Code.RIGHTS_REQUEST_NOTHING_MORE:
            form = replace(form, general=translate(visit.language, _NOTHING_CHOSEN))
        form = replace(form, values={**_as_much_as_possible(answer), **form.values})
        return await _choice_page(visit, viewed, answer, form)
    return visit.redirect(_path(visit))


def _chosen(visit: Visit, answer: _Answer) -> Levels:
    """What was chosen of what is asked for; the rest stays. Raises FieldsRefused."""
    chosen = posted_levels(visit.posted, [each.subpage for each in answer.raised])
    beyond = [
        FieldError(f"/{each.subpage}", Code.FIELD_INVALID)
        for each in answer.raised
        if not each.held.rank <= chosen[each.subpage].rank <= each.asked.rank
    ]
    if beyond:
        raise FieldsRefused(beyond)
    return {each.subpage: chosen.get(each.subpage, each.held) for each in answer.steps}


def _as_much_as_possible(answer: _Answer) -> Mapping[str, str]:
    return values({each.subpage: [each.held, *answer.possible(each)][-1] for each in answer.raised})


async def _choice_page(visit: Visit, viewed: Viewed, answer: _Answer, form: Form) -> Response:
    rows = [_row(visit, answer, each) for each in answer.raised]
    return await _request_page(visit, "rights_requests/choose.html", viewed, form=form, rows=rows)


def _row(visit: Visit, answer: _Answer, step: Step) -> Row:
    """From what is held up to what is asked for."""
    possible = {step.held, *answer.possible(step)}
    levels = {
        level: None if level in possible else ABOVE_OWN
        for level in EXISTING_LEVELS[step.subpage]
        if step.held.rank <= level.rank <= step.asked.rank
    }
    return row(visit.language, step.subpage, levels)


# Declining and withdrawing


async def _ask_to_decline(visit: Visit) -> Response:
    viewed = await _to_answer(visit)
    if viewed is None:
        return visit.redirect(_path(visit))
    return await _request_page(visit, "rights_requests/decline.html", viewed)


async def _decline(visit: Visit) -> Response:
    return await _end(visit, rights_requests.decline)


async def _ask_to_withdraw(visit: Visit) -> Response:
    viewed = await _viewed(visit)
    if not viewed.own:
        raise Refused(Code.NOT_FOUND)
    if viewed.state is not RightsRequestState.OPEN:
        return visit.redirect(_path(visit))
    return await _request_page(visit, "rights_requests/withdraw.html", viewed)


async def _withdraw(visit: Visit) -> Response:
    return await _end(visit, rights_requests.withdraw)


async def _end(visit: Visit, end: Callable[[Services, User, UUID], Awaitable[RightsRequest]]) -> Response:
    """The request's page says how it ended. Sent twice, it is done once."""
    try:
        await end(visit.services, visit.user, visit.request.path_params["request_id"])
    except Refused as refused:
        if refused.code is not Code.RIGHTS_REQUEST_ENDED:
            raise
        return await _ended_meanwhile(visit)
    return visit.redirect(_path(visit))


# What they share


async def _viewed(visit: Visit) -> Viewed:
    """The request. Raises Refused(`not_found`) for who neither asked nor manages the users."""
    return await rights_requests.view(visit.services, visit.user, visit.request.path_params["request_id"])


async def _to_answer(visit: Visit) -> Viewed | None:
    """The request, for who can answer it; None when it has ended. Raises Refused(`not_found`) for others."""
    viewed = await _viewed(visit)
    if not viewed.manages:
        raise Refused(Code.NOT_FOUND)
    return viewed if viewed.state is RightsRequestState.OPEN else None


async def _ended_meanwhile(visit: Visit) -> Response:
    """To how it ended. Who ended it himself, by pressing twice, is told nothing else."""
    by_visitor = (await _viewed(visit)).request.ended_by == visit.user.id
    return visit.redirect(_path(visit), None if by_visitor else Notice.RIGHTS_REQUEST_ENDED)


def _path(visit: Visit) -> str:
    request_id: UUID = visit.request.path_params["request_id"]
    return f"/rights-requests/{request_id}"


async def _request_page(visit: Visit, template: str, viewed: Viewed, **context: Any) -> Response:
    request = viewed.request
    return await visit.page(
        template,
        section="maintenance" if viewed.own else "tasks",
        request=request,
        viewed=viewed,
        role=role_on(visit.language, request.authorization.role, request.relation.commodity),
        steps=(steps := _steps(request)),
        raised=[each for each in steps if each.is_raised],
        **context,
    )
