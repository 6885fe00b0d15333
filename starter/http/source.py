"""Where a request comes from, to slow down guessing."""

from starlette.requests import Request


def source(request: Request) -> str:
    """The client's address; of an IPv6 address the network."""
    host = request.client.host if request.client else "unknown"
    return ":".join(host.split(":")[:4]) if ":" in host else host
