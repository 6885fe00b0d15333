"""Identifying strongly, with bank codes or a mobile certificate (spec 3.2, 3.7 and 5).

Somebody goes to the bank and comes back. Only who began may come back, once, and in time; the bank's word
then goes where it was asked for: to a registration, or to the user who is logged in.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from domain.codes import Code, Refused
from domain.vocabulary import IdentificationPurpose, Language
from runtime.identification_means import IdentificationMeans
from runtime.keys import new_token, token_hash
from runtime.settings import Settings
from starter.identification.provider import (
    AuthorizationRequest,
    Callback,
    IdentityProvider,
    refusal_of,
)
from starter.services import identified, throttle
from starter.services.context import Services
from starter.services.processes import deliver_owed
from starter.services.refusals import TooMany
from store import audit, identifications
from store.audit import Actor, Event
from store.identifications import Identification
from store.registrations import Registration
from store.sessions import Session

# From leaving for the bank to coming back.
_LIFETIME = timedelta(minutes=15)
_HOUR = timedelta(hours=1)
_EVENTS_EACH = 3
# The longest `state`, `code` or `iss` that is looked at.
_LONGEST = 2000


@dataclass(frozen=True)
class Begun:
    """Where the person's browser goes now, and until when he may come back."""

    authorization_url: str
    expires_at: datetime


@dataclass(frozen=True)
class Answer:
    """What came back through the browser. `holders`: the secrets that it has, of registration and session."""

    state: str
    code: str
    error: str
    issuer: str | None
    holders: Collection[str]


@dataclass(frozen=True)
class Returned:
    """Somebody came back: what he went for, where he goes on, and why it did not work, if it did not."""

    purpose: IdentificationPurpose
    return_to: str
    registration_id: UUID | None
    refusal: Code | None


def offered(services: Services) -> Sequence[IdentificationMeans]:
    """The means of identification to choose from, in their configured order; none when it is not set up."""
    return [] if services.identity_provider is None else services.settings.identification.means


def callback_address(settings: Settings) -> str:
    """Where the broker sends people back to: a page of ours."""
    return f"{settings.origin_url}/identification/callback"


async def begin_for_registration(
    services: Services,
    registration: Registration,
    secret: str,
    means_id: str,
    *,
    session: Session | None = None,
    redirect_uri: str | None = None,
    return_to: str = "/",
) -> Begun:
    """Sends somebody who registers to identify. `secret` is the registration's; `session`: of whoever adds
    a customer to his user.

    Raises Refused: `registration.<end>`, `not_found` (means), `field.invalid` (redirect address),
    `identification.unavailable`.
    """
    identified.refuse_when_over(registration, services.clock())
    begun = _new(services, IdentificationPurpose.REGISTRATION, secret, redirect_uri, return_to)
    begun.registration_id = registration.id
    # Somebody else's session learns nothing from it.
    if session is not None and session.user_id == registration.user_id:
        begun.session_id = session.id
    return await _begin(services, begun, means_id, registration.language)


async def begin_for_session(
    services: Services,
    session: Session,
    token: str,
    means_id: str,
    language: Language,
    *,
    redirect_uri: str | None = None,
    return_to: str = "/",
) -> Begun:
    """Sends somebody who is logged in to identify. `token` is his session's.

    Raises Refused: `not_found` (means), `field.invalid` (redirect address), `identification.unavailable`.
    """
    begun = _new(services, IdentificationPurpose.ACT, token, redirect_uri, return_to)
    begun.session_id = session.id
    return await _begin(services, begun, means_id, language)


def _new(
    services: Services,
    purpose: IdentificationPurpose,
    secret: str,
    redirect_uri: str | None,
    return_to: str,
) -> Identification:
    own = callback_address(services.settings)
    if redirect_uri not in {None, own} and not services.settings.identification.allows_redirect(
        redirect_uri or ""
    ):
        raise Refused(Code.FIELD_INVALID)
    now = services.clock()
    return Identification(
        id=uuid4(),
        purpose=purpose,
        holder_hash=token_hash(secret),
        redirect_uri=redirect_uri or own,
        return_to=return_to,
        created_at=now,
        expires_at=now + _LIFETIME,
    )


async def _begin(services: Services, begun: Identification, means_id: str, language: Language) -> Begun:
    state = new_token()
    begun.state_hash = token_hash(state)
    await throttle.hit(
        services,
        "identification",
        begun.holder_hash,
        limit=services.settings.registration_limits.identifications_per_holder_and_hour,
        window=_HOUR,
        code=Code.REQUEST_TOO_MANY,
    )
    url = await _provider(services).authorization_url(
        AuthorizationRequest(
            means_id=means_id,
            state=state,
            nonce=services.keys.identification_secret("nonce", begun.id),
            code_verifier=services.keys.identification_secret("verifier", begun.id),
            redirect_uri=begun.redirect_uri,
            language=language,
        )
    )
    async with services.database.transaction() as session:
        session.add(begun)
    return Begun(url, begun.expires_at)


def _provider(services: Services) -> IdentityProvider:
    if services.identity_provider is None:
        raise Refused(Code.IDENTIFICATION_UNAVAILABLE)
    return services.identity_provider


async def complete(services: Services, answer: Answer) -> Returned:
    """Takes the bank's answer to where it was asked for.

    Raises Refused(`identification.failed`) for an answer to nothing that this browser asked: a forged,
    foreign, repeated or late one. Every other refusal is in what is returned.
    """
    asked = await _claim(services, answer)
    refusal: Code | None
    try:
        if answer.error or not answer.code:
            raise Refused(refusal_of(answer.error))
        await _take(services, asked, answer)
    except Refused as refused:
        refusal = refused.code
        await _record_refusal(services, asked, refusal)
    else:
        refusal = None
    if asked.registration_id is not None:
        # A refusal, too, may have ended it.
        await deliver_owed(services, asked.registration_id)
    return Returned(asked.purpose, asked.return_to, asked.registration_id, refusal)


async def _claim(services: Services, answer: Answer) -> Identification:
    """The identification that this is the first answer to."""
    now = services.clock()
    if any(len(each) > _LONGEST for each in (answer.state, answer.code, answer.error, answer.issuer or "")):
        raise Refused(Code.IDENTIFICATION_FAILED)
    async with services.database.transaction() as session:
        asked = await identifications.by_state_hash(session, token_hash(answer.state))
        if asked is None:
            raise Refused(Code.IDENTIFICATION_FAILED)
        is_ours = asked.holder_hash in {token_hash(each) for each in answer.holders}
        is_good = is_ours and asked.used_at is None and now < asked.expires_at
        if is_good:
            asked.used_at = now
    if not is_good:
        await _record_foreign(services, asked)
        raise Refused(Code.IDENTIFICATION_FAILED)
    return asked


async def _take(services: Services, asked: Identification, answer: Answer) -> None:
    identity = await _provider(services).identity(
        Callback(
            code=answer.code,
            issuer=answer.issuer,
            nonce=services.keys.identification_secret("nonce", asked.id),
            code_verifier=services.keys.identification_secret("verifier", asked.id),
            redirect_uri=asked.redirect_uri,
            started_at=asked.created_at,
        )
    )
    if asked.registration_id is not None:
        await identified.for_registration(services, asked.registration_id, asked.session_id, identity)
    elif asked.session_id is not None:
        await identified.for_session(services, asked.session_id, identity)


async def _record_foreign(services: Services, asked: Identification) -> None:
    """Leaves an event of a foreign, repeated or late answer; of many to the same question, the first few."""
    with suppress(TooMany):
        await throttle.hit(
            services,
            "identification-answer",
            str(asked.id),
            limit=_EVENTS_EACH,
            window=_LIFETIME,
            code=Code.REQUEST_TOO_MANY,
        )
        await _record_refusal(services, asked, Code.IDENTIFICATION_FAILED)


async def _record_refusal(services: Services, asked: Identification, code: Code) -> None:
    async with services.database.transaction() as session:
        audit.record(
            session,
            Event.IDENTIFICATION_REFUSED,
            at=services.clock(),
            actor=Actor.USER,
            subject_id=asked.id,
            process_id=asked.registration_id,
            code=code.value,
        )


async def is_stale(services: Services, session: Session) -> bool:
    """Whether its user has a strong identity, and has not used it in this session lately (spec 3.7)."""
    since = services.clock() - services.settings.sessions.identification_fresh
    if session.identified_at is not None and session.identified_at > since:
        return False
    async with services.database.reading() as reading:
        return await identifications.identity_of(reading, session.user_id) is not None


async def require_fresh(services: Services, session: Session) -> None:
    """Raises Refused(`identification.stale`) when it is stale."""
    if await is_stale(services, session):
        raise Refused(Code.IDENTIFICATION_STALE)
