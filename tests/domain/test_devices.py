"""Browsers in coarse words (spec 3.7, sessions)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import described

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"{_WINDOWS} {_CHROME}", "Chrome, Windows"),
        (f"{_WINDOWS} {_CHROME} Edg/142.0.0.0", "Edge, Windows"),
        (f"{_WINDOWS} {_CHROME} OPR/120.0.0.0", "Opera, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        (f"{_IPHONE} CriOS/142.0 Mobile/15E148 Safari/604.1", "Chrome, iPhone"),
        (f"{_IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15", "Firefox, iPhone"),
        (f"{_ANDROID} {_CHROME}", "Chrome, Android"),
        (
            f"{_ANDROID} AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Safari/537.36",
            "Samsung Internet, Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/18.5 Safari/605.1.15",
            "Safari, macOS",
        ),
        (f"Mozilla/5.0 (X11; CrOS x86_64 16181.0.0) {_CHROME}", "Chrome, ChromeOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0.0.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (compatible; Windows NT 10.0)", "Windows"),
        ("curl/8.5.0", ""),
        ("", ""),
        (f"Firefox/140.0 Windows {'x' * 500}", ""),
    ],
)
def test_browsers(user_agent: str, words: str) -> None:
    assert described(user_agent) == words


@given(st.text(max_size=600))
def test_nothing_of_the_header_itself(user_agent: str) -> None:
    """Short enough for its column, and our own words alone."""
    words = described(user_agent)
    assert len(words) <= 60
    assert words.isascii()
