"""Counting what must not happen too often; a counter commits even when what it counts is refused."""

from datetime import timedelta

from domain.codes import Code
from starter.services.context import Services
from starter.services.refusals import TooMany
from store import limits

_MINUTE = timedelta(minutes=1)


async def hit(services: Services, what: str, *parts: str, limit: int, window: timedelta, code: Code) -> None:
    """Counts one more of `what` for `parts`. Raises TooMany beyond `limit` in a window."""
    key, now = services.keys.counter_key(what, *parts), services.clock()
    async with services.database.transaction() as session:
        value, ends_at = await limits.count(session, key, now, window)
    if value > limit:
        raise TooMany(code, ends_at - now)


async def look_up(services: Services, source: str) -> None:
    """Counts one more try of a link's token from a client's address. Raises TooMany."""
    await hit(
        services,
        "lookup",
        source,
        limit=services.settings.limits.lookups_per_source_and_minute,
        window=_MINUTE,
        code=Code.REQUEST_TOO_MANY,
    )
