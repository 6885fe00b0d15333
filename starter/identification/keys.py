"""Our own keys towards the broker: a JWK Set (RFC 7517) in a file of ours alone, public halves beside it.

Of each use, `sig` and `enc`, the first key is the current one. Later ones are older: they still decrypt and
are still published, until they are removed. A key marked `next` is published and decrypts, but does not sign
yet: where key sets are exchanged beforehand the broker must have a key before it meets its signature.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from starter.identification.algorithms import OUR_RSA_BITS, is_strong
from starter.identification.faults import Fault, Rejected
from starter.identification.strict_json import json_object
from starter.running import HostError

log = structlog.get_logger()

_USES = ("sig", "enc")
_PUBLIC_MEMBERS = ("kty", "n", "e", "use", "kid")


class KeyFileError(HostError):
    """The file of our keys is missing, cannot be read, or holds something else; a sentence for people."""


@dataclass(frozen=True, repr=False)
class ClientKeys:
    """A set of private keys as JWKs. Its repr shows none."""

    jwks: tuple[dict[str, Any], ...]

    def of_use(self, use: str) -> list[RSAKey]:
        """The keys of a use, the current one first, those that wait for their turn last.

        Each is checked, which takes a fifth of a second. Raises JoseError or ValueError for a wrong one.
        """
        return [RSAKey.import_key(_without_mark(jwk)) for jwk in self._in_order(use)]

    def public(self) -> dict[str, Any]:
        """The public halves of all keys, for the broker."""
        return {"keys": [{name: jwk[name] for name in _PUBLIC_MEMBERS} for jwk in self.jwks]}

    @property
    def current_ids(self) -> list[str]:
        """The ids of the current signing and encryption key."""
        return [self._in_order(use)[0]["kid"] for use in _USES]

    def _in_order(self, use: str) -> list[dict[str, Any]]:
        chosen = [jwk for jwk in self.jwks if jwk["use"] == use]
        return sorted(chosen, key=lambda jwk: bool(jwk.get("next")))


def new_key_set() -> ClientKeys:
    """One new key of each use."""
    return ClientKeys(tuple(_new_key(use) for use in _USES))


def prepared(keys: ClientKeys) -> ClientKeys:
    """With a next key of each use; the same set when it has them already."""
    if any(jwk.get("next") for jwk in keys.jwks):
        return keys
    return ClientKeys((*keys.jwks, *(_new_key(use) | {"next": True} for use in _USES)))


def rotated(keys: ClientKeys) -> ClientKeys:
    """With the next keys as the current ones, or new ones when none were prepared; the old ones stay."""
    ready = prepared(keys)
    turned = [_without_mark(jwk) for jwk in ready.jwks if jwk.get("next")]
    return ClientKeys((*turned, *(jwk for jwk in ready.jwks if not jwk.get("next"))))


def without_old(keys: ClientKeys) -> ClientKeys:
    """With current and next keys alone. What was encrypted to an old one can then not be read."""
    current = keys.current_ids
    return ClientKeys(tuple(jwk for jwk in keys.jwks if jwk["kid"] in current or jwk.get("next")))


@dataclass(frozen=True, repr=False)
class _InUse:
    """A file's keys, ready for use."""

    keys: ClientKeys
    signing: RSAKey
    decrypting: Sequence[RSAKey]


class ClientKeyFile:
    """The keys in a file. A changed file is read again at the next use, so a rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._in_use: _InUse | None = None

    @property
    def public_path(self) -> Path:
        """Where `write` puts the public halves: to be sent to the broker."""
        return self.path.with_suffix(".public.json")

    def read(self) -> ClientKeys:
        """The keys as the file has them now. Raises KeyFileError."""
        return _loaded(self.path)

    def signing_key(self) -> RSAKey:
        """The current key that signs. Raises KeyFileError, as all that follow, if the file never was good.

        A file that goes bad later leaves the last keys in use.
        """
        return self._used().signing

    def decryption_keys(self) -> Sequence[RSAKey]:
        """All keys that decrypt."""
        return self._used().decrypting

    def public(self) -> dict[str, Any]:
        """The JWK Set to publish."""
        return self._used().keys.public()

    def _used(self) -> _InUse:
        stamp = _stamp(self.path)
        if self._in_use is None or stamp != self._stamp:
            try:
                self._in_use = _ready(self.path)
            except KeyFileError:
                if self._in_use is None:
                    raise
                log.warning("identification.keys_unreadable")
            self._stamp = stamp
        return self._in_use

    def write(self, keys: ClientKeys) -> None:
        """Replaces the file, readable for its owner alone, and the one with the public halves."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(self.path, {"keys": list(keys.jwks)}, 0o600)
        _replace(self.public_path, keys.public(), 0o644)

    def ensure(self) -> ClientKeys:
        """The keys; new ones, written down, when there is no file. Raises KeyFileError."""
        if not self.path.exists():
            self.write(new_key_set())
        return self.read()


def _new_key(use: str) -> dict[str, Any]:
    key = RSAKey.generate_key(OUR_RSA_BITS)
    return key.as_dict(private=True) | {"use": use, "kid": key.thumbprint()}


def _without_mark(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in jwk if name != "next"}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Differs when the file does; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _ready(path: Path) -> _InUse:
    keys = _loaded(path)
    try:
        return _InUse(keys, keys.of_use("sig")[0], keys.of_use("enc"))
    except (JoseError, ValueError, TypeError):
        raise KeyFileError(f"{path} holds a key that is none.") from None


def _loaded(path: Path) -> ClientKeys:
    try:
        found = json_object(path.read_bytes(), Fault.CLAIMS_MALFORMED).get("keys")
    except OSError as error:
        raise KeyFileError(
            f"{path} cannot be read ({error.strerror}). `fullmakt identification-keys rotate` makes it."
        ) from None
    except Rejected:
        raise KeyFileError(f"{path} is not a JWK Set.") from None
    if not isinstance(found, list) or not all(map(_is_usable, found)):
        raise KeyFileError(
            f"{path} must hold private RSA keys of 2048 bits or more, each with `use` and `kid`."
        )
    if len({jwk["kid"] for jwk in found}) != len(found):
        raise KeyFileError(f"{path} has two keys of the same `kid`.")
    if not all(any(jwk["use"] == use and not jwk.get("next") for jwk in found) for use in _USES):
        raise KeyFileError(f"{path} needs a current key of each use, `sig` and `enc`.")
    return ClientKeys(tuple(found))


def _is_usable(jwk: Any) -> bool:
    try:
        return (
            is_strong(jwk)
            and jwk["kty"] == "RSA"
            and isinstance(jwk["d"], str)
            and jwk["use"] in _USES
            and isinstance(jwk["kid"], str)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _replace(path: Path, content: dict[str, Any], mode: int) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
