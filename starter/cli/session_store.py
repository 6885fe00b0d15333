"""Where session tokens are kept between commands: one file for each API, readable by its owner alone."""

import hashlib
import os
from pathlib import Path


def load(url: str) -> str | None:
    """The token of the session with the API at `url`, if there is one."""
    try:
        return _path(url).read_text("ascii").strip() or None
    except FileNotFoundError:
        return None


def save(url: str, token: str) -> None:
    """Keeps the token of a new session."""
    path = _path(url)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token)
    unfinished.replace(path)


def forget(url: str) -> None:
    """Throws the token away."""
    _path(url).unlink(missing_ok=True)


def _path(url: str) -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    # The XDG specification: a relative path there counts as none.
    home = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return home / "fullmakt" / "sessions" / hashlib.sha256(url.encode()).hexdigest()[:16]
