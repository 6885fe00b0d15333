"""What is typed in a guided flow, kept between its phases (spec 3.1: four of them, one to confirm)."""

from collections.abc import Mapping
from uuid import UUID

from domain.codes import Code, Refused
from domain.vocabulary import DraftKind
from starter.services import answers
from starter.services.context import Services
from store import drafts
from store.drafts import Draft
from store.users import User

_MOST_OPEN = 50


async def begin(
    services: Services, user: User, kind: DraftKind, relation_id: UUID | None, data: Mapping[str, str]
) -> Draft:
    """Begins a flow with what is known already. A user's oldest beyond 50 are erased."""
    now = services.clock()
    draft = Draft(
        user_id=user.id,
        kind=kind,
        relation_id=relation_id,
        data=dict(data),
        created_at=now,
        expires_at=now + services.settings.retention.drafts,
    )
    async with services.database.transaction() as session:
        # One at a time, so that the oldest are the same for all.
        await session.get_one(User, user.id, with_for_update=True)
        session.add(draft)
        await session.flush()
        await drafts.forget_beyond(session, user.id, _MOST_OPEN)
    return draft


async def find(services: Services, user: User, draft_id: UUID) -> Draft:
    """The user's draft; one with a `result_id` has been confirmed, and its data are gone.

    Raises Refused(`not_found`) for another user's, one whose time is up, or none.
    """
    async with services.database.reading() as session:
        draft = await drafts.of_user(session, draft_id, user.id, services.clock())
    if draft is None:
        raise Refused(Code.NOT_FOUND)
    return draft


async def save(services: Services, user: User, draft_id: UUID, **values: str) -> Draft:
    """Keeps the checked values of a phase besides those of the others.

    Raises Refused(`not_found`) as `find` does, and for one that has been confirmed.
    """
    async with services.database.transaction() as session:
        draft = await drafts.of_user(session, draft_id, user.id, services.clock(), lock=True)
        if draft is None or draft.result_id is not None:
            raise Refused(Code.NOT_FOUND)
        draft.data = {**draft.data, **values}
    return draft


async def from_invitation(services: Services, user: User, invitation_id: UUID) -> dict[str, str]:
    """The data of an invitation, for inviting again; what has been erased is empty.

    Raises Refused: `not_found`; `authorization.missing` for its recipient.
    """
    viewed = await answers.view(services, user, invitation_id)
    if not viewed.is_manager:
        raise Refused(Code.AUTHORIZATION_MISSING)
    invitation = viewed.invitation
    return {
        "email": invitation.email,
        "role": invitation.role.value,
        "language": invitation.language.value,
        "first_name": invitation.first_name,
        "last_name": invitation.last_name,
        "cover_message": invitation.cover_message,
    }
