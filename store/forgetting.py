"""Forgetting a user (spec 3.7): first all access ends, then everything personal is erased.

What stays says nothing of who it was: ids, roles, levels, times. What the retailer's customer registry holds
is the retailer's own, and not touched.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.authorization_changes import AuthorizationChangeWaits
from domain.vocabulary import InvitationState, ProcessKind, ServiceRequestKind
from store import account_links, authorization_acts, authorizations, customers, invitations, outbox
from store.account_links import AccountLink
from store.authorizations import Authorization
from store.drafts import Draft
from store.identifications import StrongIdentity
from store.invitations import Invitation
from store.limits import IdempotencyKey
from store.registrations import Registration
from store.rights_requests import RightsRequest
from store.service_requests import ServiceRequest, open_request
from store.sessions import Session
from store.users import User


async def end_access(
    session: AsyncSession, user_id: UUID, *, waits: AuthorizationChangeWaits, now: datetime
) -> None:
    """Ends a user's authorizations, also those by contract, his sessions and what waits for his answer.

    Where nobody is left who manages the users, customer service gets a request to find somebody.
    """
    user = await session.get_one(User, user_id, with_for_update={"of": User, "key_share": True})
    account_links.replace(session, await account_links.open_of(session, user_id), now)
    # Before relations, as acceptances do: nobody waits crosswise.
    await _decline_invitations(session, user, now)
    for relation_id in await _relations(session, user_id):
        relation = await customers.relation_alone(session, relation_id)
        ids = await session.scalars(
            select(Authorization.id).where(
                Authorization.user_id == user_id,
                Authorization.relation_id == relation_id,
                Authorization.ended_at.is_(None),
            )
        )
        chosen = await authorizations.locked(session, ids.all(), suspended=True)
        if relation is None or not chosen:
            continue
        before = await authorizations.of_relation(session, relation_id, now)
        managed = user_id in authorization_acts.managers(relation, before, now)
        await authorization_acts.end(session, relation, chosen, actor=user, waits=waits, now=now)
        left = await authorizations.of_relation(session, relation_id, now)
        if managed and relation.ended_at is None and not authorization_acts.managers(relation, left, now):
            _ask_for_manager(session, relation.customer_id, now)
    await session.execute(
        update(Session).where(Session.user_id == user_id, Session.ended_at.is_(None)).values(ended_at=now)
    )


async def _relations(session: AsyncSession, user_id: UUID) -> list[UUID]:
    """Where he holds something, in the order in which everybody takes relations."""
    query = (
        select(Authorization.relation_id)
        .where(Authorization.user_id == user_id, Authorization.ended_at.is_(None))
        .distinct()
        .order_by(Authorization.relation_id)
    )
    return list(await session.scalars(query))


def _ask_for_manager(session: AsyncSession, customer_id: UUID, now: datetime) -> None:
    open_request(
        session,
        ServiceRequest(
            kind=ServiceRequestKind.OTHER,
            contact={"reason": "last_manager_erased"},
            customer_id=customer_id,
            created_at=now,
        ),
    )


async def _decline_invitations(session: AsyncSession, user: User, now: datetime) -> None:
    waiting = await invitations.to_handle(session, user.email_normalised, now)
    for each in waiting:
        found = await invitations.locked(session, each.id)
        if found is not None and found.state.is_open:
            invitations.end(session, found, InvitationState.DECLINED, by=user.id, at=now)
            outbox.owe_signal(session, ProcessKind.INVITATION, found.id, "row_ended", now)


async def forget(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """Erases what is personal of a user whose access has ended. Repeating it changes nothing."""
    user = await session.get_one(User, user_id, with_for_update={"of": User})
    if user.erased_at is not None:
        return
    await _forget_invitations(session, user, now)
    await _forget_requests(session, user, now)
    for kept_for_him in (Session, StrongIdentity, Draft, IdempotencyKey):
        await session.execute(delete(kept_for_him).where(kept_for_him.user_id == user_id))
    await session.execute(update(RightsRequest).where(RightsRequest.user_id == user_id).values(message=""))
    # Their processes may be at work still; without addresses they tell nobody.
    await session.execute(
        update(AccountLink)
        .where(AccountLink.user_id == user_id)
        .values(email="", new_email="", used_source_hash=None)
    )
    user.erase(now)


async def _forget_invitations(session: AsyncSession, user: User, now: datetime) -> None:
    """Those to him lose who he was; those by him lose what he wrote."""
    to_him = select(Invitation).where(
        Invitation.ended_at.is_not(None),
        or_(
            Invitation.email_normalised == user.email_normalised,
            Invitation.id.in_(
                select(Authorization.process_id).where(
                    Authorization.user_id == user.id, Authorization.process_id.is_not(None)
                )
            ),
        ),
        Invitation.purged_at.is_(None),
    )
    for each in (await session.scalars(to_him)).all():
        each.purge(now)
    await session.execute(
        update(Invitation)
        .where(Invitation.inviter_id == user.id, Invitation.ended_at.is_not(None))
        .values(cover_message="")
    )


async def _forget_requests(session: AsyncSession, user: User, now: datetime) -> None:
    """What he gave customer service to be reached."""
    own = select(Registration.id).where(Registration.user_id == user.id)
    query = select(ServiceRequest).where(
        or_(
            ServiceRequest.registration_id.in_(own),
            ServiceRequest.contact["email"].as_string() == user.email,
        )
    )
    for each in (await session.scalars(query)).all():
        each.erase_contact(now)
