"""A check says what a simple model of the rules says, whatever is held (spec section 2)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.roles import EXISTING_LEVELS
from domain.vocabulary import GrantedThrough, Role, Subpage
from starter.services import Services, authorization_checks
from store.authorizations import Authorization
from store.database import Database
from tests import factories
from tests.checking import SERVICE, services_without_temporal
from tests.clock import SettableClock

YEARS_2 = timedelta(days=730)
ONE = timedelta(microseconds=1)
DAY = timedelta(days=1)
WORDS = ["none", "read", "write"]

# Times are distances to the moment of the check: past is negative.
HELD = st.fixed_dictionaries(
    {
        "role": st.sampled_from(Role),
        "levels": st.fixed_dictionaries({each: st.sampled_from(of) for each, of in EXISTING_LEVELS.items()}),
        "begins": st.sampled_from([-YEARS_2, -DAY, -ONE, timedelta(0), ONE, DAY]),
        "ended": st.sampled_from([None, None, None, -DAY, timedelta(0)]),
        "suspended": st.sampled_from([None, None, None, -DAY]),
        "through": st.sampled_from(GrantedThrough),
    }
)
RELATION_ENDED = st.sampled_from([None, None, timedelta(0), -DAY, ONE - YEARS_2, -YEARS_2, -YEARS_2 - DAY])
EVERYTHING = {each: of[-1] for each, of in EXISTING_LEVELS.items()}
OWNER: dict[str, Any] = {
    "role": Role.OWNER,
    "levels": EVERYTHING,
    "begins": -DAY,
    "ended": None,
    "suspended": None,
    "through": GrantedThrough.CONTRACT,
}


def modelled(relation_ended: timedelta | None, held: Sequence[dict[str, Any]], subpage: Subpage) -> int:
    """0, 1 or 2: none, read, write."""
    best = 0
    for each in held:
        if each["begins"] > timedelta(0) or each["ended"] is not None or each["suspended"] is not None:
            continue
        level = WORDS.index(each["levels"][subpage])
        if relation_ended is not None:
            by_contract = each["through"] == "contract"
            if not by_contract or subpage == "users" or -relation_ended >= YEARS_2:
                continue
            level = min(level, 1)
        best = max(best, level)
    return best


async def compare(
    services: Services, relation_ended: timedelta | None, held: Sequence[dict[str, Any]]
) -> None:
    """Makes a relation and somebody who holds this, and asks about every level that there is."""
    database, now = services.database, services.clock()
    ended_at = None if relation_ended is None else now + relation_ended
    relation = await factories.make_relation(database, ended_at=ended_at)
    user, other = await factories.make_user(database), await factories.make_user(database)
    async with database.transaction() as session:
        for each in held:
            session.add(
                Authorization(
                    user_id=user.id,
                    relation_id=relation.id,
                    role=each["role"],
                    levels=each["levels"],
                    valid_from=now + each["begins"],
                    ended_at=None if each["ended"] is None else now + each["ended"],
                    suspended_at=None if each["suspended"] is None else now + each["suspended"],
                    granted_through=each["through"],
                )
            )
    for subpage, existing in EXISTING_LEVELS.items():
        rank = modelled(relation_ended, held, subpage)
        for level in existing[1:]:
            question: dict[str, Any] = {"relation_id": relation.id, "subpage": subpage, "level": level}
            answer = await authorization_checks.check(services, SERVICE, user_id=user.id, **question)
            assert (answer.held, answer.allowed) == (WORDS[rank], rank >= WORDS.index(level))
            assert answer.checked_at == now
    strangers = await authorization_checks.check(services, SERVICE, user_id=other.id, **question)
    assert (strangers.held, strangers.allowed) == ("none", False)


async def test_a_check_is_the_model(database: Database, clock: SettableClock) -> None:
    services = await services_without_temporal(database, clock)
    loop = asyncio.get_running_loop()

    # No role can be held twice at once.
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        relation_ended=RELATION_ENDED,
        held=st.lists(HELD, max_size=4, unique_by=lambda each: each["role"]),
    )
    @example(relation_ended=ONE - YEARS_2, held=[OWNER])
    @example(relation_ended=-YEARS_2, held=[OWNER])
    @example(relation_ended=-DAY, held=[OWNER | {"through": GrantedThrough.INVITATION}])
    @example(relation_ended=None, held=[OWNER | {"begins": ONE}])
    @example(relation_ended=None, held=[OWNER | {"begins": timedelta(0)}])
    def run(relation_ended: timedelta | None, held: list[dict[str, Any]]) -> None:
        asyncio.run_coroutine_threadsafe(compare(services, relation_ended, held), loop).result(30)

    await asyncio.to_thread(run)
