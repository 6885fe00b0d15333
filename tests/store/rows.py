"""Rows before they are written, for tests that write them in transactions of their own."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from domain import email_address
from domain.roles import ROLE_LEVELS
from domain.vocabulary import GrantedThrough, InvitationState, Language, Role
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.invitations import Invitation
from store.users import User
from tests.factories import LONG_AGO


def authorization(
    user: User,
    relation: CustomerRelation,
    *,
    role: Role = Role.RELATION_USER,
    ended_at: datetime | None = None,
    process_id: UUID | None = None,
) -> Authorization:
    return Authorization(
        id=uuid4(),
        user_id=user.id,
        relation_id=relation.id,
        role=role,
        levels=dict(ROLE_LEVELS[role]),
        valid_from=LONG_AGO,
        ended_at=ended_at,
        granted_through=GrantedThrough.INVITATION,
        process_id=process_id,
    )


def invitation(
    inviter: User,
    relation: CustomerRelation,
    email: str,
    *,
    state: InvitationState = InvitationState.PENDING,
    created_at: datetime = LONG_AGO,
    deadline: datetime | None = None,
) -> Invitation:
    return Invitation(
        id=uuid4(),
        relation_id=relation.id,
        inviter_id=inviter.id,
        email=email,
        email_normalised=email_address.normalised(email),
        first_name="Anna",
        last_name="Andersson",
        cover_message="Hej!",
        language=Language.SWEDISH,
        role=Role.RELATION_USER,
        levels=dict(ROLE_LEVELS[Role.RELATION_USER]),
        state=state,
        token_hash=uuid4().hex,
        created_at=created_at,
        deadline=deadline or created_at + timedelta(days=7),
    )
