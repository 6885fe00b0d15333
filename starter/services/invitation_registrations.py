"""Becoming a user through an invitation (spec 3.1, step 3), and what its link shows before."""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from domain import ids, passwords, text, usernames
from domain.codes import Code, Refused
from domain.invitations import BeginRegistration, RegistrationBegun
from domain.vocabulary import Language, ProcessKind
from runtime.keys import token_hash
from runtime.passwords import hash_password
from starter.services import throttle
from starter.services.answers import code_of_end
from starter.services.context import Services
from starter.services.processes import ProcessFinished, deliver_owed, update
from starter.services.refusals import FieldChecks, OutcomeUnknown
from store import audit, invitations, users
from store.audit import Actor, Event
from store.invitations import Invitation
from store.users import User


@dataclass(frozen=True)
class Registration:
    """What a new person types. The e-mail is the invitation's: its token has confirmed it."""

    first_name: str
    last_name: str
    username: str
    password: str
    language: Language
    terms_version: str
    declared_accurate: bool


@dataclass(frozen=True)
class Located:
    """What an invitation's token leads to."""

    invitation: Invitation
    recipient_is_registered: bool


async def look_up(services: Services, token: str, source: str) -> Located:
    """The invitation of a token. `source` is the client's address; it is slowed down, nobody else.

    Raises Refused(`not_found`) and TooMany.
    """
    await throttle.look_up(services, source)
    async with services.database.reading() as session:
        invitation = await invitations.by_token_hash(session, token_hash(token))
        if invitation is None:
            raise Refused(Code.NOT_FOUND)
        known = None if invitation.purged_at else await users.by_email(session, invitation.email)
        return Located(invitation, recipient_is_registered=known is not None)


async def register(services: Services, token: str, registration: Registration, source: str) -> User:
    """Makes the user. Who posts before the deadline has an hour more to accept.

    Raises Refused: `not_found`, `invitation.<end>`, `user.exists` (log in instead); FieldsRefused; TooMany;
    OutcomeUnknown, then nothing was made.
    """
    located = await look_up(services, token, source)
    invitation = located.invitation
    _refuse_when_over(services, invitation)
    if located.recipient_is_registered:
        raise Refused(Code.USER_EXISTS)
    registration = await _checked(services, invitation, registration)
    await _begin(services, invitation)
    return await _make(services, invitation, registration)


def _refuse_when_over(services: Services, invitation: Invitation) -> None:
    state = invitation.state_at(services.clock())
    if not state.is_open:
        raise Refused(code_of_end(state))


async def _checked(services: Services, invitation: Invitation, registration: Registration) -> Registration:
    checks = FieldChecks()
    first_name = checks.value("/first_name", text.checked_name, registration.first_name)
    last_name = checks.value("/last_name", text.checked_name, registration.last_name)
    username = checks.value(
        "/username",
        lambda given: usernames.checked(given, own_email=invitation.email),
        registration.username,
    )
    about = (username, first_name, last_name, invitation.email)
    checks.refuse("/password", passwords.refusal(registration.password, about=about))
    if registration.terms_version != services.settings.retailer.terms_version:
        checks.refuse("/terms_version", Code.TERMS_OUTDATED)
    if not registration.declared_accurate:
        checks.refuse("/declared_accurate", Code.DECLARATION_MISSING)
    async with services.database.reading() as session:
        if await users.by_username(session, username) is not None:
            checks.refuse("/username", Code.USER_USERNAME_TAKEN)
    checks.done()
    return Registration(
        first_name=first_name,
        last_name=last_name,
        username=username,
        password=registration.password,
        language=registration.language,
        terms_version=registration.terms_version,
        declared_accurate=True,
    )


async def _begin(services: Services, invitation: Invitation) -> None:
    """Tells the process, which decides whether it is in time."""
    for may_be_unstarted in (True, False):
        try:
            await _tell_process(services, invitation)
        except ProcessFinished:
            if may_be_unstarted:
                await deliver_owed(services, invitation.id)
        except OutcomeUnknown:
            raise
        except Refused:
            break
        else:
            return
    async with services.database.reading() as session:
        stands = await session.get_one(Invitation, invitation.id)
    _refuse_when_over(services, stands)
    raise OutcomeUnknown


async def _tell_process(services: Services, invitation: Invitation) -> None:
    await update(
        services,
        ProcessKind.INVITATION,
        invitation.id,
        "begin_registration",
        BeginRegistration(),
        update_id=ids.update_id("register", invitation.id, str(uuid4())),
        reply=RegistrationBegun,
    )


async def _make(services: Services, invitation: Invitation, registration: Registration) -> User:
    password_hash = await hash_password(registration.password)
    now = services.clock()
    user = User(
        username=registration.username,
        username_normalised=usernames.normalised(registration.username),
        password_hash=password_hash,
        first_name=registration.first_name,
        last_name=registration.last_name,
        email=invitation.email,
        email_normalised=invitation.email_normalised,
        language=registration.language,
        name_suggestion_allowed=False,
        terms_version=registration.terms_version,
        terms_accepted_at=now,
        created_at=now,
    )
    try:
        async with services.database.transaction() as session:
            session.add(user)
            await session.flush()
            audit.record(
                session,
                Event.USER_REGISTERED,
                at=now,
                actor=Actor.USER,
                actor_id=user.id,
                subject_id=user.id,
                process_id=invitation.id,
                terms_version=registration.terms_version,
            )
    except IntegrityError:
        await _refuse_taken(services, invitation)
    return user


async def _refuse_taken(services: Services, invitation: Invitation) -> None:
    """Somebody took the address or the username at this very moment."""
    async with services.database.reading() as session:
        if await users.by_email(session, invitation.email) is not None:
            raise Refused(Code.USER_EXISTS)
    checks = FieldChecks()
    checks.refuse("/username", Code.USER_USERNAME_TAKEN)
    checks.done()
