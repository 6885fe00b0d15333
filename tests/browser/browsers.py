"""The real browsers: Debian's Chromium and Firefox, driven by Playwright.

Chromium without its windows (the headless shell) takes half the processor time of the one with them.

async with async_playwright() as driver, chromium(driver) as browser:
    ...
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Playwright

_CHROMIUM_FLAGS = [
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@asynccontextmanager
async def chromium(driver: Playwright) -> AsyncIterator[Browser]:
    """A headless Chromium, up in about a second; it reaches this machine only."""
    browser = await driver.chromium.launch(
        executable_path=_program("chromium-headless-shell"), args=_CHROMIUM_FLAGS
    )
    try:
        yield browser
    finally:
        await browser.close()


@asynccontextmanager
async def firefox(driver: Playwright) -> AsyncIterator[Browser]:
    """A headless Firefox, up in about 4 s. The channel is Playwright's name for one that it did not patch."""
    browser = await driver.firefox.launch(channel="moz-firefox", executable_path=_program("firefox-esr"))
    try:
        yield browser
    finally:
        await browser.close()


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is missing; scripts/debian-packages {name} installs it")
    return path
