"""What somebody types when he registers a customer: checked, all of it at once (spec 3.2, step 3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain import email_address, passwords, text, usernames
from domain.business_id import checked_business_id
from domain.codes import Code, Refused
from domain.customer_number import checked_customer_number
from domain.person_name import is_own_first_name, is_own_last_name
from domain.vocabulary import CustomerKind
from runtime.passwords import hash_password
from starter.services import throttle
from starter.services.context import Services
from starter.services.refusals import FieldChecks
from store import users
from store.registrations import Registration

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Typed:
    """The details, as they were typed. A company's are for a company, a user's for somebody who has none.

    An empty password keeps the one that was chosen before.
    """

    company_name: str = ""
    business_id: str = ""
    customer_number: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    username: str = ""
    password: str = ""
    terms_version: str = ""
    declared_accurate: bool = False
    declared_right_to_see: bool = False


@dataclass(frozen=True)
class Details:
    """The details as they are kept, and the hash of a password that was chosen now."""

    kept: dict[str, str]
    password_hash: str | None


async def checked(services: Services, registration: Registration, typed: Typed) -> Details:
    """The details, normalised. Raises FieldsRefused, which names everything that is wrong."""
    checks = FieldChecks()
    kept: dict[str, str] = {}
    if registration.kind is CustomerKind.COMPANY:
        kept |= _company(checks, typed)
    if registration.makes_user:
        kept |= _user(checks, registration, typed)
    if not typed.declared_accurate:
        checks.refuse("/declared_accurate", Code.DECLARATION_MISSING)
    if registration.kind is CustomerKind.COMPANY and not typed.declared_right_to_see:
        checks.refuse("/declared_right_to_see", Code.DECLARATION_MISSING)
    if typed.terms_version != services.settings.retailer.terms_version:
        checks.refuse("/terms_version", Code.TERMS_OUTDATED)
    checks.done()
    if registration.makes_user:
        await _refuse_taken(services, checks, registration, kept["username"])
        checks.done()
    return Details(kept, await hash_password(typed.password) if typed.password else None)


def _company(checks: FieldChecks, typed: Typed) -> dict[str, str]:
    return _each(
        checks,
        typed,
        {
            "company_name": text.checked_organisation_name,
            "business_id": checked_business_id,
            "customer_number": checked_customer_number,
        },
    )


def _user(checks: FieldChecks, registration: Registration, typed: Typed) -> dict[str, str]:
    kept = _each(
        checks,
        typed,
        {
            "first_name": text.checked_name,
            "last_name": text.checked_name,
            "email": email_address.checked,
            "username": lambda given: usernames.checked(given, own_email=typed.email),
        },
    )
    for name, is_own, verified in (
        ("first_name", is_own_first_name, registration.verified_first_name),
        ("last_name", is_own_last_name, registration.verified_last_name),
    ):
        if kept[name].strip() and not is_own(kept[name], verified):
            checks.refuse(f"/{name}", Code.NAME_NOT_VERIFIED)
    if typed.password or registration.password_hash is None:
        checks.refuse("/password", passwords.refusal(typed.password, about=tuple(kept.values())))
    return kept


async def _refuse_taken(
    services: Services, checks: FieldChecks, registration: Registration, username: str
) -> None:
    """Says that a word is somebody's username, when all else is right and so many times a day.

    Of an address it is not said before it has been confirmed: who is a user would be told by that (case A23).
    """
    if "@" in username:
        return
    await throttle.hit(
        services,
        "registration-username",
        registration.identity_index or "",
        limit=services.settings.registration_limits.usernames_per_person_and_day,
        window=_DAY,
        code=Code.REQUEST_TOO_MANY,
    )
    async with services.database.reading() as session:
        if await users.by_username(session, username) is not None:
            checks.refuse("/username", Code.USER_USERNAME_TAKEN)


def _each(checks: FieldChecks, typed: Typed, rules: dict[str, Callable[[str], str]]) -> dict[str, str]:
    kept = {}
    for name, rule in rules.items():
        given: str = getattr(typed, name)
        kept[name] = checks.value(f"/{name}", rule if given.strip() else _required, given)
    return kept


def _required(_: str) -> str:
    raise Refused(Code.FIELD_REQUIRED)
