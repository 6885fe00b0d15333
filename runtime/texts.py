"""The one access to translated text: e-mails, API problem messages, pages (spec sections 2 and 7).

Texts are written in English in the sources and translated in `locale/<language>/LC_MESSAGES/fullmakt.po`.
The catalogues are compiled in memory at first use, so there are no binary files to forget to rebuild;
`runtime.catalogues` keeps them in step with the sources.
"""

import re
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from domain.vocabulary import Language

DOMAIN = "fullmakt"


def N_(text: str) -> str:  # noqa: N802 - the name that every extraction tool knows
    """Mark `text` for translation where it is defined; it is translated where it is shown."""
    return text


_MOMENT_PATTERNS = {
    Language.SWEDISH: "EEEE'en den' d MMMM y 'kl.' H.mm",  # söndagen den 29 november 2026 kl. 14.05
    Language.FINNISH: "cccc'na' d. MMMM y 'klo' H.mm",  # sunnuntaina 29. marraskuuta 2026 klo 14.05
    Language.ENGLISH: "EEEE d MMMM y 'at' HH:mm",  # Sunday 29 November 2026 at 14:05
}
_FINNISH_TIME = N_("Finnish time")
_FINNISH_ZONES = frozenset({"Europe/Helsinki", "Europe/Mariehamn"})

_LANGUAGE_RANGE = re.compile(r"([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def project_root() -> Path:
    """The folder that holds the packages, `templates/` and `locale/`: a checkout, or site-packages."""
    return Path(__file__).resolve().parent.parent


def catalogue_path(language: Language) -> Path:
    """Where the translations into `language` are kept."""
    return project_root() / "locale" / language.value / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations(language: Language) -> Translations:
    """The catalogue of `language`, read once and shared. Raises `OSError` if its file is missing."""
    with catalogue_path(language).open("rb") as source:
        catalogue = read_po(source, locale=language.value, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


def translate(language: Language, msgid: str, /, **values: object) -> str:
    """The translation of `msgid`, with its placeholders `%(name)s` filled in from `values`.

    Values are inserted as they are and never read as format strings themselves. Without values nothing
    is formatted, so a plain text may hold a percent sign. Raises `KeyError` for a missing value.
    """
    text = translations(language).gettext(msgid)
    return text % values if values else text


def absolute_time(moment: datetime, language: Language, zone: ZoneInfo) -> str:
    """`moment` as a person reads it, in `zone`, which is always named.

    The words fit a sentence after "senast", "viimeistään" or "at the latest on". In the hour that is
    repeated when summer time ends, the offset is added so that the text still means one moment.
    Raises `ValueError` for a moment without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    local = moment.astimezone(UTC).astimezone(zone)
    locale = "en_GB" if language is Language.ENGLISH else language.value
    text = format_datetime(local, _MOMENT_PATTERNS[language], locale=locale)
    offset = format_datetime(local, "'UTC'xxx", locale="en_GB")
    if zone.key not in _FINNISH_ZONES:
        return f"{text} ({offset})"
    named = f"{text} {translate(language, _FINNISH_TIME)}"
    is_repeated = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{named} ({offset})" if is_repeated else named


def preferred_language(header: str | None, default: Language) -> Language:
    """The language that an `Accept-Language` header (RFC 9110, 12.5.4) likes best; never raises.

    Regions are ignored (`sv-FI` is Swedish), equal weights keep the header's order, `*` means `default`,
    weight 0 means "not this one". Malformed parts are skipped; nothing usable means `default`.
    """
    weights: dict[Language, float] = {}
    for part in (header or "").split(","):
        name, _, parameter = (piece.strip(" \t") for piece in part.partition(";"))
        tag = _LANGUAGE_RANGE.fullmatch(name)
        quality = _QUALITY.fullmatch(parameter or "q=1")
        if tag is None or quality is None:
            continue
        language = _language_of(tag[1], default)
        if language is not None:
            weights.setdefault(language, float(quality[1]))
    best = max(weights, key=weights.__getitem__, default=default)
    return best if weights.get(best, 0) > 0 else default


def _language_of(primary: str, default: Language) -> Language | None:
    if primary == "*":
        return default
    return next((language for language in Language if language.value == primary.lower()), None)
