"""`fullmakt register`, `identify` and `contracts` as processes, with the test broker as the bank."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.vocabulary import Commodity
from starter.stack import Embedded, Stack, stack
from starter.testbroker import visitor
from tests.api.registering import make_customer, new_identity_code
from tests.factories import PASSWORD
from tests.starter.stacks import FULLMAKT, free_settings
from tests.starter.test_identity_rotation import make_sealed

ELECTRICITY, HEATING = Commodity.ELECTRICITY, Commodity.DISTRICT_HEATING
DECLARED = ("--accept-terms", "--declare-accurate", "--password-stdin", "--yes")


@pytest.fixture(scope="module")
async def running(log_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack with a mailbox and a broker, for this module."""
    settings = free_settings(tmp_path_factory.mktemp("registering") / "data")
    async with stack(settings, Embedded(metrics=False)) as made:
        yield made


@dataclass(frozen=True)
class Terminal:
    """`fullmakt` as processes, with one person's sessions; she identifies whenever she is asked to."""

    running: Stack
    state: Path
    identity_code: str

    async def run(self, *arguments: str, typed: str = "", **environment: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(FULLMAKT), *arguments),
            cwd=self.state,
            env={**os.environ, **self._environment(), **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(typed.encode())
        process.stdin.close()
        said = ""
        while line := (await process.stderr.readline()).decode():
            said += line
            if re.match(r"http://127\.0\.0\.1:[0-9]+/authorize\?", line):
                await self._identify(line.strip())
            elif "Open the link in the e-mail to " in line:
                await self._confirm(line)
        out = (await process.stdout.read()).decode()
        return await process.wait(), out, said

    async def tells(self, *arguments: str, typed: str = "") -> Any:
        """What a command that succeeds prints with `--json`."""
        code, out, said = await self.run(*arguments, "--json", typed=typed)
        assert code == 0, said
        return json.loads(out)

    def _environment(self) -> dict[str, str]:
        settings = self.running.settings
        return {
            "XDG_STATE_HOME": str(self.state),
            "FULLMAKT_API_URL": self.running.api_url,
            "FULLMAKT_DATABASE_URL": settings.database_url,
            "COLUMNS": "200",
        }

    async def _identify(self, address: str) -> None:
        back = await visitor.identify_with(self.identity_code, "Sanna", "Salo", address)
        async with httpx2.AsyncClient() as browser:
            icon = await browser.get(str(httpx2.URL(back).copy_with(path="/favicon.ico", query=None)))
            assert icon.status_code == 404
            shown = await browser.get(back)
        assert shown.status_code == 200
        assert shown.headers["referrer-policy"] == "no-referrer"

    async def _confirm(self, line: str) -> None:
        assert self.running.mail is not None
        [address] = re.findall(r"\S+@\S+(?=;)", line)
        async with asyncio.timeout(10):
            while not (mails := self.running.mail.inbox.messages(address)):  # noqa: ASYNC110 - by a process
                await asyncio.sleep(0.02)
        [token] = {
            link.rpartition("/")[2] for link in mails[-1].links if "/email-confirmations/open/" in link
        }
        async with httpx2.AsyncClient() as browser:
            url = f"{self.running.api_url}/v1/email-confirmations"
            (await browser.post(url, json={"token": token})).raise_for_status()


@pytest.fixture
def terminal(running: Stack, tmp_path: Path) -> Terminal:
    """Nobody is logged in there."""
    return Terminal(running, tmp_path, new_identity_code())


def options(name: str) -> list[str]:
    """A user's details; the names are those that the bank gives."""
    return [f"--email={name}@example.com", f"--username={name}", *DECLARED]


async def test_a_private_customer_registers_identifies_again_and_links(
    running: Stack, terminal: Terminal
) -> None:
    _, relations = await make_customer(
        running.services.database, ELECTRICITY, HEATING, identity_code=terminal.identity_code
    )
    code, out, said = await terminal.run(
        *("register", "private", "--means=nordea", "--no-browser", "--language=en"),
        *("--first-name=Sanna", "--last-name=Salo", *options("sanna.cli")),
        typed=f"{PASSWORD}\n",
    )
    assert code == 0, said
    assert f"You are Sanna Salo, {terminal.identity_code[:7]}••••." in said
    assert "sanna.cli@example.com" in out
    assert "The registration is completed." in out
    assert PASSWORD not in out + said
    assert terminal.identity_code not in out + said

    login = ("login", "--username=sanna.cli", "--password-stdin")
    assert (await terminal.run(*login, typed=f"{PASSWORD}\n"))[0] == 0
    code, _, said = await terminal.run("contracts", "link")
    assert (code, "Identify: fullmakt identify" in said) == (1, True)
    me = await terminal.tells("identify", "--means=mobile-certificate", "--no-browser")
    assert me["strong_identification"]["fresh_until"] is not None
    linked = await terminal.tells("contracts", "link")
    assert linked["state"] == "linked"
    assert {each["id"] for each in linked["linked"]} == {str(each.id) for each in relations.values()}
    code, out, _ = await terminal.run("contracts", "link")
    assert "district heating" in out
    code, out, _ = await terminal.run("me")
    assert f"{terminal.identity_code[:7]}••••" in out
    assert "fresh until" in out


async def test_what_does_not_match_is_asked_for_again(running: Stack, terminal: Terminal) -> None:
    company, _ = await make_customer(running.services.database)
    wrong = (f"--company-name={company.name}", "--business-id=9000001-1")
    given = (*wrong, f"--customer-number={company.customer_number}", "--declare-right-to-see")
    names = ("--first-name=Sanna", "--last-name=Salo")
    command = ("register", "company", "--means=op", "--no-browser", *given, *names, *options("chef.cli"))
    # Each question again, with what was typed as its default: the second answer is the business ID.
    typed = f"{PASSWORD}\n\n{company.business_id}\n\n\n\n\n\n"
    code, out, said = await terminal.run(*command, typed=typed)
    assert code == 0, said
    assert said.count("These details do not match.") == 1
    assert "You are administrator of the company." in out

    # For programs a refusal is the end, as a whole problem.
    other = Terminal(running, terminal.state, new_identity_code())
    names_of_other = [each.replace("chef", "annan") for each in command]
    code, out, said = await other.run(*names_of_other, "--json", typed=f"{PASSWORD}\n")
    assert (code, out) == (1, "")
    problem = json.loads(said[said.index("{") :])
    assert problem["code"] == "registration.details_do_not_match"


async def test_what_waits_for_customer_service(running: Stack, terminal: Terminal) -> None:
    async with httpx2.AsyncClient() as browser:
        url = f"{running.api_url}/v1/service-requests"
        wanted = {"name": "Åke Öberg", "phone": "+358 40 123"}
        assert (await browser.post(url, json=wanted)).status_code == 202
    listed = await terminal.tells("service-requests", "list")
    [request] = [each for each in listed if each["kind"] == "no_identification_means"]
    assert request["contact"] == wanted
    code, out, _ = await terminal.run("service-requests", "list")
    assert (code, request["id"] in out, "phone: +358 40 123" in out) == (0, True, True)


async def test_keys_that_seal_codes(running: Stack, terminal: Terminal) -> None:
    code, key, _ = await terminal.run("identity-keys", "new", "2026-11")
    assert (code, key.startswith("2026-11:")) == (0, True)
    await make_sealed(running.services.database, running.settings.identity_keys[0])
    [development] = await terminal.tells("identity-keys", "status")
    assert (development["is_newest"], development["strong_identities"] >= 1) == (True, True)
    code, out, said = await terminal.run(
        "identity-keys", "rotate", FULLMAKT_IDENTITY_KEYS=json.dumps([key.strip()])
    )
    assert (code, "not in the setting" in out) == (1, True), out
    assert "their key is not in FULLMAKT_IDENTITY_KEYS" in said
    assert await terminal.tells("identity-keys", "status") == [development]
