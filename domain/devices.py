"""What a browser says of itself, in coarse words: enough for a person to know his own devices again."""

import re
from collections.abc import Mapping
from types import MappingProxyType

# What only one of them says comes before what others say, too: nearly all claim to be Chrome or Safari.
_BROWSERS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "Edge": re.compile(r"\bEdg(?:e|A|iOS)?/"),
        "Opera": re.compile(r"\b(?:OPR|OPT|Opera)/"),
        "Samsung Internet": re.compile(r"\bSamsungBrowser/"),
        "Firefox": re.compile(r"\b(?:Firefox|FxiOS)/"),
        "Chrome": re.compile(r"(?:\bHeadless|\b)(?:Chrome|CriOS)/"),
        "Safari": re.compile(r"\bVersion/\S+ .*\bSafari/"),
    }
)
_SYSTEMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "iPhone": re.compile(r"\biPhone\b"),
        "iPad": re.compile(r"\biPad\b"),
        "Android": re.compile(r"\bAndroid\b"),
        "Windows": re.compile(r"\bWindows\b"),
        "ChromeOS": re.compile(r"\bCrOS\b"),
        "macOS": re.compile(r"\bMac(?:intosh| OS X)\b"),
        "Linux": re.compile(r"\bLinux\b"),
    }
)
# Longer ones are not looked at: no browser sends them.
_LONGEST = 500


def described(user_agent: str) -> str:
    """Browser and system of a User-Agent header (RFC 9110, 10.1.5), "Firefox, Windows"; "" when unknown.

    Holds our own words alone, nothing that the header says.
    """
    if len(user_agent) > _LONGEST:
        return ""
    found = (_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))
    return ", ".join(each for each in found if each is not None)


def _first(kinds: Mapping[str, re.Pattern[str]], user_agent: str) -> str | None:
    return next((name for name, pattern in kinds.items() if pattern.search(user_agent)), None)
