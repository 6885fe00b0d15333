"""`customer-relations`: what one holds something on, who else does, and inviting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from domain.vocabulary import Level, Subpage
from starter.api.dependencies import RequestKeyDep, ServicesDep, SessionDep, fresh_identification
from starter.api.given import NameQuery, NewInvitation
from starter.api.routing import refusals
from starter.api.schemas import (
    InvitationPreview,
    InvitationView,
    OwnAuthorization,
    Processes,
    ProcessSummary,
    Relation,
    RelationLabel,
    Relations,
    RelationUser,
    RelationUsers,
    SuggestedName,
)
from starter.api.schemas import Invitations as InvitationsPage
from starter.http.cursors import cursor_of, read_cursor
from starter.services import invitations, previews, suggestions, timelines
from starter.services.invitation_checks import Draft
from store import authorizations, policy
from store import invitations as rows
from store.authorizations import Authorization

router = APIRouter(prefix="/customer-relations", tags=["customer relations"])


async def _seen(relation_id: UUID, services: ServicesDep, session: SessionDep) -> None:
    async with services.database.reading() as reading:
        await policy.require_relation(reading, session.user_id, relation_id, services.clock())


def _relation(held: Sequence[Authorization], at: datetime) -> Relation:
    relation = held[0].relation
    return Relation(
        **RelationLabel.of(relation).model_dump(),
        customer_number=relation.customer.customer_number,
        ended=relation.ended_at is not None,
        my_authorizations=[
            OwnAuthorization(id=each.id, role=each.role, granted_through=each.granted_through)
            for each in held
        ],
        my_roles=[each.role for each in held],
        my_levels=policy.levels_of(relation, held, at),
    )


@router.get("", responses=refusals(401))
async def my_relations(services: ServicesDep, session: SessionDep) -> Relations:
    """The relations that the user holds something on."""
    now = services.clock()
    async with services.database.reading() as reading:
        held = await authorizations.of_user(reading, session.user_id, now)
    by_relation: dict[UUID, list[Authorization]] = {}
    for each in held:
        by_relation.setdefault(each.relation_id, []).append(each)
    return Relations(items=[_relation(each, now) for each in by_relation.values()])


@router.get("/{relation_id}", responses=refusals(401, 404))
async def relation(relation_id: UUID, services: ServicesDep, session: SessionDep) -> Relation:
    """One of them."""
    now = services.clock()
    async with services.database.reading() as reading:
        await policy.require_relation(reading, session.user_id, relation_id, now)
        return _relation(await authorizations.active_on(reading, session.user_id, relation_id, now), now)


@router.get("/{relation_id}/users", responses=refusals(401, 403, 404))
async def users(relation_id: UUID, services: ServicesDep, session: SessionDep) -> RelationUsers:
    """Who holds what on it; for those who manage its users."""
    now = services.clock()
    async with services.database.reading() as reading:
        await policy.require_level(reading, session.user_id, relation_id, Subpage.USERS, Level.WRITE, now)
        held = await authorizations.of_relation(reading, relation_id, now)
    return RelationUsers(
        items=[
            RelationUser(
                authorization_id=each.id,
                user_id=each.user_id,
                first_name=each.user.first_name,
                last_name=each.user.last_name,
                email=each.user.email,
                role=each.role,
                levels=each.levels,
                valid_from=each.valid_from,
                granted_through=each.granted_through,
            )
            for each in held
        ]
    )


@router.get("/{relation_id}/invitations", responses=refusals(401, 403, 404))
async def list_invitations(
    relation_id: UUID,
    services: ServicesDep,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> InvitationsPage:
    """Its invitations, open and ended, the newest first; for those who manage its users."""
    now = services.clock()
    async with services.database.reading() as reading:
        await policy.require_level(reading, session.user_id, relation_id, Subpage.USERS, Level.WRITE, now)
        found = await rows.of_relation(
            reading, relation_id, at=now, before=read_cursor(cursor), limit=limit + 1
        )
    page = found[:limit]
    more = len(found) > limit
    return InvitationsPage(
        items=[InvitationView.of(each, now) for each in page],
        next_cursor=cursor_of(page[-1].created_at, page[-1].id) if more else None,
    )


@router.post(
    "/{relation_id}/invitations",
    status_code=201,
    dependencies=[fresh_identification(_seen)],
    responses=refusals(401, 403, 404, 409, 429),
)
async def invite(
    relation_id: UUID,
    given: NewInvitation,
    services: ServicesDep,
    session: SessionDep,
    key: RequestKeyDep,
    response: Response,
) -> InvitationView:
    """Invites somebody. He has 7 days from when the e-mail is taken by the mail server."""
    made = await invitations.create(services, session.user, relation_id, _draft(given), key)
    response.headers["Location"] = f"/v1/invitations/{made.id}"
    return InvitationView.of(made, services.clock())


@router.post("/{relation_id}/invitation-previews", responses=refusals(401, 403, 404, 409, 429))
async def preview_invitation(
    relation_id: UUID, given: NewInvitation, services: ServicesDep, session: SessionDep
) -> InvitationPreview:
    """The e-mail that this invitation would send, or why it cannot be made. Nothing is made or sent.

    In the invitation's language; somebody who is a user already gets the e-mail in his own.
    """
    return InvitationPreview.of(await previews.preview(services, session.user, relation_id, _draft(given)))


def _draft(given: NewInvitation) -> Draft:
    return Draft(
        email=given.email,
        first_name=given.first_name,
        last_name=given.last_name,
        cover_message=given.cover_message,
        role=given.role,
        language=given.language,
        levels=given.levels,
    )


@router.get("/{relation_id}/processes", responses=refusals(401, 404))
async def list_processes(
    relation_id: UUID,
    services: ServicesDep,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Processes:
    """Its processes that the user may see, the newest first: all for those who manage its users."""
    found = await timelines.of_relation(services, session.user, relation_id, read_cursor(cursor), limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return Processes(
        items=[ProcessSummary.of(each) for each in page],
        next_cursor=cursor_of(page[-1].created_at, page[-1].id) if more else None,
    )


@router.post("/{relation_id}/name-suggestions", responses=refusals(401, 403, 404, 429))
async def suggest_name(
    relation_id: UUID, given: NameQuery, services: ServicesDep, session: SessionDep
) -> SuggestedName:
    """The name of the person with an address, if he shares a relation with the inviter or allows it."""
    name = await suggestions.suggest_name(services, session.user, relation_id, given.email)
    if name is None:
        return SuggestedName(first_name=None, last_name=None)
    return SuggestedName(first_name=name.first_name, last_name=name.last_name)
