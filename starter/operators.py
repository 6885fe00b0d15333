"""What operators do by command: users made, first authorizations granted, any ended (spec section 2).

Each is one transaction with its audit event. Everything else people do themselves, through the API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import email_address, passwords, text, usernames
from domain.authorization_changes import AuthorizationChangeWaits
from domain.codes import Code, Refused
from domain.roles import FIRST_ROLE, ROLE_LEVELS
from domain.vocabulary import (
    Commodity,
    CustomerKind,
    GrantedThrough,
    Language,
    Role,
)
from runtime.passwords import hash_password
from store import audit, authorization_acts, authorizations, customers, users
from store.audit import Actor, Event
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.database import Database
from store.users import User

_FIRST_GRANTED_THROUGH: Mapping[CustomerKind, GrantedThrough] = MappingProxyType(
    {
        CustomerKind.PRIVATE: GrantedThrough.CONTRACT,
        CustomerKind.COMPANY: GrantedThrough.CUSTOMER_SERVICE,
    }
)
_WORDS: Mapping[Code, str] = MappingProxyType(
    {
        Code.EMAIL_INVALID: "The e-mail address is not one that mail can be sent to.",
        Code.USERNAME_INVALID: "The username needs 3 to 254 letters, digits or signs (. _ + - @).",
        Code.USERNAME_FOREIGN_ADDRESS: "A username with an @ must be the user's own e-mail address.",
        Code.FIELD_REQUIRED: "First and last name are both needed.",
        Code.FIELD_TOO_LONG: "First and last name have at most 100 characters each.",
        Code.FIELD_NOT_TEXT: "First and last name are one line of plain text each.",
        Code.PASSWORD_TOO_SHORT: "The password needs at least 8 characters.",
        Code.PASSWORD_TOO_LONG: "The password has at most 128 characters.",
        Code.PASSWORD_TOO_FEW_KINDS: "The password needs three of: capital, small letter, digit, special.",
        Code.PASSWORD_COMMON: "The password is too common, or one of the person's own words.",
    }
)


class OperatorError(Exception):
    """The command cannot be done; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Held:
    """An authorization as operators see it."""

    authorization_id: UUID
    username: str
    full_name: str
    customer_number: str
    commodity: Commodity
    role: Role
    granted_through: GrantedThrough
    valid_from: datetime


@dataclass(frozen=True)
class Ended:
    """An ended authorization, and how many open invitations fall with it."""

    held: Held
    falling_invitations: int


async def create_user(
    database: Database,
    *,
    email: str,
    username: str,
    first_name: str,
    last_name: str,
    language: Language,
    password: str,
    now: datetime,
) -> User:
    """Makes a user whose e-mail counts as confirmed. Raises OperatorError."""
    try:
        address = email_address.checked(email)
        name = usernames.checked(username, own_email=address)
        first, last = text.checked_name(first_name), text.checked_name(last_name)
    except Refused as refused:
        raise OperatorError(_WORDS[refused.code]) from None
    refusal = passwords.refusal(password, about=(name, first, last, address))
    if refusal is not None:
        raise OperatorError(_WORDS[refusal])
    user = User(
        id=uuid4(),
        username=name,
        username_normalised=usernames.normalised(name),
        password_hash=await hash_password(password),
        first_name=first,
        last_name=last,
        email=address,
        email_normalised=email_address.normalised(address),
        language=language,
        created_at=now,
    )
    async with database.transaction() as session:
        if await users.by_email(session, address) is not None:
            raise OperatorError("There is a user with this e-mail address already.")
        if await users.by_username(session, name) is not None:
            raise OperatorError("This username is taken.")
        session.add(user)
        await _flush(session, "There is a user with this e-mail address or username already.")
        audit.record(session, Event.USER_CREATED, at=now, actor=Actor.OPERATOR, subject_id=user.id)
    return user


async def grant(
    database: Database,
    *,
    username: str,
    customer_number: str,
    commodity: Commodity,
    role: Role | None = None,
    now: datetime,
) -> Held:
    """Makes a user the owner (private) or an administrator (company) of a relation. Raises OperatorError."""
    async with database.transaction() as session:
        user = await _user(session, username)
        relation = await _locked_relation(session, customer_number, commodity)
        kind = relation.customer.kind
        role = role or FIRST_ROLE[kind]
        if role is not FIRST_ROLE[kind]:
            raise OperatorError(
                f"By command only `{FIRST_ROLE[kind]}` is granted on a {kind} customer's relation;"
                " other roles are given by invitation."
            )
        if relation.ended_at is not None:
            raise OperatorError(
                f"The relation ended on {relation.ended_at.date()}: nothing can be granted on it."
            )
        already = f"{user.username} is {role} of {customer_number}, {commodity}, already."
        held = await authorizations.active_on(session, user.id, relation.id, now)
        if any(each.role is role for each in held):
            raise OperatorError(already)
        authorization = Authorization(
            id=uuid4(),
            user=user,
            relation=relation,
            role=role,
            levels=dict(ROLE_LEVELS[role]),
            valid_from=now,
            granted_through=_FIRST_GRANTED_THROUGH[kind],
        )
        session.add(authorization)
        await _flush(session, already)
        _record(session, Event.AUTHORIZATION_GRANTED, authorization, now)
        return _held(authorization)


async def end(
    database: Database,
    *,
    username: str,
    customer_number: str,
    commodity: Commodity,
    role: Role,
    waits: AuthorizationChangeWaits,
    now: datetime,
) -> Ended:
    """Ends a user's authorization at once; raises OperatorError. He is told by e-mail, as of any removal.

    The user's open invitations that rest on it are told: their processes end them as void.
    """
    async with database.transaction() as session:
        user = await _user(session, username)
        relation = await _locked_relation(session, customer_number, commodity)
        # Also one that is suspended, or has yet to begin.
        authorization = await authorizations.in_role(session, user.id, relation.id, role)
        if authorization is None:
            raise OperatorError(f"{user.username} is not {role} of {customer_number}, {commodity}.")
        change = await authorization_acts.end(
            session, relation, [authorization], actor=None, waits=waits, now=now
        )
        return Ended(_held(authorization), len(change.fallen_invitations))


async def list_authorizations(database: Database, customer_number: str, *, now: datetime) -> Sequence[Held]:
    """Who holds what on a customer's relations. Raises OperatorError for an unknown customer number."""
    async with database.reading() as session:
        customer = await session.scalar(select(Customer).where(Customer.customer_number == customer_number))
        if customer is None:
            raise OperatorError(f"There is no customer {customer_number}.")
        query = select(CustomerRelation.id).where(CustomerRelation.customer_id == customer.id)
        relation_ids = await session.scalars(query.order_by(CustomerRelation.commodity))
        return [
            _held(authorization)
            for relation_id in relation_ids.all()
            for authorization in await authorizations.of_relation(session, relation_id, now)
        ]


async def _user(session: AsyncSession, username: str) -> User:
    user = await users.by_username(session, username)
    if user is None:
        raise OperatorError(f"There is no user {username}.")
    return user


async def _locked_relation(
    session: AsyncSession, customer_number: str, commodity: Commodity
) -> CustomerRelation:
    """The relation; it cannot end, and no other act change it, before this transaction is over."""
    found = await customers.relation_of(session, customer_number, commodity)
    relation = None if found is None else await customers.relation_alone(session, found.id)
    if relation is None:
        raise OperatorError(f"There is no customer {customer_number} with {commodity}.")
    return relation


async def _flush(session: AsyncSession, otherwise: str) -> None:
    """Writes now; says `otherwise` when somebody wrote the same meanwhile."""
    try:
        await session.flush()
    except IntegrityError:
        raise OperatorError(otherwise) from None


def _record(session: AsyncSession, event: Event, authorization: Authorization, now: datetime) -> None:
    audit.record(
        session,
        event,
        at=now,
        actor=Actor.OPERATOR,
        subject_id=authorization.id,
        relation_id=authorization.relation_id,
        role=authorization.role,
    )


def _held(authorization: Authorization) -> Held:
    return Held(
        authorization_id=authorization.id,
        username=authorization.user.username,
        full_name=authorization.user.full_name,
        customer_number=authorization.relation.customer.customer_number,
        commodity=authorization.relation.commodity,
        role=authorization.role,
        granted_through=authorization.granted_through,
        valid_from=authorization.valid_from,
    )
