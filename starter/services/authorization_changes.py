"""Removals that were made: what their confirmation shows, and finding one that is asked for again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.codes import Code, Refused
from domain.vocabulary import AuthorizationChangeKind, Level, Subpage
from starter.services.context import Services
from store import authorization_changes, authorizations, policy
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.users import User


@dataclass(frozen=True)
class Removed:
    """A removal, or a giving up, and how its viewer stands to the relation now.

    `holds`: whether he still holds anything on it; `manages`: whether he manages its users.
    """

    change: AuthorizationChange
    is_actor: bool
    holds: bool
    manages: bool

    @property
    def is_given_up(self) -> bool:
        """Whether it was the user's own act."""
        return self.change.kind is AuthorizationChangeKind.GIVEN_UP


async def view(services: Services, user: User, change_id: UUID) -> Removed:
    """A removal, for whose authorization it was, and for who made it as long as he holds something there.

    Raises Refused(`not_found`) for everybody else, and for other changes.
    """
    now = services.clock()
    async with services.database.reading() as session:
        change = await authorization_changes.change(session, change_id)
        if change is None or change.kind is AuthorizationChangeKind.LEVELS:
            raise Refused(Code.NOT_FOUND)
        held = await authorizations.active_on(session, user.id, change.relation_id, now)
        if change.user_id != user.id and not (held and change.actor_id == user.id):
            raise Refused(Code.NOT_FOUND)
        levels = policy.levels_of(change.relation, held, now)
    return Removed(
        change=change,
        is_actor=change.actor_id == user.id,
        holds=bool(held),
        manages=levels[Subpage.USERS] is Level.WRITE,
    )


async def of_user_on(
    services: Services, authorization_ids: Collection[UUID], *, user_id: UUID, relation_id: UUID
) -> Sequence[Authorization]:
    """These authorizations, ended ones too. Raises Refused(`not_found`) unless all are this user's here."""
    async with services.database.reading() as session:
        found = [await session.get(Authorization, each) for each in authorization_ids]
    own = [
        each
        for each in found
        if each is not None and (each.user_id, each.relation_id) == (user_id, relation_id)
    ]
    if len(own) != len(found):
        raise Refused(Code.NOT_FOUND)
    return own


async def made(
    services: Services,
    actor: User,
    authorization_ids: Collection[UUID],
    *,
    user_id: UUID,
    relation_id: UUID,
) -> AuthorizationChange | None:
    """The removal by which the actor ended exactly these, if he has: an authorization ends once."""
    wanted = {str(each) for each in authorization_ids}
    async with services.database.reading() as session:
        changes = await authorization_changes.made_by(
            session, actor.id, user_id=user_id, relation_id=relation_id
        )
    removals = [each for each in changes if each.kind is not AuthorizationChangeKind.LEVELS]
    return next((each for each in removals if set(each.authorization_ids) == wanted), None)
