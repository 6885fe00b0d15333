"""Somebody at the broker's pages, without a browser: for the demo and tests."""

import re
from collections.abc import Mapping

import httpx2

from starter.identification.transport import trust

_FORM = re.compile(r'<form[^>]* action="(/interactions/[A-Za-z0-9_-]+)"')


async def identify_as(identity_code: str, authorization_url: str) -> str:
    """Goes where the client sent the browser and chooses a test person; the address it is sent back to."""
    return await _choose(authorization_url, {"person": identity_code})


async def identify_with(identity_code: str, first_name: str, last_name: str, authorization_url: str) -> str:
    """The same for somebody who is not in the list."""
    given = {"identity_code": identity_code, "first_name": first_name, "last_name": last_name}
    return await _choose(authorization_url, given)


async def turn_back(authorization_url: str) -> str:
    """The same, choosing nobody."""
    return await _choose(authorization_url, {"cancel": "1"})


async def _choose(authorization_url: str, given: Mapping[str, str]) -> str:
    async with httpx2.AsyncClient(verify=trust()) as browser:
        page = await browser.get(authorization_url)
        page.raise_for_status()
        form = _FORM.search(page.text)
        if form is None:
            raise ValueError("the test broker does not ask whom to be")
        answer = await browser.post(str(page.url.join(form[1])), data=dict(given))
        if "location" not in answer.headers:
            raise ValueError("the test broker does not send back")
        return str(answer.headers["location"])
