"""What a registry says, whether in a file or over HTTP: customers and contracts in normal form."""

from registry.rows import Contract, Customer


class Said:
    """Customers and contracts by number, each with where it is said: a file's line, or a place in a list."""

    def __init__(self) -> None:
        self.customers: dict[str, tuple[Customer, int]] = {}
        self.contracts: dict[str, Contract] = {}

    def without(self, places: set[int]) -> "Said":
        """The same but for what is said at some places."""
        rest = Said()
        rest.customers = {key: said for key, said in self.customers.items() if said[1] not in places}
        rest.contracts = {key: said for key, said in self.contracts.items() if said.line not in places}
        return rest
