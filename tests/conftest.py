"""The fixtures that all tests share, by what they give; each is described where it is made."""

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
    "tests.fixtures.api",
]
