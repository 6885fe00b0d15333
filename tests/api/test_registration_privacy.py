"""Nothing of who registers where it does not belong: through successes and refusals (case A42)."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest

from domain import ids
from domain.vocabulary import ProcessKind
from runtime.keys import token_hash
from starter.stack import log_files
from tests.api.registering import Person, link_in, make_customer
from tests.factories import KEYS, PASSWORD
from tests.fixtures.api import LiveStack
from tests.leaks import assert_nothing_personal, raw_history


@dataclass
class Story:
    """What was done, every answer that the API gave, and what must not be found."""

    bird: Person
    answers: list[httpx2.Response]
    log_begins: int
    tokens: list[str]

    @property
    def canaries(self) -> list[str]:
        """Who it is, what was typed, and all that opens something."""
        bird = self.bird
        who = [bird.identity_code, bird.first_name, bird.last_name, bird.username, bird.email]
        return [*who, PASSWORD, *self.tokens, *map(token_hash, self.tokens)]


@pytest.fixture(scope="module")
async def story(live_stack: LiveStack, log_file: Path) -> Story:
    """A registration with everything that can go wrong on the way."""
    mark, log_begins = uuid4().hex[:6], await asyncio.to_thread(log_file.stat)
    bird = Person(
        live_stack.frontend,
        first_name=f"Kanariina{mark}",
        last_name=f"Fågelström{mark}",
        username=f"kanarie.{mark}",
    )
    company, _ = await make_customer(live_stack.frontend.database)
    answers: list[httpx2.Response] = []

    async def keep(response: httpx2.Response) -> None:
        await response.aread()
        answers.append(response)

    bird.client.event_hooks = {"response": [keep]}
    await bird.begin("company")
    callback = f"{bird.path}/identification/callback"
    wrong_answer = await bird.be_at_the_bank(await bird.authorization())
    await bird.client.post(callback, json=wrong_answer | {"iss": "https://evil.example.net"})
    answer = await bird.be_at_the_bank(await bird.authorization())
    for _ in range(2):
        await bird.client.post(callback, json=answer)
    for wrong in (
        {"company_name": f"{bird.last_name} Ab"},
        {"email": bird.username, "username": bird.email + "x"},
        {bird.first_name: bird.last_name},
    ):
        await bird.put(bird.details(company) | wrong)
    reviewed = (await bird.put(bird.details(company))).json()
    token = await link_in(live_stack.smtp, bird.email, "email-confirmations")
    await bird.client.post("/v1/email-confirmation-lookups", json={"token": token})
    await bird.client.post("/v1/email-confirmations", json={"token": token})
    done = await bird.confirm(reviewed["revision"])
    assert done.json()["state"] == "completed", done.text
    await live_stack.smtp.taken(to=str(company.contact_email))
    help_wanted = {"name": bird.full_name, "email": bird.email, "message": f"Hej, {bird.username} här!"}
    await bird.client.post("/v1/service-requests", json=help_wanted)
    assert {each.status_code for each in answers} >= {200, 201, 202, 422}
    codes = [each[name] for each in (wrong_answer, answer) for name in ("code", "state")]
    dispute = KEYS.registration_token("dispute", UUID(bird.id))
    return Story(bird, answers, log_begins.st_size, [bird.secret, token, dispute, *codes])


async def test_nothing_personal_leaves_the_database(
    story: Story, live_stack: LiveStack, log_file: Path
) -> None:
    temporal = live_stack.frontend.services.client
    handle = temporal.get_workflow_handle(ids.workflow_id(ProcessKind.REGISTRATION, UUID(story.bird.id)))
    assert_nothing_personal(await raw_history(handle), story.canaries)

    logged = (await asyncio.to_thread(log_file.read_bytes))[story.log_begins :]
    assert b"/registrations/{registration_id}/identification/callback" in logged
    assert_nothing_personal(logged, story.canaries)
    for path in log_files(live_stack.stack.settings):
        if path.exists():
            assert_nothing_personal(path.read_bytes(), story.canaries)
    async with httpx2.AsyncClient() as client:
        metrics = await client.get(f"http://{live_stack.stack.settings.api_metrics}/metrics")
    assert_nothing_personal(metrics.content, story.canaries)


async def test_the_database_keeps_neither_the_code_nor_what_opens_something(
    story: Story, live_stack: LiveStack
) -> None:
    bird, dump = story.bird, await live_stack.frontend.dump()
    assert_nothing_personal(repr(dump).encode(), [bird.identity_code, PASSWORD, *story.tokens])
    lasting = ("audit_events", "outbox", "counters", "messages", "identifications", "registrations")
    who = [bird.first_name, bird.last_name, bird.username, bird.email]
    assert_nothing_personal(repr([dump[table] for table in lasting]).encode(), who)
    # The negative control: they are where they belong, and would be found.
    for found in who:
        with pytest.raises(AssertionError):
            assert_nothing_personal(repr(dump["users"]).encode(), [found])


async def test_answers_and_addresses_hold_no_secret_but_the_one_given(story: Story) -> None:
    for each in story.answers:
        assert each.headers["cache-control"] == "no-store"
        assert_nothing_personal(str(each.request.url).encode(), story.canaries)
        begun = each.request.url.path == "/v1/registrations"
        gave_address = each.request.url.path.endswith("/identification")
        hidden = [story.bird.identity_code, PASSWORD, *(story.tokens[1:] if begun else story.tokens)]
        if not gave_address:
            assert_nothing_personal(each.content, hidden)
