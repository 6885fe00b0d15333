"""What must hold before somebody is invited: for the invitation itself, its preview, and each phase."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address, roles, text
from domain.codes import Code, Refused
from domain.vocabulary import InvitationState, Language, Level, Role, Subpage
from starter.services.context import Services
from starter.services.refusals import AlreadyPending, FieldChecks, TooMany
from store import authorizations, customers, disputes, policy, users
from store import invitations as rows
from store.customers import CustomerRelation
from store.invitations import Invitation
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


class Phase(StrEnum):
    """The phases of inviting in which something is typed (spec 3.1, step 1)."""

    CONTACT_DETAILS = "contact_details"
    USER_DETAILS = "user_details"
    COVER_MESSAGE = "cover_message"


def _checked_role(given: str) -> str:
    if not given:
        raise Refused(Code.FIELD_REQUIRED)
    return _member(Role, given)


def _checked_language(given: str) -> str:
    """Of the e-mail; none is the inviter's own."""
    return _member(Language, given) if given else ""


def _member(members: type[StrEnum], given: str) -> str:
    if given not in set(members):
        raise Refused(Code.FIELD_INVALID)
    return given


_CHECKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "email": email_address.checked,
        "role": _checked_role,
        "language": _checked_language,
        "first_name": text.checked_name,
        "last_name": text.checked_name,
        "cover_message": text.checked_message,
    }
)
_TYPED = ("email", "first_name", "last_name", "cover_message")
# What is asked for in each phase; together they are the data of an invitation's draft.
FIELDS: Mapping[Phase, tuple[str, ...]] = MappingProxyType(
    {
        Phase.CONTACT_DETAILS: ("email", "role", "language"),
        Phase.USER_DETAILS: ("first_name", "last_name"),
        Phase.COVER_MESSAGE: ("cover_message",),
    }
)


def checked(draft: Draft) -> Draft:
    """The draft as it is kept, with a level for every subpage. Raises FieldsRefused."""
    kept = _checked_values({name: getattr(draft, name) for name in _TYPED}, _TYPED)
    whole = _draft({**kept, "role": draft.role, "language": draft.language or ""})
    return replace(whole, levels={**whole.levels, **draft.levels})


def draft_of(data: Mapping[str, str]) -> Draft:
    """The draft that texts by name of field make; see `FIELDS`. Raises FieldsRefused."""
    return _draft(_checked_values(data, tuple(_CHECKS)))


async def check_phase(
    services: Services, inviter: User, relation_id: UUID, phase: Phase, typed: Mapping[str, str]
) -> dict[str, str]:
    """What was typed in one phase, as it is kept, refused as making the invitation would refuse it.

    Raises FieldsRefused; Refused(`not_found`, `authorization.missing`); and for the contact details, which
    say who is to get what, everything else that `allowed` raises.
    """
    kept = _checked_values(typed, FIELDS[phase])
    now = services.clock()
    async with services.database.reading() as session:
        if phase is Phase.CONTACT_DETAILS:
            await allowed(services, session, inviter, relation_id, _draft(kept), now)
        else:
            await _managed(session, inviter, relation_id, now)
    return kept


def _checked_values(given: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    checks = FieldChecks()
    kept = {name: checks.value(f"/{name}", _CHECKS[name], given.get(name, "")) for name in names}
    checks.done()
    return kept


def _draft(kept: Mapping[str, str]) -> Draft:
    """From checked values; the later phases' may be missing yet."""
    role = Role(kept["role"])
    return Draft(
        email=kept["email"],
        first_name=kept.get("first_name", ""),
        last_name=kept.get("last_name", ""),
        cover_message=kept.get("cover_message", ""),
        role=role,
        language=Language(kept["language"]) if kept["language"] else None,
        levels=roles.ROLE_LEVELS[role],
    )


@dataclass(frozen=True)
class Allowed:
    """On which relation, and what still has to be ended first: one whose time is up, but not its process."""

    relation: CustomerRelation
    overdue: Invitation | None


async def allowed(
    services: Services,
    session: AsyncSession,
    inviter: User,
    relation_id: UUID,
    draft: Draft,
    now: datetime,
    *,
    lock: bool = False,
) -> Allowed:
    """Whether this inviter may make this invitation now. `lock`: his right and `overdue` stay meanwhile.

    `draft` is checked. Raises Refused: `not_found`, `authorization.missing`, `authorization.*`,
    `identification.required`, `invitation.own_address`, `authorization.exists`; AlreadyPending; TooMany.
    """
    if lock:
        # Whoever ends the inviter's right waits for this invitation, and finds it; or was first.
        await customers.relation(session, relation_id, lock=True)
    relation = await _managed(session, inviter, relation_id, now)
    await _refuse_role(services, session, inviter, relation, draft, now)
    overdue = await _refuse_person(session, inviter, relation, draft, now, lock=lock)
    await _refuse_too_many(services, session, inviter, draft, now)
    return Allowed(relation, overdue)


async def _managed(
    session: AsyncSession, inviter: User, relation_id: UUID, now: datetime
) -> CustomerRelation:
    return await policy.require_level(session, inviter.id, relation_id, Subpage.USERS, Level.WRITE, now)


async def _refuse_role(
    services: Services,
    session: AsyncSession,
    inviter: User,
    relation: CustomerRelation,
    draft: Draft,
    now: datetime,
) -> None:
    refusal = roles.refusal_to_give(
        kind=relation.customer.kind,
        role=draft.role,
        levels=draft.levels,
        giver=await policy.levels(session, inviter.id, relation.id, now),
    )
    if refusal is not None:
        raise Refused(refusal)
    if roles.needs_strong_identification(draft.levels) and services.identity_provider is None:
        # Nobody could ever accept it.
        raise Refused(Code.IDENTIFICATION_REQUIRED)


async def _refuse_person(
    session: AsyncSession,
    inviter: User,
    relation: CustomerRelation,
    draft: Draft,
    now: datetime,
    *,
    lock: bool,
) -> Invitation | None:
    """The invitation that is in the way although its time is up; an end blocks nothing."""
    address = email_address.normalised(draft.email)
    if address == inviter.email_normalised:
        raise Refused(Code.INVITATION_OWN_ADDRESS)
    person = await users.by_email(session, draft.email)
    if person is not None:
        if await disputes.is_suspended_at(session, person.id, relation.customer_id):
            raise Refused(Code.AUTHORIZATION_SUSPENDED)
        held = await authorizations.active_on(session, person.id, relation.id, now)
        if any(each.role is draft.role for each in held):
            raise Refused(Code.AUTHORIZATION_EXISTS)
    pending = await rows.open_for(session, address, relation.id, lock=lock)
    if pending is not None and pending.state_at(now) is not InvitationState.EXPIRED:
        raise AlreadyPending(pending.id)
    return pending


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
