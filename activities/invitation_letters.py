"""What the invitation process writes to whom, in the reader's language (spec 3.1)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from activities.notifications import Letter
from domain.vocabulary import DeliveryState, InvitationState, Message
from emails import props
from emails.letters import invitation_link, invitation_props, relation_label
from runtime.keys import Keys
from store.invitations import Invitation
from store.users import User


class InvitationLetters:
    """Writes the e-mails with the link. `origin` is where links go, without a trailing slash."""

    def __init__(self, *, keys: Keys, origin: str) -> None:
        self._keys = keys
        self._origin = origin

    def invitation(self, invitation: Invitation, invitee: User | None, acceptance: timedelta) -> Letter:
        """The invitation itself. `invitee` is the user who has that address already, if any."""

        def written(at: datetime) -> props.EmailProps:
            return self._invitation_props(invitation, at + acceptance)

        return _to_invitee(invitation, invitee, Message.INVITATION, written)

    def reminder(self, invitation: Invitation, invitee: User | None) -> Letter:
        """The reminder, to the invitee."""
        same = self._invitation_props(invitation, invitation.deadline)
        reminder = props.InvitationReminderProps(**dict(same))
        return _to_invitee(invitation, invitee, Message.INVITATION_REMINDER, lambda _: reminder)

    def _invitation_props(self, invitation: Invitation, deadline: datetime) -> props.InvitationProps:
        token = self._keys.invitation_token(invitation.id, invitation.generation)
        return invitation_props(invitation, link=invitation_link(self._origin, token), deadline=deadline)


def of_end(invitation: Invitation, invitee: User | None) -> Sequence[Letter]:
    """The news of an end, to everybody concerned who does not know it from his own act."""
    return _LETTERS_OF_END[invitation.state](invitation, invitee)


def _accepted(invitation: Invitation, invitee: User | None) -> Sequence[Letter]:
    if invitee is None:
        raise ValueError("An accepted invitation has a user")
    at = _ended_at(invitation)
    accepted = props.InvitationAcceptedProps(
        inviter_first_name=invitation.inviter.first_name,
        invitee_name=invitee.full_name,
        typed_name=invitation.invitee_name,
        relation=relation_label(invitation.relation),
        role=invitation.role,
        accepted_at=at,
    )
    granted = props.AuthorizationGrantedProps(
        first_name=invitee.first_name,
        inviter_name=invitation.inviter.full_name,
        relation=relation_label(invitation.relation),
        role=invitation.role,
        granted_at=at,
    )
    return [
        _to_invitee(invitation, invitee, Message.AUTHORIZATION_GRANTED, lambda _: granted),
        _to_inviter(invitation, Message.INVITATION_ACCEPTED, accepted),
    ]


def _declined(invitation: Invitation, _: User | None) -> Sequence[Letter]:
    declined = props.InvitationDeclinedProps(**_news(invitation), declined_at=_ended_at(invitation))
    return [_to_inviter(invitation, Message.INVITATION_DECLINED, declined)]


def _cancelled(invitation: Invitation, invitee: User | None) -> Sequence[Letter]:
    if invitation.delivery is not DeliveryState.SENT:
        return []  # the invitee never heard of it
    cancelled = props.InvitationCancelledProps(
        invitee_first_name=invitation.first_name,
        inviter_name=invitation.inviter.full_name,
        relation=relation_label(invitation.relation),
        cancelled_at=_ended_at(invitation),
    )
    return [_to_invitee(invitation, invitee, Message.INVITATION_CANCELLED, lambda _: cancelled)]


def _expired(invitation: Invitation, _: User | None) -> Sequence[Letter]:
    expired = props.InvitationExpiredProps(**_news(invitation), expired_at=_ended_at(invitation))
    return [_to_inviter(invitation, Message.INVITATION_EXPIRED, expired)]


def _undeliverable(invitation: Invitation, _: User | None) -> Sequence[Letter]:
    undeliverable = props.InvitationUndeliverableProps(**_news(invitation), invitee_email=invitation.email)
    return [_to_inviter(invitation, Message.INVITATION_UNDELIVERABLE, undeliverable)]


def _void(invitation: Invitation, invitee: User | None) -> Sequence[Letter]:
    void = props.InvitationVoidProps(**_news(invitation))
    letters = [_to_inviter(invitation, Message.INVITATION_VOID, void)]
    if invitation.delivery is DeliveryState.SENT:
        withdrawn = props.InvitationWithdrawnProps(
            invitee_first_name=invitation.first_name, relation=relation_label(invitation.relation)
        )
        letters.append(_to_invitee(invitation, invitee, Message.INVITATION_WITHDRAWN, lambda _: withdrawn))
    return letters


_LETTERS_OF_END: Mapping[InvitationState, Callable[[Invitation, User | None], Sequence[Letter]]] = {
    InvitationState.ACCEPTED: _accepted,
    InvitationState.DECLINED: _declined,
    InvitationState.CANCELLED: _cancelled,
    InvitationState.EXPIRED: _expired,
    InvitationState.UNDELIVERABLE: _undeliverable,
    InvitationState.VOID: _void,
}


def _news(invitation: Invitation) -> dict[str, Any]:
    """What all news to the inviter begin with."""
    return {
        "inviter_first_name": invitation.inviter.first_name,
        "invitee_name": invitation.invitee_name,
        "relation": relation_label(invitation.relation),
    }


def _ended_at(invitation: Invitation) -> datetime:
    if invitation.ended_at is None:
        raise ValueError("The invitation has not ended")
    return invitation.ended_at


def _to_inviter(invitation: Invitation, message: Message, written: props.EmailProps) -> Letter:
    inviter = invitation.inviter
    return Letter(message, inviter.email, inviter.language, lambda _: written)


def _to_invitee(
    invitation: Invitation,
    invitee: User | None,
    message: Message,
    written: Callable[[datetime], props.EmailProps],
) -> Letter:
    """To the invited address, in the user's language when it is a user's, else in the inviter's choice."""
    language = invitee.language if invitee else invitation.language
    return Letter(message, invitation.email, language, written)
