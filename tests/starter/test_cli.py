"""The `fullmakt` command against a running stack: over the API alone, as users have it."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from domain.vocabulary import CustomerKind
from starter.cli import app
from starter.stack import Embedded, Stack, stack
from store.customers import CustomerRelation
from store.users import User
from tests import factories
from tests.factories import PASSWORD
from tests.starter.stacks import free_settings


@dataclass(frozen=True)
class Commands:
    """`fullmakt` at one terminal, with sessions of its own."""

    running: Stack
    state: Path

    async def run(self, *arguments: str, typed: str = "", **environment: str) -> Result:
        """Runs a command; in a thread, because the API answers from this one."""
        own = {
            "XDG_STATE_HOME": str(self.state),
            "FULLMAKT_API_URL": self.running.api_url,
            "COLUMNS": "200",
            **environment,
        }
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), input=typed, env=own)

    async def does(self, *arguments: str, typed: str = "") -> str:
        """What a command that succeeds prints."""
        result = await self.run(*arguments, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    async def tells(self, *arguments: str, typed: str = "") -> Any:
        """What a command prints with `--json`."""
        return json.loads(await self.does(*arguments, "--json", typed=typed))

    async def refuses(self, *arguments: str, typed: str = "") -> str:
        """What a command that is refused says; results it has none."""
        result = await self.run(*arguments, typed=typed)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        return result.stderr

    async def log_in(self, user: User | str) -> None:
        """Begins a session."""
        username = user if isinstance(user, str) else user.username
        await self.does("login", "--username", username, "--password-stdin", typed=f"{PASSWORD}\n")


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
async def relation(running: Stack) -> CustomerRelation:
    """A private customer's relation."""
    return await factories.make_relation(running.services.database, kind=CustomerKind.PRIVATE)


@pytest.fixture
async def inviter(running: Stack, relation: CustomerRelation) -> User:
    """Its owner."""
    return await factories.make_manager(running.services.database, relation)


def to_send(email: str, **options: str) -> list[str]:
    """A whole invitation as a command."""
    given = {"email": email, "first-name": "Åke", "last-name": "Öberg", "message": "Hej Åke!", **options}
    return ["invitations", "send", "--yes", *(f"--{name}={value}" for name, value in given.items())]


def new_address() -> str:
    """An address that nobody has."""
    return f"ake.{uuid4().hex[:8]}@example.com"


async def link_to(running: Stack, address: str) -> str:
    """The link in the e-mail that somebody got."""
    assert running.mail is not None
    async with asyncio.timeout(10):
        while not (mails := running.mail.inbox.messages(address)):  # noqa: ASYNC110 - written by a process
            await asyncio.sleep(0.02)
    return mails[-1].links[0]


async def test_somebody_new_is_invited_registers_and_accepts(
    commands: Commands, running: Stack, inviter: User
) -> None:
    address = new_address()
    await commands.log_in(inviter)
    sent = await commands.does(*to_send(address))
    assert "The invitation to hold an authorization has been sent." in sent
    link = await link_to(running, address)

    registered = await commands.does(
        *("register", "invitation", link, "--first-name=Åke", "--last-name=Öberg", f"--username={address}"),
        *("--accept-terms", "--declare-accurate", "--password-stdin"),
        typed=f"{PASSWORD}\n",
    )
    assert f"fullmakt login --username {address}" in registered
    await commands.log_in(address)
    [waiting] = (await commands.tells("tasks"))["items"]
    assert waiting["id"] in await commands.does("tasks")
    accepted = await commands.tells("invitations", "accept", link)

    assert (accepted["id"], accepted["state"]) == (waiting["id"], "accepted")
    assert await commands.does("tasks") == "Nothing waits for your answer.\n"
    assert "relation user" in await commands.does("relations")
    timeline = await commands.does("processes", "show", accepted["id"])
    assert "The invitation was accepted." in timeline
    assert timeline.endswith("Ended: accepted.\n")
    output = sent + registered + timeline + json.dumps(accepted)
    assert link.rpartition("/")[2] not in output


async def test_what_is_not_given_is_asked_for_in_four_phases(
    commands: Commands, running: Stack, inviter: User, relation: CustomerRelation
) -> None:
    # Somebody who shares a relation with the inviter: the name is suggested.
    known = await factories.make_manager(running.services.database, relation)
    other = await factories.make_relation(running.services.database)
    later = factories.LONG_AGO + timedelta(days=1)  # so it is the second of the list
    await factories.make_authorization(running.services.database, inviter, other, valid_from=later)
    await commands.log_in(inviter)

    typed = f"2\n2\n{known.email}\n\n\nHej!\ny\n"
    result = await commands.run("invitations", "send", "--json", typed=typed)

    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout[result.stdout.index("{") :])  # the runner shows what is typed there, too
    assert (made["first_name"], made["last_name"]) == (known.first_name, known.last_name)
    assert made["role"] == "relation_user"
    assert f"{known.full_name} <{known.email}> is invited as relation user" in result.stderr
    assert "Hej!" in result.stderr


async def test_a_no_at_the_review_sends_nothing(commands: Commands, inviter: User) -> None:
    await commands.log_in(inviter)
    command = [each for each in to_send(new_address()) if each != "--yes"]

    result = await commands.run(*command, typed="n\n")

    assert (result.exit_code, "Aborted" in result.stderr) == (1, True)
    assert (await commands.tells("invitations", "list"))["items"] == []


async def test_an_inviter_lists_shows_and_cancels(commands: Commands, inviter: User) -> None:
    await commands.log_in(inviter)
    first = await commands.tells(*to_send(new_address()))
    second = await commands.tells(*to_send(new_address(), language="fi"))

    page = await commands.tells("invitations", "list", "--limit=1")
    rest = await commands.tells("invitations", "list", f"--cursor={page['next_cursor']}")
    assert [each["id"] for each in page["items"] + rest["items"]] == [second["id"], first["id"]]
    assert f"--cursor {page['next_cursor']}" in await commands.does("invitations", "list", "--limit=1")
    assert "Hej Åke!" in await commands.does("invitations", "show", first["id"])

    cancelled = await commands.tells("invitations", "cancel", first["id"])

    assert cancelled["state"] == "cancelled"
    again = await commands.tells("invitations", "cancel", first["id"])
    assert (again["id"], again["state"]) == (first["id"], "cancelled")


async def test_a_repeat_with_the_same_key_sends_nothing_new(commands: Commands, inviter: User) -> None:
    await commands.log_in(inviter)
    command = to_send(new_address(), **{"idempotency-key": "once"})

    first, second = await commands.tells(*command), await commands.tells(*command)

    assert second["id"] == first["id"]
    assert len((await commands.tells("invitations", "list"))["items"]) == 1


async def test_refusals_are_a_sentence_with_the_fields(commands: Commands, inviter: User) -> None:
    await commands.log_in(inviter)

    said = await commands.refuses(*to_send("nobody", **{"first-name": ""}))

    assert said.splitlines() == [
        "Some details are missing or wrong. Correct them and try again.",
        "  email: This is not an e-mail address. Check the spelling.",
        "  first_name: This must be filled in.",
    ]


async def test_an_open_invitation_is_pointed_out(commands: Commands, inviter: User) -> None:
    await commands.log_in(inviter)
    address = new_address()
    made = await commands.tells(*to_send(address))

    said = await commands.refuses(*to_send(address))

    assert f"See it: fullmakt invitations show {made['id']}" in said


async def test_refusals_are_whole_problems_with_json(commands: Commands) -> None:
    problem = json.loads(await commands.refuses("me", "--json"))

    assert (problem["status"], problem["code"]) == (401, "session.required")


async def test_sessions_are_kept_for_their_owner_alone_and_end(commands: Commands, inviter: User) -> None:
    assert "fullmakt login" in await commands.refuses("me")
    wrong = await commands.refuses(
        *("login", f"--username={inviter.username}", "--password-stdin"), typed="Fel-losenord-1\n"
    )
    assert wrong.startswith("The username or the password is wrong.")

    started = await commands.does(
        *("login", f"--username={inviter.username}", "--password-stdin"), typed=f"{PASSWORD}\n"
    )
    [kept] = [each for each in commands.state.rglob("*") if each.is_file()]
    token = kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert token not in started
    assert inviter.email in await commands.does("me")

    await commands.does("logout")

    assert not kept.exists()
    after = await commands.run("me", FULLMAKT_TOKEN=token)
    assert (after.exit_code, "Log in" in after.stderr) == (1, True)


async def test_a_token_of_the_environment_goes_first(commands: Commands, inviter: User) -> None:
    await commands.log_in(inviter)
    [kept] = [each for each in commands.state.rglob("*") if each.is_file()]
    elsewhere = Commands(commands.running, commands.state / "elsewhere")

    result = await elsewhere.run("me", FULLMAKT_TOKEN=kept.read_text())

    assert inviter.username in result.stdout


async def test_an_invitation_that_is_over_is_said_before_any_typing(
    commands: Commands, running: Stack, inviter: User
) -> None:
    await commands.log_in(inviter)
    address = new_address()
    made = await commands.tells(*to_send(address))
    link = await link_to(running, address)
    await commands.does("invitations", "cancel", made["id"])

    said = await commands.refuses("register", "invitation", link)

    assert said == f"This invitation is cancelled. Ask {inviter.full_name} for a new one.\n"


async def test_no_api_says_how_to_start_one(commands: Commands) -> None:
    said = await commands.refuses("tasks", "--api=http://127.0.0.1:9")

    assert said.startswith("Nothing answers at http://127.0.0.1:9. Start it with `fullmakt up`, or")


async def test_another_server_is_not_taken_for_the_api(commands: Commands, running: Stack) -> None:
    said = await commands.refuses("tasks", f"--api={running.mailbox_url}")

    assert said == "The API answered with status 404.\n"


async def test_a_wrong_level_is_named(commands: Commands, inviter: User) -> None:
    await commands.log_in(inviter)

    result = await commands.run(*to_send(new_address(), level="reports=everything"))

    assert result.exit_code == 2
    assert "reports=everything is not SUBPAGE=LEVEL" in result.stderr
