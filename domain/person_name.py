"""Whether a name that somebody types is his own, as strong identification gave it."""

import unicodedata


def is_own_first_name(typed: str, verified: str) -> bool:
    """Whether it is one or more of the verified first names: people use one of theirs."""
    words = _words(typed)
    return bool(words) and words <= _words(verified)


def is_own_last_name(typed: str, verified: str) -> bool:
    """Whether it is the verified last name, however it is hyphenated or capitalised."""
    return _words(typed) == _words(verified)


def _words(name: str) -> set[str]:
    return set(unicodedata.normalize("NFKC", name).casefold().replace("-", " ").split())
