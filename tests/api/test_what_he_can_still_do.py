"""What somebody can still do on a relation where everything was taken from him: what an outsider can.

The routes come from the API's own description and from the pages' own list, so that new ones are tried, too.
A new kind of id in them needs a line in `_known` or in `NOT_OF_A_RELATION`.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select
from starlette.routing import Route
from temporalio.client import Client

from domain.vocabulary import AuthorizationChangeState, DraftKind, InvitationState, Level, Role, Subpage
from runtime.failures import DATA_CONVERTER
from starter.services import drafts
from starter.web.pages import ROUTES
from store import invitations, outbox
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.invitations import Invitation
from store.users import User
from tests import checking, factories
from tests.api.bodies import BODIES
from tests.factories import KEYS
from tests.frontend import Frontend, draft, invite, make_services, refusal
from tests.harness import Harness, eventually_true
from tests.web.browsing import form, forms
from tests.web.visiting import log_in

NOT_OF_A_RELATION: Final = {"registration_id", "link_id", "session_id", "token", "path", "name"}
# What any request may leave behind, refused or not; and what those who tell everybody write meanwhile.
TRACES: Final = ("audit_events", "counters", "sessions", "messages")
_FORM_TOKEN = re.compile(r'(name="form_token" value=")[^"]*')


@dataclass(frozen=True)
class Request:
    """One that he sends: as it was answered when he still might, or as a route asks for it."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    async def sent(self, client: httpx2.AsyncClient) -> httpx2.Response:
        return await client.request(self.method, self.path, json=self.body, headers=self.headers)


@dataclass(frozen=True)
class Removed:
    """An administrator with everything that he got hold of, and his colleague, who removes him."""

    frontend: Frontend
    relation: CustomerRelation
    he: User
    held: Authorization
    colleague: User
    remover: httpx2.AsyncClient = field(repr=False)
    api: httpx2.AsyncClient = field(repr=False)
    browser: httpx2.AsyncClient = field(repr=False)
    # Open, to somebody else; and the one by which he came.
    open: UUID
    accepted: Invitation
    invitee: httpx2.AsyncClient = field(repr=False)
    # By the name that addresses give it: what of this relation he knows.
    known: Mapping[str, Sequence[UUID]]
    # What he sent with an Idempotency-Key, and what was answered.
    repeats: Sequence[tuple[Request, httpx2.Response]]
    etag: str
    # By their addresses: the forms of pages that he still has open.
    cached: Mapping[str, Mapping[str, str]]


async def make_removed(frontend: Frontend) -> Removed:
    database, now = frontend.database, frontend.services.clock()
    relation = await factories.make_relation(database)
    colleague = await factories.make_manager(database, relation)
    he = await factories.make_user(database, first_name="Boris", last_name="Borta")
    held = await factories.make_authorization(database, he, relation)
    looks_on = await factories.make_user(database)
    others = await factories.make_authorization(
        database, looks_on, relation, role=Role.RELATION_USER, levels={Subpage.REPORTS: Level.NONE}
    )
    gone = await factories.make_authorization(database, looks_on, relation, role=Role.VIEWER)
    accepted = await factories.make_invitation(
        database,
        inviter=colleague,
        relation=relation,
        email=he.email,
        role=Role.ADMINISTRATOR,
        state=InvitationState.ACCEPTED,
        ended_at=now,
        now=now,
    )
    api, browser = await frontend.log_in(he), await log_in(frontend.client(), he)
    eva = await factories.make_user(database)
    made = await invite(api, relation.id, email=eva.email)
    # Everything that he did with a key. The preview that he looked at is never used.
    etag = (await api.get(f"/v1/authorizations/{others.id}")).headers["etag"]
    less = {**{each.value: level.value for each, level in others.levels.items()}, "invoices": "none"}
    requests = [
        Request("POST", f"/v1/authorizations/{gone.id}/removal", None, {"Idempotency-Key": "removal"}),
        Request(
            "PUT",
            f"/v1/authorizations/{others.id}/levels",
            {"levels": less},
            {"Idempotency-Key": "levels", "If-Match": etag},
        ),
        Request(
            "POST",
            f"/v1/customer-relations/{relation.id}/invitations",
            draft(email="key@example.com"),
            {"Idempotency-Key": "invitation"},
        ),
    ]
    repeats = [(each, await each.sent(api)) for each in requests]
    assert all(answer.is_success for _, answer in repeats), [answer.text for _, answer in repeats]
    assert (await api.get(f"/v1/authorizations/{others.id}/removal")).status_code == 200
    change = UUID(repeats[0][1].json()["id"])
    asked = await (await frontend.log_in(looks_on)).post(
        f"/v1/authorizations/{others.id}/rights-requests", json={"levels": {**less, "reports": "read"}}
    )
    assert asked.status_code == 201, asked.text
    draft_row = await drafts.begin(
        frontend.services,
        he,
        DraftKind.INVITATION,
        relation.id,
        {**draft(email="d@example.com"), "language": ""},
    )
    known = {
        "relation_id": [relation.id],
        "authorization_id": [held.id, others.id, gone.id],
        "user_id": [he.id, looks_on.id, colleague.id],
        "invitation_id": [UUID(made["id"])],
        "process_id": [UUID(made["id"]), change],
        "change_id": [change],
        "draft_id": [draft_row.id],
        "request_id": [UUID(asked.json()["id"])],
    }
    return Removed(
        frontend=frontend,
        relation=relation,
        he=he,
        held=held,
        colleague=colleague,
        remover=await frontend.log_in(colleague),
        api=api,
        browser=browser,
        open=UUID(made["id"]),
        accepted=accepted,
        invitee=await frontend.log_in(eva),
        known=known,
        repeats=repeats,
        etag=etag,
        cached=await cached_forms(browser, known),
    )


# The routes


def filled(
    template: str, names: Sequence[str], known: Mapping[str, Sequence[UUID]]
) -> Iterator[tuple[str, str, Sequence[str]]]:
    """For each choice of known ids: the address, the same with ids that nothing has, and all these ids."""
    of_relation = [name for name in names if name not in NOT_OF_A_RELATION]
    if not of_relation or set(names) & {"token", "path", "name"}:
        return
    for chosen in product(*(known[name] for name in of_relation)):
        ids = {name: str(uuid4()) for name in names}
        ids |= {name: str(each) for name, each in zip(of_relation, chosen, strict=True)}
        # A user is known for other reasons, too.
        absent = {name: each if name == "user_id" else str(uuid4()) for name, each in ids.items()}
        yield template.format(**ids), template.format(**absent), [*ids.values(), *absent.values()]


def page_routes() -> Iterator[tuple[str, str, Sequence[str]]]:
    """Method, address and names of ids of every page."""
    for route in ROUTES:
        assert isinstance(route, Route)
        template = re.sub(r"{(\w+):\w+}", r"{\1}", route.path)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, template, list(route.param_convertors)


def requests_to(document: Mapping[str, Any], removed: Removed) -> Iterator[tuple[Request, Request]]:
    """To every route of the API with an id of the relation; and the same with ids that nothing has."""
    for template, methods in document["paths"].items():
        names = re.findall(r"{(\w+)}", template)
        for method, operation in methods.items():
            body = BODIES.get(operation["operationId"])
            for path, absent, _ in filled(template, names, removed.known):
                headers = {"If-Match": removed.etag}
                yield Request(method, path, body, headers), Request(method, absent, body, headers)


async def cached_forms(
    browser: httpx2.AsyncClient, known: Mapping[str, Sequence[UUID]]
) -> Mapping[str, Mapping[str, str]]:
    """Every form about the relation on any page of his, as it was sent to him."""
    ids = {str(each) for group in known.values() for each in group}
    found: dict[str, Mapping[str, str]] = {}
    for method, template, names in page_routes():
        for path, _, _ in filled(template, names, known) if method == "GET" else ():
            page = await browser.get(path, follow_redirects=True)
            if page.headers["content-type"].startswith("text/html") and page.status_code == 200:
                own = {action or page.url.path: fields for action, fields in forms(page).items()}
                found |= {action: fields for action, fields in own.items() if _names(action, ids)}
    return found


def _names(text: str, ids: set[str]) -> bool:
    return any(each in text for each in ids)


# What is asked


async def assert_he_is_an_outsider(removed: Removed) -> None:
    document = (await removed.api.get("/v1/openapi.json")).json()
    stranger = await removed.frontend.log_in(await factories.make_user(removed.frontend.database))
    before = await removed.frontend.dump(*TRACES)
    tried = 0
    for known, absent in requests_to(document, removed):
        answers = [
            await known.sent(removed.api),
            await absent.sent(removed.api),
            await known.sent(stranger),
        ]
        for answer in answers:
            assert refusal(answer) == (404, "not_found"), (known.method, known.path, answer.text)
        assert len({answer.content for answer in answers}) == 1, known
        assert len({repr(sorted(answer.headers.items())) for answer in answers}) == 1, known
        tried += 1
    assert tried > 20
    for repeat, _ in removed.repeats:
        assert refusal(await repeat.sent(removed.api)) == (404, "not_found"), repeat
    assert await removed.frontend.dump(*TRACES) == before


async def assert_pages_are_as_absent(removed: Removed) -> None:
    browser = removed.browser
    token = form(await browser.get("/help"), "/language")["form_token"]
    before = await removed.frontend.dump(*TRACES)
    posted = 0
    for method, template, names in page_routes():
        for path, absent, ids in filled(template, names, removed.known):
            cached = removed.cached.get(path, {})
            posted += bool(method == "POST" and cached)
            answers = []
            for address in (path, absent):
                data = {**cached, "form_token": token} if method == "POST" else None
                # Some pages send everybody first to where it is said that there is nothing.
                answer = await browser.request(method, address, data=data, follow_redirects=True)
                assert answer.status_code == 404, (method, address, answer.status_code)
                answers.append(_without(f"{answer.url}\n{answer.text}", ids))
            assert answers[0] == answers[1], (method, template)
    assert posted > 3, "the forms that he kept are those of today's pages"
    for address, fields in removed.cached.items():
        answer = await browser.post(address, data=dict(fields), follow_redirects=True)
        assert answer.status_code == 404, (address, answer.status_code)
    assert await removed.frontend.dump(*TRACES) == before


def _without(text: str, ids: Sequence[str]) -> str:
    for each in ids:
        text = text.replace(each, "ID")
    return _FORM_TOKEN.sub(r"\1", text)


async def assert_nothing_shows_it(removed: Removed) -> None:
    ids = {str(each) for name, group in removed.known.items() for each in group if name != "user_id"}
    for path in ("/v1/me/services", "/v1/customer-relations", "/v1/me/tasks"):
        shown = await removed.api.get(path)
        assert shown.json()["items"] == [], path
        assert not _names(shown.text, ids), path
    for page in ("/services", "/maintenance", "/tasks"):
        response = await removed.browser.get(page)
        assert response.status_code == 200
        assert not _names(response.text, ids), page
        assert removed.relation.customer.name not in response.text, page
    for subpage in Subpage:
        question = checking.question_about(
            removed.he.id,
            removed.relation.id,
            subpage=subpage,
            level="write" if subpage is Subpage.USERS else "read",
        )
        answer = await removed.frontend.client().post(checking.PATH, json=question, auth=checking.BASIC)
        assert (answer.json()["allowed"], answer.json()["held"]) == (False, Level.NONE)


async def assert_how_he_came_leads_nowhere(removed: Removed) -> None:
    """The link by which he was invited, long accepted: it says so, and gives nothing again."""
    token = KEYS.invitation_token(removed.accepted.id, removed.accepted.generation)
    before = await removed.frontend.dump(*TRACES)
    await removed.api.post(f"/v1/invitations/{removed.accepted.id}/accept", json={"token": token})
    opened = await removed.browser.get(f"/invitations/open/{token}", follow_redirects=True)
    assert opened.status_code == 200
    assert await removed.frontend.dump(*TRACES, "idempotency_keys") == {
        name: rows for name, rows in before.items() if name != "idempotency_keys"
    }


async def state_of(removed: Removed) -> InvitationState:
    async with removed.frontend.database.reading() as session:
        return (await session.get_one(Invitation, removed.open)).state


async def accept(live: Frontend, removed: Removed) -> httpx2.Response:
    """By the invited person, where Temporal is within reach."""
    return await at(live, removed.invitee).post(f"/v1/invitations/{removed.open}/accept")


def at(frontend: Frontend, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The same person at another API over the same database."""
    moved = frontend.client()
    if "Authorization" in client.headers:
        moved.headers["Authorization"] = client.headers["Authorization"]
    moved.cookies.update(client.cookies)
    return moved


async def all_told(removed: Removed) -> bool:
    """Whether the processes have done what the removal and the acts before it gave them to do."""
    async with removed.frontend.database.reading() as session:
        changes = (await session.scalars(select(AuthorizationChange))).all()
        open_now = await invitations.resting_on(session, removed.he.id, removed.relation.id)
        return (
            all(each.state is AuthorizationChangeState.TOLD for each in changes)
            and not open_now
            and await outbox.depth(session) == 0
        )


async def rights_of(removed: Removed, user_id: UUID) -> int:
    async with removed.frontend.database.reading() as session:
        held = await factories.authorizations_of(session, user_id)
        return sum(each.ended_at is None for each in held)


async def remove_him(removed: Removed, frontend: Frontend) -> Removed:
    """There, at once; from then on he asks there, too."""
    path = f"/v1/authorizations/{removed.held.id}/removal"
    answer = await at(frontend, removed.remover).post(path)
    assert answer.status_code == 201, answer.text
    assert str(removed.open) in answer.json()["fallen_invitations"]
    return replace(
        removed,
        frontend=frontend,
        api=at(frontend, removed.api),
        browser=at(frontend, removed.browser),
    )


# With Temporal, and without


def frontend_over(harness: Harness, client: Client) -> Frontend:
    settings = harness.settings.model_copy(update={"service_credentials": [checking.CREDENTIAL]})
    return Frontend(make_services(settings, harness.database, client, harness.clock))


@pytest.fixture
async def live(log_file: object, harness: Harness) -> AsyncIterator[Frontend]:
    """An API with Temporal, and a worker at work."""
    made = frontend_over(harness, harness.client)
    yield made
    await made.close()


@pytest.fixture
async def alone(log_file: object, harness: Harness) -> AsyncIterator[Frontend]:
    """An API over the same database whose Temporal nobody reaches."""
    client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=DATA_CONVERTER)
    made = frontend_over(harness, client)
    yield made
    await made.close()


@pytest.mark.parametrize("temporal", ["reachable", "away"])
async def test_from_the_very_next_request_he_is_an_outsider(
    live: Frontend, alone: Frontend, temporal: str
) -> None:
    away = temporal == "away"

    removed = await remove_him(await make_removed(live), alone if away else live)

    await assert_nothing_shows_it(removed)
    if not away:
        await eventually_true(partial(all_told, removed))
    await assert_he_is_an_outsider(removed)
    await assert_pages_are_as_absent(removed)
    await assert_how_he_came_leads_nowhere(removed)
    # Whoever he invited: the process has ended, or the grant finds no right.
    assert refusal(await accept(live, removed)) == (410, "invitation.void")
    assert await state_of(removed) is InvitationState.VOID
    assert await rights_of(removed, removed.he.id) == 0


async def test_added_again_nothing_old_revives(live: Frontend) -> None:
    removed = await remove_him(await make_removed(live), live)
    await live.ended(str(removed.open))

    again = await factories.make_authorization(live.database, removed.he, removed.relation)

    assert (await removed.api.get(f"/v1/authorizations/{again.id}")).json()["own"]
    assert refusal(await removed.api.get(f"/v1/authorizations/{removed.held.id}")) == (
        409,
        "authorization.ended",
    )
    assert (await removed.api.get(f"/v1/invitations/{removed.open}")).json()["state"] == "void"
    assert refusal(await accept(live, removed)) == (410, "invitation.void")


async def test_added_again_before_temporal_has_heard_of_it(live: Frontend, alone: Frontend) -> None:
    removed = await remove_him(await make_removed(live), alone)
    await factories.make_authorization(live.database, removed.he, removed.relation)

    assert refusal(await accept(live, removed)) == (410, "invitation.void")
    assert await state_of(removed) is InvitationState.VOID
