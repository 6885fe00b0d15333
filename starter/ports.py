"""Addresses that are about to be listened on: taken ones are named, and free ones found, before any start."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from runtime.http import AddressInUse, bound_socket
from runtime.settings import Address
from starter.running import HostError


@dataclass(frozen=True)
class Wanted:
    """An address, what will listen there, and the environment variable that changes its port."""

    what: str
    address: Address
    variable: str


class PortsInUse(HostError):
    """Some of the addresses are taken; the message has one line for each."""

    def __init__(self, taken: Sequence[Wanted]) -> None:
        lines = [
            f"{each.what} cannot listen on {each.address}: the port is in use. "
            f"Set {each.variable} to another one."
            for each in taken
        ]
        super().__init__("\n".join(lines))
        self.taken = taken


@contextmanager
def settled(wanted: Mapping[str, Wanted]) -> Iterator[dict[str, Address]]:
    """The same addresses, with a free port where 0 was asked for. Raises PortsInUse, naming all that are.

    Until the block ends no found port is given to anybody who asks the system for any free one, be it for an
    outgoing connection. (Linux lets a socket listen where another is only bound; elsewhere it is let go.)
    """
    found: dict[str, Address] = {}
    taken: list[Wanted] = []
    with ExitStack() as held:
        for name, each in wanted.items():
            try:
                bound = held.enter_context(bound_socket(each.address, each.what))
            except AddressInUse:
                taken.append(each)
                continue
            address = Address(host=each.address.host, port=bound.getsockname()[1])
            if address in found.values():
                taken.append(each)
            found[name] = address
        if taken:
            raise PortsInUse(taken)
        if sys.platform != "linux":
            held.close()
        yield found


def local_url(address: Address) -> str:
    """How a browser on this machine reaches an HTTP server that listens there."""
    everywhere = address.host in {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
    return f"http://127.0.0.1:{address.port}" if everywhere else f"http://{address}"
