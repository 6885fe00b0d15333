"""The embedded customer registry: filled by `fullmakt customers import`, never by typing (spec 6)."""

from starter.registry.importer import Counts, ImportReport, import_customers
from starter.registry.rows import COLUMNS, ImportRefused, RowError

__all__ = ["COLUMNS", "Counts", "ImportRefused", "ImportReport", "RowError", "import_customers"]
