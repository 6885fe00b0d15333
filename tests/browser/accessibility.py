"""Accessibility as far as a machine can judge it: axe-core's rules for WCAG 2.0 to 2.2, levels A and AA."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
_OPTIONS = {
    "runOnly": {"type": "tag", "values": _TAGS},
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, which axe leaves out unless asked
    "resultTypes": ["violations"],
    "iframes": False,  # an e-mail shown in a frame is judged on a page of its own
}
# A scheme changes colours and nothing else.
_OPTIONS_OF_COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
    "iframes": False,
}
_PATIENCE = 60
_JUDGED = "options => axe.run(options).then(results => results.violations)"
_IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"

# Colours that fade to another scheme would be judged half way. What moves for ever does not end.
_SETTLED = """Promise.allSettled(document.getAnimations()
    .filter(each => each.effect.getComputedTiming().endTime !== Infinity)
    .map(each => each.finished)).then(() => null)"""


async def axe(page: Page) -> None:
    """Judges the page as it stands, light and dark. Only in Chromium.

    Raises AssertionError with every violated rule and the elements that violate it; TimeoutError on a page
    without JavaScript, where axe starts and never ends.
    """
    scheme: Literal["dark", "light"] = "dark" if await page.evaluate(_IS_DARK) else "light"
    async with asyncio.timeout(_PATIENCE):
        await page.evaluate(Axe().axe_script)
        violations = [
            *await _violations(page, "light", _OPTIONS),
            *await _violations(page, "dark", _OPTIONS_OF_COLOURS),
        ]
    await page.emulate_media(color_scheme=scheme)
    if violations:
        raise AssertionError(f"Not accessible: {page.url}\n" + "\n".join(violations))


async def _violations(
    page: Page, scheme: Literal["dark", "light"], options: Mapping[str, Any]
) -> Iterable[str]:
    await page.emulate_media(color_scheme=scheme)
    await page.evaluate(_SETTLED)
    violations = await page.evaluate(_JUDGED, dict(options))
    return [_in_words(each, scheme) for each in violations]


def _in_words(violation: Mapping[str, Any], scheme: str) -> str:
    lines = [f"{violation['id']} ({violation['impact']}, {scheme}): {violation['help']}"]
    for node in violation["nodes"]:
        lines.append(f"    {' '.join(map(str, node['target']))}: {node['html'][:200]}")
        lines += [f"        {each['message']}" for kind in ("any", "all", "none") for each in node[kind]]
    return "\n".join(lines)
