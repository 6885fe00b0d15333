"""Stylesheets, scripts and pictures of the pages: ours or vendored, nothing from elsewhere."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_DIRECTORY = Path(__file__).parent / "assets"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _Asset:
    content: bytes
    compressed: bytes
    media_type: str
    version: str


def asset(name: str) -> str:
    """The address of a file in `assets/`. It changes with the contents, so browsers may keep it for ever.

    Raises KeyError for a file that is not there.
    """
    return f"/assets/{name}?v={_assets()[name].version}"


def routes() -> list[Route]:
    """Where they are served."""
    return [Route("/assets/{name:path}", _serve)]


async def _serve(request: Request) -> Response:
    found = _assets().get(request.path_params["name"])
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    is_current = request.query_params.get("v") == found.version
    headers = {"Cache-Control": _FOREVER if is_current else "no-cache", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.compressed, media_type=found.media_type, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


@cache
def _assets() -> dict[str, _Asset]:
    return {
        path.relative_to(_DIRECTORY).as_posix(): _load(path)
        for path in _DIRECTORY.rglob("*")
        if path.suffix in _MEDIA_TYPES
    }


def _load(path: Path) -> _Asset:
    content = path.read_bytes()
    return _Asset(
        content=content,
        compressed=gzip.compress(content, 9, mtime=0),
        media_type=_MEDIA_TYPES[path.suffix],
        version=hashlib.sha256(content).hexdigest()[:12],
    )
