"""An invitation as the invited person sees it: approving, declining, and how it ended (spec 3.1, step 5)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain import roles
from domain.codes import Code, Refused
from domain.invitations import Act
from domain.roles import ROLE_LEVELS
from domain.vocabulary import InvitationState, Language
from emails.labels import abilities
from runtime.texts import N_, translate
from starter.http.statuses import status_of
from starter.http.texts import DETAILS
from starter.services import answers
from starter.services.answers import Viewed, code_of_end
from starter.web.cookies import Cookie
from starter.web.forms import Form
from starter.web.pages.identifying import identity_of
from starter.web.pages.relation_words import levels_in_words
from starter.web.paths import identify_path
from starter.web.routing import page
from starter.web.visit import Visit
from store.invitations import Invitation

_ENDS: Mapping[InvitationState, str] = MappingProxyType(
    {
        InvitationState.ACCEPTED: N_("You have approved the invitation"),
        InvitationState.DECLINED: N_("You have declined the invitation"),
        InvitationState.CANCELLED: N_("The invitation has been cancelled"),
        InvitationState.EXPIRED: N_("The invitation has expired"),
        InvitationState.UNDELIVERABLE: N_("The invitation could not be delivered"),
        InvitationState.VOID: N_("The invitation is no longer valid"),
    }
)
# Where the words for anybody would not fit the person who did it.
_DETAILS: Mapping[InvitationState, str] = MappingProxyType(
    {
        InvitationState.ACCEPTED: N_("You need not do anything more."),
        InvitationState.DECLINED: N_("If that was a mistake, ask the inviter for a new invitation."),
    }
)


def routes() -> list[BaseRoute]:
    """What one can do to an invitation to oneself; the invitation itself is shown by `show`."""
    one = "/invitations/{invitation_id:uuid}"
    return [
        page(f"{one}/accept", get=_show_invitation, post=_accept),
        page(f"{one}/accepted", get=_show_accepted),
        page(f"{one}/decline", get=_ask_to_decline, post=_decline),
        page(f"{one}/declined", get=_show_declined),
    ]


async def show(visit: Visit, viewed: Viewed) -> Response:
    """The invitation for its recipient: to be answered, or how it ended."""
    return await _page(visit, viewed.invitation, Form())


def allowed(language: Language, invitation: Invitation) -> Sequence[str]:
    """What an invitation gives, in words; none when all its levels are taken away."""
    if invitation.levels == ROLE_LEVELS[invitation.role]:
        return [abilities(language, invitation.role)]
    return levels_in_words(language, invitation.levels)


async def _page(visit: Visit, invitation: Invitation, form: Form) -> Response:
    state = invitation.state_at(visit.now)
    if not state.is_open:
        return await _ended_page(visit, invitation, state)
    return await visit.page(
        "answering/invitation.html",
        section="tasks",
        invitation=invitation,
        form=form,
        allowed=allowed(visit.language, invitation),
        other_name=_other_name(invitation, visit.user.full_name),
        identify=identify_path(_path(visit)) if await _must_identify(visit, invitation) else None,
    )


async def _must_identify(visit: Visit, invitation: Invitation) -> bool:
    """Whether one cannot approve it before having identified strongly."""
    if not roles.needs_strong_identification(invitation.levels):
        return False
    return await identity_of(visit) is None


async def _ended_page(visit: Visit, invitation: Invitation, state: InvitationState) -> Response:
    detail = _DETAILS.get(state, DETAILS[code_of_end(state)])
    return await visit.page(
        "answering/ended.html",
        section="tasks",
        invitation=invitation,
        state=state,
        heading=translate(visit.language, _ENDS[state]),
        detail=translate(visit.language, detail),
    )


def _other_name(invitation: Invitation, own: str) -> str | None:
    """The name that the inviter typed, if it is not the reader's own."""
    typed = invitation.invitee_name
    return None if typed.casefold().split() == own.casefold().split() else typed


async def _accept(visit: Visit) -> Response:
    return await _answer(visit, Act.ACCEPT, done="accepted")


async def _decline(visit: Visit) -> Response:
    return await _answer(visit, Act.DECLINE, done="declined")


async def _answer(visit: Visit, act: Act, *, done: str) -> Response:
    """Lets the process decide. Sent twice, it is done once and the answer is the same."""
    token = visit.cookies.get(visit.request, Cookie.INVITATION) or None
    try:
        await answers.decide(visit.services, visit.user, _id(visit), act, token=token)
    except Refused as refused:
        if status_of(refused.code) is HTTPStatus.GONE:
            return visit.redirect(_path(visit))
        form = visit.refused(refused)
        invitation = (await _viewed(visit)).invitation
        if act is Act.DECLINE and invitation.state_at(visit.now).is_open:
            return await _decline_page(visit, invitation, form)
        return await _page(visit, invitation, form)
    response = visit.redirect(f"{_path(visit)}/{done}")
    visit.cookies.forget(response, Cookie.INVITATION)
    return response


async def _show_invitation(visit: Visit) -> Response:
    return visit.redirect(_path(visit))


async def _ask_to_decline(visit: Visit) -> Response:
    invitation = (await _viewed(visit)).invitation
    if not invitation.state_at(visit.now).is_open:
        return visit.redirect(_path(visit))
    return await _decline_page(visit, invitation, Form())


async def _decline_page(visit: Visit, invitation: Invitation, form: Form) -> Response:
    return await visit.page("answering/decline.html", section="tasks", invitation=invitation, form=form)


async def _show_accepted(visit: Visit) -> Response:
    return await _confirmation(visit, InvitationState.ACCEPTED)


async def _show_declined(visit: Visit) -> Response:
    return await _confirmation(visit, InvitationState.DECLINED)


async def _confirmation(visit: Visit, state: InvitationState) -> Response:
    invitation = (await _viewed(visit)).invitation
    if invitation.state is not state:
        return visit.redirect(_path(visit))
    return await visit.page(
        f"answering/{state.value}.html",
        section="tasks",
        invitation=invitation,
        allowed=allowed(visit.language, invitation),
    )


async def _viewed(visit: Visit) -> Viewed:
    """The invitation of the address. Raises Refused(`not_found`) unless it is to oneself."""
    viewed = await answers.view(visit.services, visit.user, _id(visit))
    if not viewed.is_recipient:
        raise Refused(Code.NOT_FOUND)
    return viewed


def _id(visit: Visit) -> UUID:
    invitation_id: UUID = visit.request.path_params["invitation_id"]
    return invitation_id


def _path(visit: Visit) -> str:
    return f"/invitations/{_id(visit)}"
