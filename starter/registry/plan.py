"""What an import changes: the file beside what the database knows, as rows to insert and to update."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from starter.registry.existing import Existing, RelationKey
from starter.registry.reader import RegistryFile
from starter.registry.rows import Errors


class TableChanges:
    """One table's rows, as column -> value: `new` to insert, `changed` to update.

    Each of `changed` has the row's key as `row_id`, and the same columns as the others.
    """

    def __init__(self) -> None:
        self.new: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.unchanged = 0


class Plan:
    """The changes of the three tables, in the order in which they are written."""

    def __init__(self, file: RegistryFile, known: Existing, *, today: date, now: datetime) -> None:
        self._file = file
        self._known = known
        self._customer_ids: dict[str, UUID] = {}
        self._relation_ids: dict[RelationKey, UUID] = {}
        self.customers = self._plan_customers()
        self.relations = self._plan_relations(today, now)
        self.contracts = self._plan_contracts()

    def _plan_customers(self) -> TableChanges:
        changes = TableChanges()
        for number, (customer, _) in self._file.customers.items():
            known = self._known.customers.get(number)
            self._customer_ids[number] = uuid4() if known is None else known.id
            if known is None:
                changes.new.append({"id": self._customer_ids[number], **customer._asdict()})
            elif known.fields != customer:
                changes.changed.append({"row_id": known.id, **customer._asdict()})
            else:
                changes.unchanged += 1
        return changes

    def _plan_relations(self, today: date, now: datetime) -> TableChanges:
        changes = TableChanges()
        for key, ends in self._ends_of_contracts().items():
            running = any(end is None or end >= today for end in ends)
            known = self._known.relations.get(key)
            self._relation_ids[key] = uuid4() if known is None else known.id
            ended_at = None if running else now
            if known is None:
                number, commodity = key
                changes.new.append(
                    {
                        "id": self._relation_ids[key],
                        "customer_id": self._customer_ids[number],
                        "commodity": commodity,
                        "ended_at": ended_at,
                    }
                )
            elif running is not (known.ended_at is None):
                changes.changed.append({"row_id": known.id, "ended_at": ended_at})
            else:
                changes.unchanged += 1
        return changes

    def _ends_of_contracts(self) -> dict[RelationKey, list[date | None]]:
        """For each relation in the file, the last days of all its contracts, those of earlier files too."""
        ends: dict[RelationKey, list[date | None]] = defaultdict(list)
        for contract in self._file.contracts.values():
            ends[contract.customer_number, contract.commodity].append(contract.ends_on)
        for number, known in self._known.contracts.items():
            if known.relation in ends and number not in self._file.contracts:
                ends[known.relation].append(known.ends_on)
        return ends

    def _plan_contracts(self) -> TableChanges:
        changes = TableChanges()
        for number, contract in self._file.contracts.items():
            known = self._known.contracts.get(number)
            dates = {"starts_on": contract.starts_on, "ends_on": contract.ends_on}
            if known is None:
                relation_id = self._relation_ids[contract.customer_number, contract.commodity]
                changes.new.append(
                    {"id": uuid4(), "contract_number": number, "relation_id": relation_id, **dates}
                )
            elif (known.starts_on, known.ends_on) != (contract.starts_on, contract.ends_on):
                changes.changed.append({"row_id": known.id, **dates})
            else:
                changes.unchanged += 1
        return changes

    @property
    def tables(self) -> Iterable[TableChanges]:
        """Customers, relations, contracts: each after what it refers to."""
        return self.customers, self.relations, self.contracts

    @property
    def is_empty(self) -> bool:
        """Whether the database says already what the file says."""
        return not any(changes.new or changes.changed for changes in self.tables)


def note_conflicts(file: RegistryFile, known: Existing, errors: Errors) -> None:
    """Adds to `errors` what the file says against the database."""
    for number, (customer, line) in file.customers.items():
        before = known.customers.get(number)
        if before is not None and before.fields.kind is not customer.kind:
            errors.add(
                line,
                "kind",
                f"is `{before.fields.kind}` in the database; a customer number keeps its kind: use a new one",
            )
    for number, contract in file.contracts.items():
        held = known.contracts.get(number)
        if held is not None and held.relation != (contract.customer_number, contract.commodity):
            customer_number, commodity = held.relation
            errors.add(
                contract.line,
                "contract_number",
                f"is in the database for customer {customer_number}, {commodity}; use another number",
            )
