"""In which browser a request was made, in coarse words."""

from starlette.requests import Request

from domain.devices import described


def device(request: Request) -> str:
    """Browser and system ("Firefox, Windows"); empty when unknown."""
    return described(request.headers.get("user-agent", ""))
