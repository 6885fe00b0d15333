"""Moments in lists, where there is no room for `runtime.texts.absolute_time`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from domain.vocabulary import Language

_PATTERNS: Mapping[Language, str] = MappingProxyType(
    {  # with spaces at which no line is broken
        Language.SWEDISH: "d.M.y 'kl.'\N{NO-BREAK SPACE}H.mm",  # 22.11.2026 kl. 7.53
        Language.FINNISH: "d.M.y 'klo'\N{NO-BREAK SPACE}H.mm",  # 22.11.2026 klo 7.53
        Language.ENGLISH: "d\N{NO-BREAK SPACE}MMM\N{NO-BREAK SPACE}y, HH:mm",  # 22 Nov 2026, 07:53
    }
)
_OFFSET = "'UTC'xxx"


def short_time(moment: datetime, language: Language, zone: ZoneInfo, home: ZoneInfo) -> str:
    """`moment` as a person in `zone` reads it in a list.

    The offset is added where clocks differ from those at `home`, the retailer's zone, and in the hour that is
    repeated when summer time ends. Raises `ValueError` for a moment without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    local = moment.astimezone(UTC).astimezone(zone)
    locale = "en_GB" if language is Language.ENGLISH else language.value
    text = format_datetime(local, _PATTERNS[language], locale=locale)
    is_elsewhere = local.utcoffset() != moment.astimezone(home).utcoffset()
    is_repeated = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    if is_elsewhere or is_repeated:
        return f"{text} ({format_datetime(local, _OFFSET, locale='en_GB')})"
    return text
