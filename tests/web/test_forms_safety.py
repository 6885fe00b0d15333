"""Every page and every form there is: nothing is done for other sites, nothing is let out (A21, A27)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.convertors import UUIDConvertor
from starlette.routing import Route

from domain.vocabulary import DraftKind, Language, Level, Role, Subpage
from starter.http.middleware import SAFE_HEADERS
from starter.services import drafts, removals, rights_requests, sessions
from starter.web.app import create_pages
from starter.web.render import CONTENT_SECURITY_POLICY
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.clock import SettableClock
from tests.frontend import Frontend, draft
from tests.web.browsing import form, forms
from tests.web.visiting import link, log_in, page, token_of, visiting

EVIL = "https://evil.example.net"
FORM = "application/x-www-form-urlencoded"
# Reached without a log-in.
OPEN = {
    *("/login", "/logout", "/language", "/register", "/invitations/opened/switch"),
    *("/registrations", "/registrations/help"),
    *(f"/registrations/{step}" for step in ("identification", "details", "email", "confirm", "cancel")),
    *("/email-confirmations", "/disputes"),
    *("/password/forgotten", "/username/forgotten", "/password-resets", "/email-changes"),
}
# What a machine reads, and the ends of what is saved as a file: no HTML.
NO_PAGE = "/identification/jwks.json"
FILES = (".csv",)


@dataclass(frozen=True)
class Place:
    """A user, who manages one relation, is about to invite to it, and stands somehow to an invitation."""

    frontend: Frontend
    user: User
    invitation: Invitation
    ids: Mapping[str, UUID]

    def addresses(self, method: str) -> Iterator[str]:
        """Of every page that takes the method."""
        for route in create_pages(self.frontend.services).routes:
            assert isinstance(route, Route)
            convertors = route.param_convertors
            if method in (route.methods or ()) and not {"path", "name", "token"} & set(convertors):
                assert all(isinstance(each, UUIDConvertor) for each in convertors.values()), route.path
                yield str(route.url_path_for(route.name, **{name: self.ids[name] for name in convertors}))


async def place(frontend: Frontend, database: Database, *, is_invited: bool = True) -> Place:
    user = await factories.make_user(database, language=Language.ENGLISH)
    own, others = [await factories.make_relation(database) for _ in range(2)]
    await factories.make_authorization(database, user, own)
    manager = await factories.make_manager(database, others)
    invitation = await factories.make_invitation(
        database,
        inviter=manager if is_invited else user,
        relation=others if is_invited else own,
        email=user.email if is_invited else "bo.boman@example.com",
        now=frontend.services.clock(),
    )
    typed = {**draft(email="eva@example.com"), "language": ""}
    made = await drafts.begin(frontend.services, user, DraftKind.INVITATION, own.id, typed)
    ids = {"relation_id": own.id, "invitation_id": invitation.id, "draft_id": made.id, "link_id": uuid4()}
    elsewhere = (await sessions.start_for(frontend.services, user.id, "127.0.0.1")).session
    ids |= {"process_id": invitation.id, "session_id": elsewhere.id}
    return Place(frontend, user, invitation, ids | await _another(frontend, database, user, own))


async def _another(
    frontend: Frontend, database: Database, user: User, relation: CustomerRelation
) -> dict[str, UUID]:
    """Another user on the relation, who has lost one authorization, and asks for more rights by another."""
    another = await factories.make_user(database)
    kept = await factories.make_authorization(database, another, relation, role=Role.VIEWER)
    gone = await factories.make_authorization(database, another, relation)
    removed = await removals.remove(frontend.services, user, [gone.id])
    more = {**kept.levels, Subpage.INVOICES: Level.READ}
    asked = await rights_requests.ask(frontend.services, another, kept.id, more, "")
    return {
        "user_id": another.id,
        "authorization_id": kept.id,
        "change_id": removed.id,
        "request_id": asked.id,
    }


async def token_for(browser: httpx2.AsyncClient) -> str:
    return form(await browser.get("/help"), "/language")["form_token"]


def foreign(token: str, other: str) -> list[tuple[str, bytes, dict[str, str]]]:
    """Requests that no page of ours sends: what is wrong with them, body, headers."""
    body = f"form_token={token}".encode()
    part = (
        b'--b\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n'
        + token.encode()
        + b"\r\n--b--\r\n"
    )
    return [
        ("no token", b"", {"Content-Type": FORM}),
        ("an empty token", b"form_token=", {"Content-Type": FORM}),
        ("another session's token", f"form_token={other}".encode(), {"Content-Type": FORM}),
        ("the token twice", body + b"&" + body, {"Content-Type": FORM}),
        ("from another site", body, {"Content-Type": FORM, "Sec-Fetch-Site": "cross-site"}),
        ("from a sister site", body, {"Content-Type": FORM, "Sec-Fetch-Site": "same-site"}),
        ("from another origin", body, {"Content-Type": FORM, "Origin": EVIL}),
        ("plain text", body, {"Content-Type": "text/plain"}),
        ("no form", body, {}),
        ("in parts", part, {"Content-Type": "multipart/form-data; boundary=b"}),
        ("JSON", b'{"form_token": "%s"}' % token.encode(), {"Content-Type": "application/json"}),
    ]


@pytest.mark.parametrize("who", ["invited", "inviting", "nobody"])
async def test_no_form_is_taken_that_is_not_ours(
    sqlite_database: Database, clock: SettableClock, who: str
) -> None:
    is_logged_in = who != "nobody"
    async with visiting(sqlite_database, clock) as frontend:
        here = await place(frontend, sqlite_database, is_invited=who == "invited")
        browser, other = frontend.client(), frontend.client()
        if is_logged_in:
            await log_in(browser, here.user)
            await log_in(other, await factories.make_user(sqlite_database))
        requests = foreign(await token_for(browser), await token_for(other))
        addresses = list(here.addresses("POST"))
        assert set(addresses) >= OPEN | {"/account"}
        before = await frontend.dump("audit_events")
        for address in addresses:
            for name, body, headers in requests:
                response = await browser.post(address, content=body, headers=headers)
                if is_logged_in or address in OPEN:
                    assert response.status_code in {400, 403}, (address, name)
                    assert "<main" in response.text
                else:
                    assert response.status_code == 303, (address, name)
                    assert response.headers["location"].startswith("/login?next=/"), (address, name)
                assert not any("session" in each for each in response.headers.get_list("set-cookie"))
        assert await frontend.dump("audit_events") == before


async def test_the_same_forms_are_taken_when_they_are_ours(
    sqlite_database: Database, clock: SettableClock
) -> None:
    """What the test above tries is refused for the reason it names: with it mended, nothing is foreign."""
    async with visiting(sqlite_database, clock) as frontend:
        here = await place(frontend, sqlite_database)
        for address in here.addresses("POST"):
            for headers in (
                {"Sec-Fetch-Site": "same-origin"},
                {"Origin": frontend.services.settings.origin_url},
                {"Origin": "null"},
            ):
                browser = await log_in(frontend.client(), here.user)
                data = {"form_token": await token_for(browser)}
                response = await browser.post(address, data=data, headers=headers)
                for code in ("form.foreign", "form.outdated", "request.malformed"):
                    assert code not in response.text, (address, headers)


@pytest.mark.parametrize("who", ["invited", "inviting", "nobody"])
async def test_every_page_is_safe_to_show(sqlite_database: Database, clock: SettableClock, who: str) -> None:
    is_logged_in = who != "nobody"
    async with visiting(sqlite_database, clock) as frontend:
        here = await place(frontend, sqlite_database, is_invited=who == "invited")
        browser = frontend.client()
        if is_logged_in:
            await log_in(browser, here.user)
        statuses = {}
        for address in [*here.addresses("GET"), "/nothing/here"]:
            response = await browser.get(address)
            statuses[address] = response.status_code
            assert response.headers["cache-control"] == "no-store", address
            assert response.headers["referrer-policy"] == "no-referrer", address
            assert response.headers["x-content-type-options"] == "nosniff", address
            policy = response.headers["content-security-policy"]
            is_file = address.endswith(FILES) and response.status_code == 200
            if response.status_code == 303 or address == NO_PAGE or is_file:
                assert policy == SAFE_HEADERS["Content-Security-Policy"], address
                assert is_file == ("attachment" in response.headers.get("content-disposition", "")), address
            elif address.startswith("/invitation-drafts/") and address.endswith("/email") and is_logged_in:
                # The e-mail as it will be sent, in a frame of its own where nothing runs.
                assert {"default-src 'none'", "sandbox allow-popups"} <= set(policy.split("; ")), address
            else:
                assert policy == CONTENT_SECURITY_POLICY, address
                _assert_nothing_inline(response)
        assert set(statuses.values()) <= {200, 303, 403, 404}, statuses
        for standing in ("/terms", "/privacy", "/accessibility", "/help"):
            assert statuses[standing] == 200
        assert statuses["/tasks"] == (200 if is_logged_in else 303)


def _assert_nothing_inline(response: httpx2.Response) -> None:
    found = page(response)
    address = response.url.path
    assert found.language in {"en", "sv"}, address
    assert found.tags.count("h1") == 1, address
    assert not {"style", "base", "object"} & set(found.tags), address
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"], address
    assert found.tags.count("script") == len(
        [each for each in found.addresses if "/assets/" in each and ".js" in each]
    )
    assert not [each for each in found.addresses if each.startswith(("//", "javascript:", "data:"))], address
    for action in forms(response):
        assert action.startswith("/"), (address, action)
        assert not action.startswith("//"), (address, action)


@pytest.mark.parametrize("goal", ["https://evil.example.net", "//evil.example.net", "/\\evil.example.net"])
async def test_no_form_leads_to_another_host(
    sqlite_database: Database, clock: SettableClock, goal: str
) -> None:
    async with visiting(sqlite_database, clock) as frontend:
        here = await place(frontend, sqlite_database)
        browser = frontend.client()
        token = await token_for(browser)
        chosen = await browser.post("/language", data={"form_token": token, "language": "fi", "next": goal})
        assert chosen.headers["location"] == "/services"
        shown = await browser.get("/login", params={"next": goal})
        assert "evil" not in form(shown)["next"]
        data = {"username": here.user.username, "password": factories.PASSWORD, "next": goal}
        logged_in = await browser.post("/login", data={**data, "form_token": token})
        assert logged_in.headers["location"] == "/services"
        assert (await browser.get("/login", params={"next": goal})).headers["location"] == "/services"


async def test_a_cookie_of_the_link_alone_lets_nobody_in(
    sqlite_database: Database, clock: SettableClock
) -> None:
    async with visiting(sqlite_database, clock) as frontend:
        here = await place(frontend, sqlite_database)
        browser = frontend.client()
        await browser.get(link(token_of(here.invitation)))
        for address in here.addresses("GET"):
            response = await browser.get(address)
            assert here.user.email not in response.text
            assert here.invitation.cover_message not in response.text
