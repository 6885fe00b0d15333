"""What people do to an invitation that exists: see it, accept, decline, cancel (spec 3.1 and 4)."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from domain import ids
from domain.codes import Code, Refused
from domain.invitations import Act, Decision, DecisionOutcome
from domain.vocabulary import InvitationState, Level, ProcessKind, Subpage
from runtime.keys import token_hash
from starter.services.context import Services
from starter.services.idempotency import RequestKey, claim
from starter.services.processes import ProcessFinished, deliver_owed, update
from starter.services.refusals import OutcomeUnknown
from starter.services.waiting import unless_over
from store import invitations, policy
from store.invitations import Invitation
from store.users import User

_WANTED = {
    Act.ACCEPT: InvitationState.ACCEPTED,
    Act.DECLINE: InvitationState.DECLINED,
    Act.CANCEL: InvitationState.CANCELLED,
}
_LEAVE_IT_OPEN = frozenset(
    {Code.INVITATION_WRONG_RECIPIENT, Code.IDENTIFICATION_REQUIRED, Code.AUTHORIZATION_SUSPENDED}
)
_CODE_OF_END = {
    InvitationState.ACCEPTED: Code.INVITATION_ACCEPTED,
    InvitationState.DECLINED: Code.INVITATION_DECLINED,
    InvitationState.CANCELLED: Code.INVITATION_CANCELLED,
    InvitationState.EXPIRED: Code.INVITATION_EXPIRED,
    InvitationState.UNDELIVERABLE: Code.INVITATION_UNDELIVERABLE,
    InvitationState.VOID: Code.INVITATION_VOID,
}


@dataclass(frozen=True)
class Viewed:
    """An invitation and how this user stands to it."""

    invitation: Invitation
    is_recipient: bool
    is_manager: bool


async def view(services: Services, user: User, invitation_id: UUID) -> Viewed:
    """The invitation, for its recipient and for those who manage the relation's users.

    Raises Refused(`not_found`) for everybody else: for them it does not exist.
    """
    async with services.database.reading() as session:
        viewed = await _viewed(services, session, user, invitation_id)
    if viewed is None or not (viewed.is_recipient or viewed.is_manager):
        raise Refused(Code.NOT_FOUND)
    return viewed


async def decide(
    services: Services,
    user: User,
    invitation_id: UUID,
    act: Act,
    *,
    token: str | None = None,
    key: RequestKey | None = None,
) -> Invitation:
    """Accepts, declines or cancels, and returns the invitation as it stands then.

    Raises Refused: `not_found`; `invitation.wrong_recipient` for somebody else with a valid token;
    `authorization.missing` for a recipient who would cancel; `invitation.<end>` or `invitation.ended`;
    `idempotency.key_reused`; OutcomeUnknown.
    """
    async with services.database.reading() as session:
        viewed = await _viewed(services, session, user, invitation_id)
    if viewed is None:
        raise Refused(Code.NOT_FOUND)
    _refuse_actor(viewed, act, token)
    await claim(services, key, invitation_id)
    if viewed.invitation.state_at(services.clock()).is_open:
        refusal = await _ask_process(services, user, invitation_id, act, key)
    else:
        refusal = None
        # An end that the process may not know of yet is told it now.
        await deliver_owed(services, invitation_id)
    async with services.database.reading() as session:
        invitation = await session.get_one(Invitation, invitation_id)
    return _answer(services, invitation, user, act, refusal)


async def _viewed(
    services: Services, session: AsyncSession, user: User, invitation_id: UUID
) -> Viewed | None:
    invitation = await invitations.invitation(session, invitation_id)
    if invitation is None:
        return None
    levels = await policy.levels(session, user.id, invitation.relation_id, services.clock())
    return Viewed(
        invitation,
        is_recipient=user.email_normalised == invitation.email_normalised,
        is_manager=levels[Subpage.USERS] is Level.WRITE,
    )


def _refuse_actor(viewed: Viewed, act: Act, token: str | None) -> None:
    if act is Act.CANCEL:
        if viewed.is_manager:
            return
        raise Refused(Code.AUTHORIZATION_MISSING if viewed.is_recipient else Code.NOT_FOUND)
    if viewed.is_recipient:
        return
    has_token = token is not None and token_hash(token) == viewed.invitation.token_hash
    knows_of_it = has_token or viewed.is_manager
    raise Refused(Code.INVITATION_WRONG_RECIPIENT if knows_of_it else Code.NOT_FOUND)


async def _ask_process(
    services: Services, user: User, invitation_id: UUID, act: Act, key: RequestKey | None
) -> Code | None:
    """Lets the process decide. Returns the code of its refusal, if it refused.

    A process that Temporal does not know was perhaps never started: then what is owed to it is delivered,
    and it is asked once more.
    """
    update_id = ids.update_id(act, user.id, key.key if key else str(uuid4()))
    for may_be_unstarted in (True, False):
        asking = _decide(services, user, invitation_id, act, update_id)
        try:
            outcome = await unless_over(asking, partial(_has_ended, services, invitation_id))
            if outcome is not None:
                return outcome.refusal
            await deliver_owed(services, invitation_id)
            return None
        except ProcessFinished:
            if not may_be_unstarted or await _has_ended(services, invitation_id):
                return None
            await deliver_owed(services, invitation_id)
        except OutcomeUnknown:
            raise
        except Refused as refused:
            return refused.code
    return None


async def _has_ended(services: Services, invitation_id: UUID) -> bool:
    async with services.database.reading() as session:
        return not (await session.get_one(Invitation, invitation_id)).state.is_open


async def _decide(
    services: Services, user: User, invitation_id: UUID, act: Act, update_id: str
) -> DecisionOutcome:
    return await update(
        services,
        ProcessKind.INVITATION,
        invitation_id,
        "decide",
        Decision(act=act, actor_id=user.id),
        update_id=update_id,
        reply=DecisionOutcome,
    )


def _answer(
    services: Services, invitation: Invitation, user: User, act: Act, refusal: Code | None
) -> Invitation:
    """The reply that follows from how the row stands now (spec 4, the table of replies)."""
    state = invitation.state_at(services.clock())
    if refusal is Code.INVITATION_EXPIRED:
        state = InvitationState.EXPIRED
    if state is _WANTED[act] and invitation.ended_by == user.id:
        return invitation
    if state.is_open:
        if refusal in _LEAVE_IT_OPEN:
            raise Refused(refusal)
        # Neither done nor refused: Temporal says that it is over and the database does not know it yet.
        raise OutcomeUnknown
    raise Refused(Code.INVITATION_ENDED if act is Act.CANCEL else _CODE_OF_END[state])


def code_of_end(state: InvitationState) -> Code:
    """The code that says how an invitation ended."""
    return _CODE_OF_END[state]
