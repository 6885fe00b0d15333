"""Looks for personal data in bytes, however they are encoded (A42)."""

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHandle

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){4,}")
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_DEPTH = 3


def assert_nothing_personal(blob: bytes, canaries: Iterable[str]) -> None:
    """No canary may be in `blob`: plain, in base64, hex, quoted-printable, URL, HTML or Unicode escapes, or
    in several of these one inside the other. The letters' case does not matter.
    """
    wanted = {canary: canary.casefold() for canary in canaries}
    assert wanted
    for view in _views(blob, _DEPTH):
        text = view.decode("utf-8", "replace").casefold()
        for canary, folded in wanted.items():
            assert folded not in text, f"{canary!r} in {view[:2000]!r}"


def _views(blob: bytes, depth: int) -> Iterator[bytes]:
    """The bytes as they are, and everything that they may stand for."""
    yield blob
    if not depth:
        return
    for decoded in _decoded(blob):
        if decoded != blob:
            yield from _views(decoded, depth - 1)


def _decoded(blob: bytes) -> Iterator[bytes]:
    for encoding in ("utf-16-le", "utf-16-be"):
        yield blob.decode(encoding, "ignore").encode("utf-8", "ignore") if b"\x00" in blob else blob
    yield unquote_to_bytes(blob)
    yield unquote_to_bytes(blob.replace(b"+", b" "))
    if b"=" in blob:
        yield quopri.decodestring(blob)
        yield quopri.decodestring(blob, header=True)
    text = blob.decode("utf-8", "replace")
    yield html.unescape(text).encode("utf-8", "replace")
    escaped = _UNICODE_ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    yield escaped.encode("utf-8", "replace")
    yield b"\n".join(_base64(blob))
    yield b"\n".join(binascii.unhexlify(run) for run in _HEX.findall(blob))


def _base64(blob: bytes) -> Iterator[bytes]:
    """What each run of base64 letters says, begun at any of its first four letters."""
    for run in _BASE64.findall(blob):
        letters = run.translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(4):
            whole = letters[start : start + (len(letters) - start) // 4 * 4]
            yield base64.b64decode(whole)
            rest = letters[start + len(whole) :]
            if len(rest) > 1:
                yield base64.b64decode(whole + rest + b"=" * (4 - len(rest)))


async def raw_history(handle: WorkflowHandle[Any, Any]) -> bytes:
    """All that Temporal keeps of a process: its events, and what describes it."""
    history = await handle.fetch_history()
    description = await handle.describe()
    return (
        History(events=history.events).SerializeToString() + description.raw_description.SerializeToString()
    )
