"""What routers share: which refusals a route documents."""

from typing import Any

from starter.api.problems import MEDIA_TYPE, Problem


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: problem+json for these statuses, and for those that any route can give."""
    always = (400, 408, 413, 422, 500, 503)
    return {
        status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": "Refused, with a stable code"}
        for status in sorted({*always, *statuses})
    }
