"""`fullmakt rights`, `events` and `account export, erase, keep` against a running stack."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.vocabulary import Level, Subpage
from starter.stack import Embedded, Stack, stack
from tests.changing import Scene, make_scene
from tests.factories import PASSWORD
from tests.rights import HELD
from tests.starter.stacks import free_settings
from tests.starter.test_cli import Commands


@pytest.fixture(scope="module")
async def running(log_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack for this module."""
    settings = free_settings(tmp_path_factory.mktemp("cli") / "data")
    async with stack(settings, Embedded(metrics=False)) as made:
        yield made


@pytest.fixture
def commands(running: Stack, tmp_path: Path) -> Commands:
    """A terminal at which nobody is logged in."""
    return Commands(running, tmp_path / "state")


@pytest.fixture
async def scene(running: Stack) -> Scene:
    return await make_scene(running.services.database, levels=HELD)


async def test_asked_declined_asked_again_and_given_in_part(
    running: Stack, commands: Commands, scene: Scene, tmp_path: Path
) -> None:
    manager = Commands(running, tmp_path / "managers")
    await commands.log_in(scene.user)
    await manager.log_in(scene.manager)
    wanted = ("--set=invoices=read", "--set=reports=write")
    first = await commands.tells("rights", "ask", str(scene.held.id), *wanted, "--message=Snälla")
    assert (first["state"], first["message"]) == ("open", "Snälla")
    assert "Snälla" in await manager.does("rights", "show", first["id"])
    assert (await manager.tells("rights", "decline", first["id"]))["state"] == "declined"
    second = await commands.tells("rights", "ask", str(scene.held.id), *wanted)
    assert (await commands.tells("rights", "withdraw", second["id"]))["state"] == "withdrawn"
    third = await commands.tells("rights", "ask", str(scene.held.id), *wanted)

    given = await manager.tells("rights", "approve", third["id"], "--set=invoices=read")

    assert (given["state"], given["held"]["invoices"]) == ("approved", "read")
    [held] = await scene.of(scene.user)
    assert held.levels == {**HELD, Subpage.INVOICES: Level.READ}
    late = await manager.refuses("rights", "decline", third["id"])
    assert late.startswith("This request has been answered or has ended.")
    file = tmp_path / "events.csv"
    await manager.does("events", "--relation", str(scene.relation.id), "--csv", str(file))
    assert "Request for more rights approved" in file.read_text("utf-8-sig")
    assert "More rights asked for" in await commands.does("events")


async def test_exported_erased_and_kept(commands: Commands, scene: Scene, tmp_path: Path) -> None:
    await commands.log_in(scene.manager)
    file = tmp_path / "own.json"
    await commands.does("account", "export", str(file))
    assert json.loads(file.read_text())["user"]["email"] == scene.manager.email
    assert file.stat().st_mode & 0o077 == 0
    assert "cannot be written" in await commands.refuses("account", "export", str(file))

    erase = ("account", "erase", "--password-stdin")
    stopped = await commands.run(*erase, typed="n\n")
    assert (stopped.exit_code, "Ends: what you hold on" in stopped.stderr) == (1, True)
    wrong = await commands.run(*erase, "--yes", typed="not it\n")
    assert wrong.exit_code == 1
    assert "fullmakt account keep" in await commands.does(*erase, "--yes", typed=f"{PASSWORD}\n")
    assert await commands.does("account", "keep") == "You will not be erased.\n"
    assert (await commands.run("account", "keep")).exit_code == 1
