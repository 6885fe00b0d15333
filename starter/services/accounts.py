"""A user's own details (spec 3.7, 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm.exc import StaleDataError

from domain import passwords, text
from domain.codes import Code, Refused
from domain.person_name import is_own_first_name, is_own_last_name
from domain.vocabulary import AccountLinkPurpose, Language
from runtime.passwords import hash_password
from starter.services import account_links, own_password
from starter.services.context import Services
from starter.services.processes import deliver_owed
from starter.services.refusals import FieldChecks
from store import account_links as links_store
from store import audit, identifications, sessions
from store.audit import Actor, Event
from store.sessions import Session
from store.users import User


@dataclass(frozen=True)
class Changes:
    """What to change; None leaves a thing as it is."""

    first_name: str | None = None
    last_name: str | None = None
    language: Language | None = None
    name_suggestion_allowed: bool | None = None


async def change(services: Services, user_id: UUID, changes: Changes, *, revision: int) -> User:
    """Changes the details that were seen in this revision.

    Raises FieldsRefused; Refused(`user.changed_meanwhile`) when they have another revision by now.
    """
    checks = FieldChecks()
    new: dict[str, object] = {
        name: checks.value(f"/{name}", text.checked_name, given)
        for name in ("first_name", "last_name")
        if (given := getattr(changes, name)) is not None
    }
    await _refuse_foreign_names(services, checks, user_id, new)
    checks.done()
    for name in ("language", "name_suggestion_allowed"):
        if (given := getattr(changes, name)) is not None:
            new[name] = given
    try:
        async with services.database.transaction() as session:
            user = await session.get_one(User, user_id)
            if user.revision != revision:
                raise Refused(Code.USER_CHANGED_MEANWHILE)
            changed = [name for name, value in new.items() if getattr(user, name) != value]
            for name in changed:
                setattr(user, name, new[name])
            if changed:
                audit.record(
                    session,
                    Event.USER_CHANGED,
                    at=services.clock(),
                    actor=Actor.USER,
                    actor_id=user.id,
                    subject_id=user.id,
                    fields=" ".join(changed),
                )
    except StaleDataError:
        raise Refused(Code.USER_CHANGED_MEANWHILE) from None
    return user


async def change_password(services: Services, session: Session, current: str, new: str) -> None:
    """Sets a new password; this session goes on, all others and all links end. An e-mail tells of it.

    Raises FieldsRefused (`/current_password`, `/password`), Refused(`session.expired`), TooMany.
    """
    checks = FieldChecks()
    if not await own_password.is_right(services, session, current):
        checks.refuse("/current_password", Code.PASSWORD_WRONG)
    checks.refuse("/password", passwords.refusal(new, about=account_links.own_words(session.user)))
    checks.done()
    password_hash, now = await hash_password(new), services.clock()
    async with services.database.transaction() as writing:
        user = await own_password.locked_user(writing, session, "/current_password")
        user.password_hash = password_hash
        await sessions.end_all(writing, user.id, now, services.settings.sessions.idle, but=session.id)
        links = await links_store.open_of(writing, user.id)
        links_store.replace(writing, links, now)
        told = account_links.begin(services, writing, AccountLinkPurpose.PASSWORD_CHANGE, user)
        links_store.record(writing, told, Event.USER_PASSWORD_CHANGED, at=now, actor=Actor.USER, by=user.id)
    await deliver_owed(services, told.id)


async def _refuse_foreign_names(
    services: Services, checks: FieldChecks, user_id: UUID, new: Mapping[str, object]
) -> None:
    """Who has identified strongly goes by his own name; one that he has already may stay."""
    async with services.database.reading() as session:
        identity = await identifications.identity_of(session, user_id)
        user = await session.get_one(User, user_id)
    if identity is None:
        return
    for name, is_own, verified in (
        ("first_name", is_own_first_name, identity.first_name),
        ("last_name", is_own_last_name, identity.last_name),
    ):
        given = new.get(name)
        if isinstance(given, str) and given != getattr(user, name) and not is_own(given, verified):
            checks.refuse(f"/{name}", Code.NAME_NOT_VERIFIED)
