"""Nothing personal where it does not belong: through successes and failures of every kind (A4, A7, A42)."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest

from domain import ids
from domain.vocabulary import ProcessKind
from runtime.keys import token_hash
from starter.services import suggestions
from starter.stack import log_files
from store.customers import CustomerRelation
from store.users import User
from tests import factories
from tests.factories import KEYS, PASSWORD
from tests.faulty_database import Fault, FaultyDatabase
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, draft, invite, make_services, refusal, registration
from tests.leaks import assert_nothing_personal, raw_history
from tests.smtp_server import Reply

MARK = uuid4().hex[:6]
CANARIES = {
    "first_name": f"Kanariina{MARK}",
    "last_name": f"Fågelström{MARK}",
    "cover_message": f"Hemligheten{MARK} är en kanelbulle.",
    "customer": f"Kanariebolaget{MARK} Ab",
    "username": f"kanarie.{MARK}",
    "password": f"Kanarie-{MARK}-Lösen1",
}


@dataclass
class Story:
    """What was done, with whom, and every answer that the API gave."""

    live: LiveStack
    log_begins: int
    relation: CustomerRelation
    inviter: User
    invitations: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    answers: list[httpx2.Response] = field(default_factory=list)
    clients: list[httpx2.AsyncClient] = field(default_factory=list)

    @property
    def frontend(self) -> Frontend:
        return self.live.frontend

    def address(self) -> str:
        made = f"kanarie.{uuid4().hex[:8]}@example.com"
        self.addresses.append(made)
        return made

    async def listen(self, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
        async def keep(response: httpx2.Response) -> None:
            await response.aread()
            self.answers.append(response)

        client.event_hooks = {"response": [keep]}
        return client

    async def log_in(self, username: str, password: str = PASSWORD) -> httpx2.AsyncClient:
        return await self.listen(await self.frontend.log_in(username, password))

    async def invite(self, client: httpx2.AsyncClient, email: str) -> str:
        made = await invite(
            client,
            self.relation.id,
            email=email,
            **{name: CANARIES[name] for name in ("first_name", "last_name", "cover_message")},
        )
        self.invitations.append(made["id"])
        return str(made["id"])

    @property
    def tokens(self) -> list[str]:
        return [KEYS.invitation_token(UUID(each), 1) for each in self.invitations]

    @property
    def secrets(self) -> list[str]:
        sessions = [client.headers["Authorization"].removeprefix("Bearer ") for client in self.clients]
        hashes = [token_hash(each) for each in self.tokens]
        return [*CANARIES.values(), *self.addresses, *self.tokens, *hashes, *sessions, self.inviter.email]


def size_of(path: Path) -> int:
    return path.stat().st_size


@pytest.fixture(scope="module")
async def story(live_stack: LiveStack, log_file: Path) -> Story:
    """Everything that can happen, with canaries in every field."""
    database = live_stack.frontend.database
    log_begins = size_of(log_file)
    relation = await factories.make_relation(database, name=CANARIES["customer"])
    inviter = await factories.make_manager(
        database, relation, first_name=CANARIES["first_name"], last_name=CANARIES["last_name"]
    )
    story = Story(live_stack, log_begins, relation, inviter)
    client = await story.log_in(inviter.username)
    anybody = await story.listen(live_stack.frontend.client())
    story.clients.append(client)

    # Successes: new and registered people accept, decline, are cancelled.
    accepted = await story.invite(client, story.address())
    await live_stack.smtp.taken(to=story.addresses[0])
    await anybody.get(f"/invitations/open/{story.tokens[0]}", follow_redirects=True)
    await anybody.head(f"/invitations/open/{story.tokens[0]}")
    await anybody.post("/v1/invitation-lookups", json={"token": story.tokens[0]})
    person = {name: CANARIES[name] for name in ("first_name", "last_name", "username", "password")}
    await anybody.post("/v1/invitation-registrations", json=registration(story.tokens[0], **person))
    bird = await story.log_in(CANARIES["username"], CANARIES["password"])
    story.clients.append(bird)
    await bird.get("/v1/me/tasks")
    await bird.post(f"/v1/invitations/{accepted}/accept", json={"token": story.tokens[0]})
    await bird.post(f"/v1/invitations/{accepted}/accept", headers={"Idempotency-Key": CANARIES["username"]})
    cancelled = await story.invite(client, story.address())
    await live_stack.smtp.taken(to=story.addresses[1])
    await client.post(f"/v1/invitations/{cancelled}/cancel")
    # Failures: of the mail server, which names the address; of people; of ours.
    for code in (550, 450):
        address = story.address()
        live_stack.smtp.behave(address, Reply(code))
        failing = await story.invite(client, address)
        if code == 550:
            await live_stack.frontend.ended(failing)
        else:
            await client.post(f"/v1/invitations/{failing}/decline")
            await client.post(f"/v1/invitations/{failing}/cancel")
    for wrong in (
        {"email": CANARIES["username"], "role": CANARIES["last_name"]},
        {"email": story.addresses[0], CANARIES["username"]: 1},
        {"cover_message": CANARIES["cover_message"] * 200},
    ):
        await client.post(f"/v1/customer-relations/{relation.id}/invitations", json=draft() | wrong)
    await anybody.post("/v1/sessions", json={"username": CANARIES["username"], "password": "x"})
    await anybody.post("/v1/sessions", json={"username": "x", "password": CANARIES["password"]})
    await anybody.post("/v1/sessions", content=f'{{"{CANARIES["password"]}'.encode())
    await anybody.get(f"/v1/invitations/{CANARIES['username']}?cursor={story.addresses[0]}")
    await anybody.get(f"/{CANARIES['username']}", headers={"User-Agent": CANARIES["username"]})
    await client.get(f"/v1/customer-relations/{relation.id}/users")
    await client.get(f"/v1/customer-relations/{relation.id}/invitations")
    for each in story.invitations:
        await client.get(f"/v1/processes/{each}")
        await client.post(f"/v1/invitations/{each}/cancel")
    await bird.delete("/v1/sessions/current")
    return story


async def test_nothing_in_temporal(story: Story) -> None:
    temporal = story.frontend.services.client
    for each in story.invitations:
        handle = temporal.get_workflow_handle(ids.workflow_id(ProcessKind.INVITATION, UUID(each)))
        assert_nothing_personal(await raw_history(handle), story.secrets)
        failures = repr(await handle.fetch_history()).encode()
        assert_nothing_personal(failures, story.secrets)


async def test_nothing_in_the_logs(story: Story, log_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = " ".join(story.secrets)
    services = story.frontend.services

    async def broken(*_: object) -> None:
        raise RuntimeError(words)

    with monkeypatch.context() as patching:
        patching.setattr(suggestions, "suggest_name", broken)
        path = f"/v1/customer-relations/{story.relation.id}/name-suggestions"
        failed = await story.clients[0].post(path, json={"email": story.addresses[0]})
    assert refusal(failed) == (500, "internal")
    assert {"cache-control", "x-content-type-options"} <= failed.headers.keys()

    database = FaultyDatabase(services.database, words=words)
    faulty = Frontend(make_services(services.settings, database, services.client, services.clock))
    client = await faulty.log_in(story.inviter)
    database.faults.extend([Fault.UNREACHABLE, Fault.BEFORE_COMMIT])
    for address in (story.address(), story.address()):
        unavailable = await client.post(
            f"/v1/customer-relations/{story.relation.id}/invitations", json=draft(email=address)
        )
        assert refusal(unavailable) == (503, "service.unavailable")
    await faulty.close()
    await database.close()

    logged = (await asyncio.to_thread(log_file.read_bytes))[story.log_begins :]
    assert b"request.failed" in logged
    assert b"request.database_failed" in logged
    assert b"RuntimeError" in logged
    assert_nothing_personal(logged, story.secrets)
    assert_nothing_personal(log_files(story.live.stack.settings)[1].read_bytes(), story.secrets)
    assert failed.content
    for answer in (failed, unavailable):
        assert_nothing_personal(answer.content, story.secrets)


async def test_nothing_in_metrics(story: Story) -> None:
    async with httpx2.AsyncClient() as client:
        page = await client.get(f"http://{story.live.stack.settings.api_metrics}/metrics")
    assert b"fullmakt_http_requests" in page.content
    assert b"temporal_" in page.content
    assert_nothing_personal(page.content, story.secrets)


async def test_nothing_in_what_is_kept_for_long(story: Story) -> None:
    dump = await story.frontend.dump()
    lasting = ("audit_events", "outbox", "counters", "idempotency_keys", "messages")
    mine = repr([dump[table] for table in lasting]).encode()
    assert_nothing_personal(mine, story.secrets)
    # The negative control: they are where they belong, and would be found.
    for table in ("invitations", "users"):
        with pytest.raises(AssertionError):
            assert_nothing_personal(repr(dump[table]).encode(), story.secrets)
    for table in ("users", "sessions"):
        for secret in (CANARIES["password"], *story.tokens):
            assert_nothing_personal(repr(dump[table]).encode(), [secret])


async def test_no_answer_has_a_token_but_the_log_ins_own(story: Story) -> None:
    log_ins = [each for each in story.answers if each.request.url.path == "/v1/sessions"]
    assert log_ins
    assert len(story.answers) > 25
    assert {each.status_code for each in story.answers} >= {200, 201, 204, 303, 401, 404, 409, 422}
    for answer in story.answers:
        said = answer.content + repr(sorted(answer.headers.items())).encode()
        if answer.request.url.path.startswith("/invitations/open/"):
            said = answer.content  # its cookie holds the token, for the browser alone
            assert "HttpOnly" in answer.headers["set-cookie"]
        assert_nothing_personal(said, story.tokens)


async def test_safe_headers_everywhere(story: Story) -> None:
    for answer in story.answers:
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
