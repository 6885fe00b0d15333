"""`fullmakt authorizations` over the API against a running stack: held, show, remove, give-up, levels."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.vocabulary import Role
from starter.stack import Embedded, Stack, stack
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.users import User
from tests import factories
from tests.starter.stacks import free_settings
from tests.starter.test_cli import Commands


@dataclass(frozen=True)
class People:
    """A company's administrator, and somebody who is a user of its relation."""

    relation: CustomerRelation
    manager: User
    anna: User
    held: Authorization


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
async def people(running: Stack) -> People:
    """New ones for each test."""
    database = running.services.database
    relation = await factories.make_relation(database)
    manager, anna = await factories.make_manager(database, relation), await factories.make_user(database)
    held = await factories.make_authorization(database, anna, relation, role=Role.RELATION_USER)
    return People(relation, manager, anna, held)


async def test_a_manager_looks_levels_and_removes(commands: Commands, people: People) -> None:
    await commands.log_in(people.manager)
    held = (await commands.tells("authorizations", "held"))["items"]
    [found] = [each for each in held if each["role"] == "relation_user"]
    assert (found["id"], found["person"]) == (str(people.held.id), "Anna Andersson")
    assert found["id"] in await commands.does("authorizations", "held")

    shown = await commands.does("authorizations", "show", found["id"])
    assert "Anna Andersson" in shown
    assert "customer service" in shown
    levelled = await commands.tells("authorizations", "levels", found["id"], "--set=invoices=none")
    assert levelled["levels"] == {**found["levels"], "invoices": "none"}

    result = await commands.run("authorizations", "remove", found["id"], typed="n\n")
    assert (result.exit_code, "Aborted" in result.stderr) == (1, True)
    assert "Then: nothing" in result.stderr
    removed = await commands.does("authorizations", "remove", found["id"], typed="y\n")
    assert "It is removed.\nWhat remains: nothing.\n" in removed
    assert len((await commands.tells("authorizations", "held"))["items"]) == 1
    again = await commands.refuses("authorizations", "remove", found["id"], "--yes")
    assert again == "This authorization has ended already. Nothing was changed.\n"


async def test_somebody_gives_up_his_own_and_nobody_elses(commands: Commands, people: People) -> None:
    await commands.log_in(people.anna)
    [own] = (await commands.tells("authorizations", "held"))["items"]
    mistaken = await commands.refuses("authorizations", "remove", own["id"], "--yes")
    assert mistaken.endswith("Use: fullmakt authorizations give-up\n")
    refused = await commands.refuses("authorizations", "levels", own["id"], "--set=invoices=none")
    assert refused.startswith("You cannot give a higher level than your own")

    change = await commands.tells("authorizations", "give-up", own["id"], "--yes")

    assert (change["kind"], change["authorization_ids"]) == ("given_up", [own["id"]])
    assert await commands.does("authorizations", "held") == "You hold nothing on any customer relation.\n"
    timeline = await commands.does("processes", "show", change["id"])
    assert "The authorization was given up." in timeline


async def test_what_is_refused_or_wrong_is_said(commands: Commands, people: People) -> None:
    await commands.log_in(people.manager)
    items = (await commands.tells("authorizations", "held"))["items"]
    [own] = [each for each in items if each["role"] == "administrator"]
    shown = await commands.does("authorizations", "show", own["id"])
    assert "no: authorization.last_manager" in shown
    last = await commands.refuses("authorizations", "give-up", own["id"], "--yes")
    assert last.startswith("Nobody would be left who manages the users of this customer relation.")

    wrong = await commands.run("authorizations", "levels", own["id"], "--set=invoices")
    assert (wrong.exit_code, "invoices is not SUBPAGE=LEVEL" in wrong.stderr) == (2, True)
    unknown = await commands.refuses("authorizations", "held", "--relation=1/electricity")
    assert unknown.startswith("You hold nothing on a customer relation 1/electricity.")
