"""The registry that stands in for the retailer's."""

from collections.abc import AsyncIterator

import pytest

from tests.registry.stand_in import StandIn


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    """At work, with no customers yet."""
    async with StandIn().serving() as serving:
        yield serving
