"""The fixtures that all tests share, by what they give; each is described where it is made."""

import gc

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, and none fails because the machine is busy.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

# A module that imports from another one of these comes after it: pytest rewrites assertions on import.
pytest_plugins = [
    "tests.fixtures.clocks",
    "tests.fixtures.databases",
    "tests.fixtures.mail",
    "tests.fixtures.temporal",
    "tests.fixtures.processes",
    "tests.fixtures.registrations",
    "tests.fixtures.accounts",
    "tests.fixtures.api",
]

# What takes seconds to start, the dearest first.
_DEAR = ("driver", "live_stack", "dev_server")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side what shares something dear, and first: what takes long is not left for the end."""
    items.sort(key=lambda item: [dear not in getattr(item, "fixturenames", ()) for dear in _DEAR])


def pytest_collection_finish() -> None:
    """All that is imported stays: the garbage collector looked through it for a tenth of the time."""
    gc.collect()
    gc.freeze()
