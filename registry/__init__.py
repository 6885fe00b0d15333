"""What the retailer's registry says, and bringing it into our tables (spec 6).

Never by typing: `importer` reads files, `client` is what a registry can be asked, `http` and `tables` are its
two adapters, `sync` brings answers in, and `follow` is what becomes of authorizations then.
"""

from registry.importer import Counts, ImportReport, import_customers
from registry.rows import COLUMNS, ImportRefused, RowError

__all__ = ["COLUMNS", "Counts", "ImportRefused", "ImportReport", "RowError", "import_customers"]
