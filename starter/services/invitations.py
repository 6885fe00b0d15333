"""Inviting somebody to hold a role on a customer relation (spec 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address, roles, text
from domain.codes import Code, Refused
from domain.invitations import InvitationStart
from domain.processes import ProcessStart
from domain.vocabulary import InvitationState, Language, Level, ProcessKind, Role, Subpage
from runtime.keys import token_hash
from starter.services.context import Services
from starter.services.idempotency import RequestKey, earlier_result, remember
from starter.services.processes import deliver_owed
from starter.services.refusals import AlreadyPending, FieldChecks, TooMany
from store import authorizations, policy, users
from store import invitations as rows
from store.audit import Event
from store.customers import CustomerRelation
from store.invitations import Invitation
from store.outbox import OutboxRow, Owed
from store.users import User

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Draft:
    """What an inviter has chosen and typed. `levels` overrides the role's default levels."""

    email: str
    first_name: str
    last_name: str
    cover_message: str
    role: Role
    language: Language | None = None
    levels: Mapping[Subpage, Level] = field(default_factory=dict)


async def create(
    services: Services, inviter: User, relation_id: UUID, draft: Draft, key: RequestKey | None
) -> Invitation:
    """Makes an invitation and starts its process, now or, while Temporal is down, as soon as it is back.

    The same request with the same key returns what it made before. Raises Refused: `not_found`,
    `authorization.missing`, `authorization.*`, `identification.required`, `invitation.own_address`,
    `authorization.exists`; FieldsRefused; AlreadyPending; TooMany.
    """
    draft = _checked(draft)
    try:
        invitation = await _write(services, inviter, relation_id, draft, key)
    except IntegrityError:
        # Somebody else invited the same person, or sent the same key, at this very moment.
        invitation = await _write(services, inviter, relation_id, draft, key)
    await deliver_owed(services, invitation.id)
    return invitation


def _checked(draft: Draft) -> Draft:
    checks = FieldChecks()
    email = checks.value("/email", email_address.checked, draft.email)
    first_name = checks.value("/first_name", text.checked_name, draft.first_name)
    last_name = checks.value("/last_name", text.checked_name, draft.last_name)
    cover_message = checks.value("/cover_message", text.checked_message, draft.cover_message)
    checks.done()
    return Draft(
        email=email,
        first_name=first_name,
        last_name=last_name,
        cover_message=cover_message,
        role=draft.role,
        language=draft.language,
        levels={**roles.ROLE_LEVELS[draft.role], **draft.levels},
    )


async def _write(
    services: Services, inviter: User, relation_id: UUID, draft: Draft, key: RequestKey | None
) -> Invitation:
    now = services.clock()
    async with services.database.transaction() as session:
        if (earlier := await earlier_result(services, session, key)) is not None:
            return await session.get_one(Invitation, earlier)
        # One invitation of an inviter at a time: limits are counted in peace.
        await session.refresh(await session.get_one(User, inviter.id), with_for_update=True)
        relation = await policy.require_level(
            session, inviter.id, relation_id, Subpage.USERS, Level.WRITE, now
        )
        await _refuse_role(session, inviter, relation, draft, now)
        await _refuse_person(session, inviter, relation, draft, now)
        await _refuse_too_many(services, session, inviter, draft, now)
        invitation = _new(services, inviter, relation, draft, now)
        session.add(invitation)
        session.add(_start(services, invitation, now))
        remember(services, session, key, invitation.id)
        await session.flush()
        rows.record(session, invitation, Event.INVITATION_CREATED, at=now, by=inviter.id)
    return invitation


async def _refuse_role(
    session: AsyncSession, inviter: User, relation: CustomerRelation, draft: Draft, now: datetime
) -> None:
    refusal = roles.refusal_to_give(
        kind=relation.customer.kind,
        role=draft.role,
        levels=draft.levels,
        giver=await policy.levels(session, inviter.id, relation.id, now),
    )
    if refusal is not None:
        raise Refused(refusal)


async def _refuse_person(
    session: AsyncSession, inviter: User, relation: CustomerRelation, draft: Draft, now: datetime
) -> None:
    address = email_address.normalised(draft.email)
    if address == inviter.email_normalised:
        raise Refused(Code.INVITATION_OWN_ADDRESS)
    person = await users.by_email(session, draft.email)
    if person is not None:
        held = await authorizations.active_on(session, person.id, relation.id, now)
        if any(each.role is draft.role for each in held):
            raise Refused(Code.AUTHORIZATION_EXISTS)
    pending = await rows.open_for(session, address, relation.id, lock=True)
    if pending is None:
        return
    if pending.state_at(now) is not InvitationState.EXPIRED:
        raise AlreadyPending(pending.id)
    # Its time is up and only its timer lags; an end blocks nothing.
    rows.end(session, pending, InvitationState.EXPIRED, by=None, at=now)
    await session.flush()


async def _refuse_too_many(
    services: Services, session: AsyncSession, inviter: User, draft: Draft, now: datetime
) -> None:
    limits, since = services.settings.limits, now - _DAY
    count, oldest = await rows.sent_since(session, since, inviter_id=inviter.id)
    if count >= limits.per_inviter_and_day and oldest is not None:
        raise TooMany(Code.INVITATION_TOO_MANY, oldest + _DAY - now)
    count, oldest = await rows.sent_since(
        session,
        since,
        inviter_id=inviter.id,
        email_normalised=email_address.normalised(draft.email),
    )
    if count >= limits.per_inviter_address_and_day and oldest is not None:
        raise TooMany(Code.INVITATION_TOO_MANY_FOR_ADDRESS, oldest + _DAY - now)


def _new(
    services: Services, inviter: User, relation: CustomerRelation, draft: Draft, now: datetime
) -> Invitation:
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
