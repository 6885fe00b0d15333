"""The very e-mail of an invitation before it is sent (spec 3.1, phase 4)."""

from uuid import UUID

from domain.vocabulary import Message
from emails.letters import invitation_link, invitation_props
from emails.render import RenderedEmail, render
from starter.services.context import Services
from starter.services.invitation_checks import Draft, allowed, checked
from starter.services.invitations import new_invitation
from store.users import User

# There is no token before there is an invitation, and nobody but the invited person is shown one.
_NO_TOKEN = "..."  # noqa: S105 - a place-holder, not a token


async def preview(services: Services, inviter: User, relation_id: UUID, draft: Draft) -> RenderedEmail:
    """What the invited person would get if this were confirmed now. Writes nothing, counts nothing.

    Always in the draft's language: a user gets his own, and that he is one is not told.
    Raises what making the invitation would raise.
    """
    draft = checked(draft)
    now = services.clock()
    async with services.database.reading() as session:
        may = await allowed(services, session, inviter, relation_id, draft, now)
        invitation = new_invitation(services, inviter, may.relation, draft, now)
    props = invitation_props(
        invitation,
        link=invitation_link(services.brand.origin, _NO_TOKEN),
        deadline=now + services.settings.waits.acceptance,
    )
    return render(Message.INVITATION, invitation.language, props, services.brand)
