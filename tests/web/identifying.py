"""A browser that goes to the bank and comes back."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from starter.services import Services
from starter.web.paths import identify_path
from store.identifications import StrongIdentity
from store.users import User
from tests import factories
from tests.bank import Bank, Person, state_of
from tests.web.browsing import posted


async def leaves(browser: httpx2.AsyncClient, goal: str = "/services", means: str = "nordea") -> str:
    """Where the browser is sent to, from the page to identify on."""
    left = await posted(browser, identify_path(goal), identify_path(goal), means=means)
    assert left.status_code == 200, left.text
    found = re.fullmatch(r"0; url=(.*)", left.headers["refresh"])
    assert found is not None
    return found[1]


async def comes_back(browser: httpx2.AsyncClient, **answer: str) -> httpx2.Response:
    """What the bank's answer leads to."""
    return await browser.get(f"/identification/callback?{urlencode(answer)}")


async def identifies(
    browser: httpx2.AsyncClient, bank: Bank, person: Person, goal: str = "/services"
) -> httpx2.Response:
    """To the bank and back, as this person."""
    address = await leaves(browser, goal)
    return await comes_back(browser, state=state_of(address), code=bank.identify(address, person))


async def make_identity(services: Services, user: User, person: Person) -> None:
    """The user has identified as this person, a while ago and not in any session."""
    async with services.database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=services.keys.identity_index(person.code),
                identity_sealed=services.vault.seal(person.code, user.id),
                first_name=person.first_name,
                last_name=person.last_name,
                created_at=factories.LONG_AGO,
                identified_at=factories.LONG_AGO,
            )
        )


def goal_of(location: str) -> str:
    """Where one goes on after the page to identify on, to which this leads."""
    parts = urlsplit(location)
    assert parts.path == "/identify", location
    [goal] = parse_qs(parts.query)["next"]
    return goal
