"""May this user do this, here? For the retailer's other e-services (spec section 4, authorization-checks).

The answer is the policy's own, read from the database at that moment. Nothing remembers it: what was removed
is gone for the very next check. Temporal is not asked.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.codes import Code, Refused
from domain.roles import EXISTING_LEVELS
from domain.vocabulary import Level, Subpage
from runtime.service_credentials import is_known
from starter.services.context import Services
from starter.services.refusals import FieldError, FieldsRefused, TooMany
from store import audit, limits, policy
from store.audit import Actor, Event

_NOBODY = "unknown"


@dataclass(frozen=True)
class Checked:
    """An answer: the level that is held on the subpage, whether it is enough, and at which moment."""

    allowed: bool
    held: Level
    checked_at: datetime


async def require_service(services: Services, *, name: str, secret: str, source: str) -> str:
    """The name of the service that has this secret. `source` is the client's address.

    A right secret costs no look at the database, so failures from the same source do not stop it either: it
    is too long to be guessed. Raises Refused(`service.bad_credentials`), the same for an unknown name and a
    wrong secret; TooMany(`request.too_many`) when they have failed too often from this source.
    """
    credentials = services.settings.service_credentials
    if is_known(credentials, name, secret):
        return name
    known_name = name if any(each.name == name for each in credentials) else _NOBODY
    _count(services, known_name, "refused")
    await _record_failure(services, known_name, source)
    raise Refused(Code.SERVICE_BAD_CREDENTIALS)


async def _record_failure(services: Services, service: str, source: str) -> None:
    """Counts a failure; of each flood the audit keeps the first one alone. Raises TooMany."""
    rules, now = services.settings.sessions, services.clock()
    key = services.keys.counter_key("service-credentials", source)
    async with services.database.transaction() as session:
        failures, ends_at = await limits.count(session, key, now, rules.failure_window)
        if failures == 1:
            audit.record(session, Event.SERVICE_REFUSED, at=now, actor=Actor.SERVICE, service=service)
    if failures > rules.failures_of_source:
        raise TooMany(Code.REQUEST_TOO_MANY, ends_at - now)


async def check(
    services: Services, service: str, *, user_id: UUID, relation_id: UUID, subpage: Subpage, level: Level
) -> Checked:
    """Whether a user may do `level` on a subpage of a relation now; `service` is who asks.

    Whoever or whatever does not exist is held nothing. Raises FieldsRefused for a level that the subpage
    does not have, and for `none`, which nobody needs to ask for.
    """
    if level is Level.NONE or level not in EXISTING_LEVELS[subpage]:
        raise FieldsRefused([FieldError("/level", Code.AUTHORIZATION_LEVEL_UNKNOWN)])
    now = services.clock()
    async with services.database.reading() as session:
        held = (await policy.levels(session, user_id, relation_id, now))[subpage]
    allowed = held.rank >= level.rank
    _count(services, service, "allowed" if allowed else "denied")
    return Checked(allowed=allowed, held=held, checked_at=now)


def _count(services: Services, service: str, outcome: str) -> None:
    """By configured names alone: what somebody else types as a name would be a label without end."""
    services.meter.create_counter(
        "fullmakt_authorization_checks", "Authorization checks by service and outcome"
    ).add(1, {"service": service, "outcome": outcome})
