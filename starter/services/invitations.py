"""Inviting somebody to hold a role on a customer relation (spec 3.1)."""

import hashlib
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address
from domain.codes import Code, Refused
from domain.invitations import InvitationStart
from domain.processes import ProcessStart
from domain.vocabulary import DraftKind, InvitationState, ProcessKind
from runtime.keys import token_hash
from starter.services import drafts
from starter.services.context import Services
from starter.services.idempotency import RequestKey, earlier_result, remember
from starter.services.invitation_checks import Draft, allowed, checked, draft_of
from starter.services.processes import deliver_owed
from store import drafts as draft_rows
from store import invitations as rows
from store.audit import Event
from store.customers import CustomerRelation
from store.invitations import Invitation
from store.outbox import OutboxRow, Owed
from store.users import User


async def create(
    services: Services, inviter: User, relation_id: UUID, draft: Draft, key: RequestKey | None
) -> Invitation:
    """Makes an invitation and starts its process, now or, while Temporal is down, as soon as it is back.

    The same request with the same key returns what it made before. Raises Refused: `not_found`,
    `authorization.missing`, `authorization.*`, `identification.required`, `invitation.own_address`,
    `authorization.exists`; FieldsRefused; AlreadyPending; TooMany.
    """
    return await _create(services, inviter, relation_id, checked(draft), key)


async def create_from_draft(
    services: Services, inviter: User, draft_id: UUID, *, reviewed: Draft | None = None
) -> Invitation:
    """Makes the invitation that a draft describes, and empties the draft. Again: the same invitation.

    `reviewed`: what the inviter has seen and approves, if it may not be anything else. Raises what `create`
    raises, Refused(`not_found`) also for a draft that is no invitation's, `draft.changed_meanwhile` for one
    that does not say what was reviewed.
    """
    draft = await drafts.find(services, inviter, draft_id)
    if draft.kind is not DraftKind.INVITATION or draft.relation_id is None:
        raise Refused(Code.NOT_FOUND)
    if draft.result_id is not None:
        async with services.database.reading() as session:
            return await session.get_one(Invitation, draft.result_id)
    described = reviewed or draft_of(draft.data)
    return await _create(
        services, inviter, draft.relation_id, described, _key_of(inviter, draft_id), draft_id=draft_id
    )


def _key_of(inviter: User, draft_id: UUID) -> RequestKey:
    """Confirming a draft is one request, however often it is sent."""
    return RequestKey(inviter.id, str(draft_id), hashlib.sha256(f"confirm {draft_id}".encode()).hexdigest())


async def _create(
    services: Services,
    inviter: User,
    relation_id: UUID,
    draft: Draft,
    key: RequestKey | None,
    draft_id: UUID | None = None,
) -> Invitation:
    try:
        invitation = await _write(services, inviter, relation_id, draft, key, draft_id)
    except IntegrityError:
        # Somebody else invited the same person, or sent the same key, at this very moment.
        invitation = await _write(services, inviter, relation_id, draft, key, draft_id)
    await deliver_owed(services, invitation.id)
    return invitation


async def _write(
    services: Services,
    inviter: User,
    relation_id: UUID,
    draft: Draft,
    key: RequestKey | None,
    draft_id: UUID | None,
) -> Invitation:
    now = services.clock()
    async with services.database.transaction() as session:
        # One invitation of an inviter at a time: limits are counted in peace, and a repeat sees the first.
        # Not so that a row may not refer to him meanwhile: whoever removes him has the relation already.
        inviter = await session.get_one(User, inviter.id, with_for_update={"key_share": True})
        if (earlier := await earlier_result(services, session, key)) is not None:
            return await session.get_one(Invitation, earlier)
        may = await allowed(services, session, inviter, relation_id, draft, now, lock=True)
        if may.overdue is not None:
            rows.end(session, may.overdue, InvitationState.EXPIRED, by=None, at=now)
            await session.flush()
        invitation = new_invitation(services, inviter, may.relation, draft, now)
        session.add(invitation)
        session.add(_start(services, invitation, now))
        remember(services, session, key, invitation.id)
        if draft_id is not None:
            await _confirm(session, inviter, draft_id, draft, invitation, now)
        await session.flush()
        rows.record(session, invitation, Event.INVITATION_CREATED, at=now, by=inviter.id)
    return invitation


async def _confirm(
    session: AsyncSession,
    inviter: User,
    draft_id: UUID,
    approved: Draft,
    invitation: Invitation,
    now: datetime,
) -> None:
    draft = await draft_rows.of_user(session, draft_id, inviter.id, now, lock=True)
    if draft is None:
        raise Refused(Code.NOT_FOUND)
    if draft_of(draft.data) != approved:
        raise Refused(Code.DRAFT_CHANGED_MEANWHILE)
    draft.confirm(invitation.id)


def new_invitation(
    services: Services, inviter: User, relation: CustomerRelation, draft: Draft, now: datetime
) -> Invitation:
    """The row that a checked draft makes, not written yet."""
    invitation_id, generation = uuid4(), 1
    token = services.keys.invitation_token(invitation_id, generation)
    return Invitation(
        id=invitation_id,
        relation=relation,
        inviter=inviter,
        email=draft.email,
        email_normalised=email_address.normalised(draft.email),
        first_name=draft.first_name,
        last_name=draft.last_name,
        cover_message=draft.cover_message,
        language=draft.language or inviter.language,
        role=draft.role,
        levels=dict(draft.levels),
        generation=generation,
        token_hash=token_hash(token),
        created_at=now,
        deadline=now + services.settings.waits.at_most,
    )


def _start(services: Services, invitation: Invitation, now: datetime) -> OutboxRow:
    waits = services.settings.waits
    start = ProcessStart(
        input=InvitationStart(
            invitation_id=invitation.id, deadline=invitation.deadline, waits=waits
        ).model_dump(mode="json"),
        state=InvitationState.PENDING,
        relations=[invitation.relation.id],
        # What the deadline will be when the e-mail leaves at once, as it nearly always does.
        deadline=now + waits.acceptance,
    )
    return OutboxRow(
        process_kind=ProcessKind.INVITATION,
        process_id=invitation.id,
        owed=Owed.START,
        payload=start.model_dump(mode="json"),
        created_at=now,
    )
