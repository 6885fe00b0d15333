"""What changes: what a registry says beside what the database knows, as rows to insert and to update."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from registry.existing import Existing, RelationKey
from registry.follow import News
from registry.rows import RowError
from registry.said import Said


class TableChanges:
    """One table's rows, as column -> value: `new` to insert, `changed` to update.

    Each of `changed` has the row's key as `row_id`, and the same columns as the others.
    """

    def __init__(self) -> None:
        self.new: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.unchanged = 0


class Plan:
    """The changes of the three tables, in the order in which they are written, and what follows from them."""

    def __init__(self, said: Said, known: Existing, *, today: date, now: datetime) -> None:
        self._said = said
        self._known = known
        self.customer_ids: dict[str, UUID] = {}
        self._relation_ids: dict[RelationKey, UUID] = {}
        self.news = News()
        self.customers = self._plan_customers()
        self.relations = self._plan_relations(today, now)
        self.contracts = self._plan_contracts()

    def _plan_customers(self) -> TableChanges:
        changes = TableChanges()
        for number, (customer, _) in self._said.customers.items():
            known = self._known.customers.get(number)
            self.customer_ids[number] = uuid4() if known is None else known.id
            if known is None:
                changes.new.append({"id": self.customer_ids[number], **customer._asdict()})
            elif known.fields != customer:
                changes.changed.append({"row_id": known.id, **customer._asdict()})
                if known.fields.identity_index not in {None, customer.identity_index}:
                    self.news.persons.append(known.id)
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
                if running and number in self._known.customers:
                    self.news.opened[self._relation_ids[key]] = None
                changes.new.append(
                    {
                        "id": self._relation_ids[key],
                        "customer_id": self.customer_ids[number],
                        "commodity": commodity,
                        "ended_at": None if running else _long_over(ends, today, now),
                    }
                )
            elif running is not (known.ended_at is None):
                changes.changed.append({"row_id": known.id, "ended_at": ended_at})
                if running:
                    self.news.opened[known.id] = known.ended_at
                else:
                    self.news.ended.append(known.id)
            else:
                changes.unchanged += 1
        return changes

    def _ends_of_contracts(self) -> dict[RelationKey, list[date | None]]:
        """For each relation spoken of, the last days of all its contracts, those said earlier too."""
        ends: dict[RelationKey, list[date | None]] = defaultdict(list)
        for contract in self._said.contracts.values():
            ends[contract.customer_number, contract.commodity].append(contract.ends_on)
        for number, known in self._known.contracts.items():
            if known.relation in ends and number not in self._said.contracts:
                ends[known.relation].append(known.ends_on)
        return ends

    def _plan_contracts(self) -> TableChanges:
        changes = TableChanges()
        for number, contract in self._said.contracts.items():
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
        """Whether the database says already what the registry says."""
        return not any(changes.new or changes.changed for changes in self.tables)


def conflicts(said: Said, known: Existing) -> Iterator[RowError]:
    """What is said against the database, each with where it is said."""
    for number, (customer, line) in said.customers.items():
        before = known.customers.get(number)
        if before is not None and before.fields.kind is not customer.kind:
            yield RowError(
                line,
                "kind",
                f"is `{before.fields.kind}` in the database; a customer number keeps its kind: use a new one",
            )
    for number, contract in said.contracts.items():
        held = known.contracts.get(number)
        if held is not None and held.relation != (contract.customer_number, contract.commodity):
            customer_number, commodity = held.relation
            yield RowError(
                contract.line,
                "contract_number",
                f"is in the database for customer {customer_number}, {commodity}; use another number",
            )


def _long_over(ends: Iterable[date | None], today: date, now: datetime) -> datetime:
    """When a relation ended that is heard of only now: with the last day of its last contract."""
    last = max(end for end in ends if end is not None)
    return now - (today - last)
