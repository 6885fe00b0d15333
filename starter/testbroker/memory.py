"""What the broker remembers for a while, in memory: requests, choices, codes, tokens, identifiers seen."""

import secrets
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from runtime.clock import Clock

T = TypeVar("T")

# A test broker serves one machine; beyond that the oldest is forgotten.
_MOST = 1_000


class Expiring(Generic[T]):
    """Things under random keys, each for a limited time."""

    def __init__(self, lifetime: timedelta, clock: Clock) -> None:
        self._lifetime, self._clock = lifetime, clock
        self._kept: dict[str, tuple[datetime, T]] = {}

    def add(self, thing: T) -> str:
        """Keeps it; the key cannot be guessed."""
        key = secrets.token_urlsafe(32)
        self.put(key, thing)
        return key

    def put(self, key: str, thing: T) -> bool:
        """Keeps it under a given key; False when that is taken."""
        now = self._clock()
        if (kept := self._kept.get(key)) is not None and kept[0] > now:
            return False
        self._kept.pop(key, None)
        while self._kept and (len(self._kept) >= _MOST or next(iter(self._kept.values()))[0] <= now):
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = (now + self._lifetime, thing)
        return True

    def get(self, key: str) -> T | None:
        """What is there; None when nothing is (any more)."""
        until, thing = self._kept.get(key, (None, None))
        return thing if until is not None and until > self._clock() else None

    def take(self, key: str) -> T | None:
        """The same, and it is gone."""
        thing = self.get(key)
        self._kept.pop(key, None)
        return thing
