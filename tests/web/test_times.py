"""Moments in lists: short, and never in doubt about the zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from domain.vocabulary import Language
from starter.web.times import short_time

HELSINKI = ZoneInfo("Europe/Helsinki")
EXPECTED = {
    Language.SWEDISH: "22.11.2026 kl. 7.53",
    Language.FINNISH: "22.11.2026 klo 7.53",
    Language.ENGLISH: "22 Nov 2026, 07:53",
}


def shown(moment: str, language: Language = Language.SWEDISH, zone: str = "Europe/Helsinki") -> str:
    text = short_time(datetime.fromisoformat(moment), language, ZoneInfo(zone), HELSINKI)
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("language", Language)
def test_in_each_language(language: Language) -> None:
    assert shown("2026-11-22T05:53Z", language) == EXPECTED[language]


def test_the_offset_is_said_where_one_could_be_mistaken() -> None:
    assert shown("2026-11-22T05:53Z", zone="Europe/Tallinn") == "22.11.2026 kl. 7.53"
    assert shown("2026-11-22T05:53Z", zone="Europe/Stockholm") == "22.11.2026 kl. 6.53 (UTC+01:00)"
    # The hour that comes twice.
    assert shown("2026-10-25T00:30Z") == "25.10.2026 kl. 3.30 (UTC+03:00)"
    assert shown("2026-10-25T01:30Z") == "25.10.2026 kl. 3.30 (UTC+02:00)"


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        shown("2026-11-22T05:53")
