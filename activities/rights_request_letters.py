"""What is written to whom when somebody asks for more rights."""

from activities.notifications import Letter
from domain.vocabulary import Level, Message, Subpage
from emails import props
from emails.letters import relation_label
from store.rights_requests import RightsRequest
from store.users import User

# Far more than managers of a relation: the e-mails of the first time and of the reminder never meet.
_REMINDERS = 10_000


def requested(request: RightsRequest, manager: User, place: int, sequence: int, origin: str) -> Letter:
    """To somebody who can answer; `sequence` 2 is the reminder. `origin` has no trailing slash."""
    written = props.RightsRequestedProps(
        first_name=manager.first_name,
        user_name=request.user.full_name,
        relation=relation_label(request.relation),
        asked=tuple(
            props.SubpageLevel(subpage=subpage, level=level) for subpage, level in _raised(request).items()
        ),
        message=request.message,
        deadline=request.deadline,
        is_reminder=sequence > 1,
        link=f"{origin}/rights-requests/{request.id}",
    )
    return Letter(
        Message.RIGHTS_REQUESTED,
        manager.email,
        manager.language,
        lambda _: written,
        sequence=place + (sequence - 1) * _REMINDERS,
    )


def ended(request: RightsRequest, origin: str) -> Letter:
    """To who asked: declined, or nobody answered, or the authorization has ended."""
    written = props.RightsRequestEndedProps(
        first_name=request.user.first_name,
        relation=relation_label(request.relation),
        state=request.state,
        link=f"{origin}/relations/{request.relation_id}/authorizations",
    )
    return Letter(Message.RIGHTS_REQUEST_ENDED, request.user.email, request.user.language, lambda _: written)


def _raised(request: RightsRequest) -> dict[Subpage, Level]:
    """What is asked for beyond what is held."""
    held = request.authorization.levels
    return {
        subpage: level
        for subpage, level in request.levels.items()
        if level.rank > held.get(subpage, Level.NONE).rank
    }
