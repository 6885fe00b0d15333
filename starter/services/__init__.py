"""The use cases, one module each: checks, writes the row, starts or steers the process.

API, pages and commands call these; no business rule lives in a route.
"""

from starter.services.context import Services

__all__ = ["Services"]
