"""Where a request comes from, to slow down guessing."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

# What one subscriber has at the least: whoever has one address of it has them all.
_SUBSCRIBER = 64


def source(request: Request) -> str:
    """The client's address; of an IPv6 address the network."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, _SUBSCRIBER), strict=False))
