"""Every page of the service with somebody who may see it, in each state that looks different."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from starlette.routing import Route

from domain.vocabulary import Commodity, CustomerKind, DraftKind, InvitationState, Language, Role
from starter.services import Services, drafts, sessions
from starter.web.pages import ROUTES
from store.database import Database
from store.users import User
from tests import factories
from tests.browser.account_shown import account_pages
from tests.browser.data_shown import data_pages
from tests.browser.identity_shown import identity_pages
from tests.browser.registrations_shown import registration_pages
from tests.browser.removals_shown import removal_pages

_TABS = ("authorizations", "users", "invitations", "processes", "events")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_PHASES = {
    "email": "ny@example.com",
    "role": "relation_user",
    "language": "fi",
    "first_name": "Ny",
    "last_name": "Person-Langnamn",
    "cover_message": "Hej!\n\nNu kan du se vår elförbrukning.",
}
# Answers to these are no pages: on to another address, or the e-mail in its frame.
NO_PAGES = frozenset(
    {
        "/",
        "/relations/{id}",
        "/relations/{id}/invitations/new",
        "/invitations/open/{token:path}",
        "/invitations/opened/switch",
        "/invitations/{id}/accept",
        "/invitation-drafts/{id}/email",
        "/registrations/next",
        "/registrations/confirm",
        "/registrations/email",
        "/email-confirmations/open/{token:path}",
        "/disputes/open/{token:path}",
        "/password-resets/open/{token:path}",
        "/email-changes/open/{token:path}",
        "/identification/callback",
        "/identification/jwks.json",
        "/relations/{id}/events.csv",
        "/account/events.csv",
    }
)


@dataclass(frozen=True)
class Shown:
    """A page, who looks at it, and the cookie with which (none: somebody who is not logged in)."""

    address: str
    cookies: Mapping[str, str]

    @property
    def pattern(self) -> str:
        """Its route."""
        return _UUID.sub("{id}", self.address.partition("?")[0])


def all_patterns() -> frozenset[str]:
    """The routes of all pages, from the application itself."""
    routes = [route for route in ROUTES if isinstance(route, Route) and "GET" in (route.methods or ())]
    return frozenset(re.sub(r"\{\w+:uuid\}", "{id}", route.path) for route in routes) - NO_PAGES


async def every_page(services: Services, database: Database) -> list[Shown]:
    """All of them, with the people and invitations that they need."""
    now = services.clock()
    name = "Wolfgang von und zu Lichtenstein"
    home = await factories.make_relation(database, kind=CustomerKind.PRIVATE, name=name)
    company = await factories.make_relation(database, commodity=Commodity.DISTRICT_HEATING)
    manager = await factories.make_manager(database, home)
    await factories.make_authorization(database, manager, company, role=Role.ADMINISTRATOR)
    guest = await factories.make_user(database, language=Language.FINNISH)
    await factories.make_authorization(database, guest, company, role=Role.VIEWER)
    nobody = await factories.make_user(database, language=Language.FINNISH)

    async def invitation(to: str, state: InvitationState = InvitationState.PENDING) -> str:
        made = await factories.make_invitation(
            database,
            inviter=manager,
            relation=home,
            email=to,
            state=state,
            now=now - timedelta(seconds=1),
            ended_at=None if state.is_open else now,
        )
        return str(made.id)

    ends = {
        state: await invitation(f"{state.value}@example.com", state)
        for state in InvitationState
        if not state.is_open
    }
    to_guest, to_new = await invitation(guest.email), await invitation("uusi@example.com")
    accepted = await invitation(guest.email, InvitationState.ACCEPTED)
    declined = await invitation(guest.email, InvitationState.DECLINED)
    draft = await drafts.begin(services, manager, DraftKind.INVITATION, home.id, _PHASES)

    async def of(user: User) -> dict[str, str]:
        return {"session": (await sessions.start_for(services, user.id, "127.0.0.1")).token}

    as_manager, as_guest, as_nobody = await of(manager), await of(guest), await of(nobody)
    link = {"invitation": services.keys.invitation_token(UUID(to_new), 1)}
    relation, flow = f"/relations/{home.id}", f"/invitation-drafts/{draft.id}"
    by_visitor: list[tuple[Mapping[str, str], list[str]]] = [
        ({}, ["/login", "/terms", "/privacy", "/accessibility", "/help", "/nothing"]),
        (link, ["/invitations/opened", "/register"]),
        ({**link, **as_guest}, ["/invitations/opened"]),
        (as_nobody, ["/services", "/tasks", "/maintenance"]),
        (as_guest, ["/services", "/tasks", "/account"]),
        (as_guest, [f"/relations/{company.id}/{tab}" for tab in ("authorizations", "processes")]),
        (as_guest, [f"/invitations/{to_guest}", f"/invitations/{to_guest}/decline"]),
        (as_guest, [f"/invitations/{accepted}/accepted", f"/invitations/{declined}/declined"]),
        (as_guest, [f"/invitations/{accepted}", f"/invitations/{declined}"]),
        (as_manager, ["/maintenance", f"/relations/{company.id}/invitations"]),
        (
            as_manager,
            [f"{relation}/{tab}" for tab in ("authorizations", "users", "invitations", "processes")],
        ),
        (as_manager, [f"{flow}/{phase}" for phase in ("contact-details", "user-details", "cover-message")]),
        (as_manager, [f"{flow}/confirmation", f"/invitations/{to_new}", f"/processes/{to_new}"]),
        (as_manager, [f"/invitations/{to_new}/sent", f"/invitations/{to_new}/cancel"]),
        (as_manager, [f"/invitations/{end}" for end in ends]),
        *await registration_pages(services, database, guest, as_guest),
        *await identity_pages(services, database),
        *await account_pages(services, database),
        *await removal_pages(services, database),
        *await data_pages(services, database),
    ]
    return [Shown(address, cookies) for cookies, addresses in by_visitor for address in addresses]
