"""`fullmakt account` against a running stack: what guards one's account (spec 3.7)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from starter.stack import Embedded, Stack, stack
from store.users import User
from tests import factories
from tests.factories import PASSWORD
from tests.harness import eventually
from tests.starter.stacks import free_settings
from tests.starter.test_cli import Commands

NEW_PASSWORD = "Sydvind-31-ampere"


@pytest.fixture(scope="module")
async def running(log_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack with a mailbox, for this module."""
    settings = free_settings(tmp_path_factory.mktemp("cli") / "data")
    async with stack(settings, Embedded(metrics=False)) as made:
        yield made


@pytest.fixture
def commands(running: Stack, tmp_path: Path) -> Commands:
    """A terminal at which nobody is logged in."""
    return Commands(running, tmp_path / "state")


@pytest.fixture
async def anna(running: Stack) -> User:
    """Somebody who is registered."""
    return await factories.make_user(running.services.database, email=f"anna.{uuid4().hex[:8]}@example.com")


async def link_to(running: Stack, address: str) -> str:
    """The link that somebody got, once it is there."""
    assert running.mail is not None
    inbox = running.mail.inbox
    await eventually(lambda: any("/open/" in link for mail in inbox.messages(address) for link in mail.links))
    return next(link for mail in inbox.messages(address) for link in mail.links if "/open/" in link)


async def test_forgotten(running: Stack, commands: Commands, anna: User) -> None:
    assert running.mail is not None
    said = await commands.does("account", "forgot-password", "--email", anna.email)
    assert said == await commands.does("account", "forgot-password", "--email", "nobody@example.net")
    link = await link_to(running, anna.email)
    weak = await commands.run("account", "reset-password", link, "--password-stdin", typed="kort\n")
    assert weak.exit_code == 1
    assert "at least 8 characters" in weak.stderr
    done = await commands.does(
        "account", "reset-password", link, "--password-stdin", typed=f"{NEW_PASSWORD}\n"
    )
    assert anna.username in done
    used = await commands.run("account", "reset-password", link, "--password-stdin", typed=f"{PASSWORD}\n")
    assert used.exit_code == 1
    assert "Ask for a new one" in used.stderr
    await commands.does("login", "--username", anna.username, "--password-stdin", typed=f"{NEW_PASSWORD}\n")

    await commands.does("account", "forgot-username", "--email", anna.email)
    inbox = running.mail.inbox
    await eventually(lambda: any(anna.username in mail.text for mail in inbox.messages(anna.email)))


async def test_changed(running: Stack, commands: Commands, anna: User, tmp_path: Path) -> None:
    await commands.log_in(anna)
    elsewhere = Commands(running, tmp_path / "elsewhere")
    await elsewhere.log_in(anna)
    listed = (await commands.tells("account", "sessions"))["items"]
    assert [each["current"] for each in listed].count(True) == 1
    shown = await commands.does("account", "sessions")
    assert all(each["id"] in shown for each in listed)
    [other] = [each["id"] for each in listed if not each["current"]]
    await commands.does("account", "end-session", other)
    assert "fullmakt login" in await elsewhere.refuses("me")
    await elsewhere.log_in(anna)
    await commands.does("account", "end-other-sessions")
    assert "fullmakt login" in await elsewhere.refuses("me")

    await commands.does(
        "account", "change-password", "--password-stdin", typed=f"{PASSWORD}\n{NEW_PASSWORD}\n"
    )
    new = f"ny.{anna.email}"
    await commands.does(
        "account", "change-email", "--email", new, "--password-stdin", typed=f"{NEW_PASSWORD}\n"
    )
    link = await asyncio.wait_for(link_to(running, new), 10)
    changed = await commands.tells("account", "confirm-email", link)
    assert changed == {"email": new, "username": anna.username}
