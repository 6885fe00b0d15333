"""Identifying, fetching contracts, links in registrations' e-mails, for who looks at every page."""

from collections.abc import Mapping
from datetime import timedelta

from domain.vocabulary import Commodity, ContractLinkState, CustomerKind, Language, Role
from starter.services import Services, sessions
from store.database import Database
from store.registrations import Registration
from store.sessions import Session
from tests import factories
from tests.bank import new_person
from tests.web.contract_links import make_link
from tests.web.identifying import make_identity
from tests.web.registration_links import DISPUTES, EMAILS, completed, registering

Shown = tuple[Mapping[str, str], list[str]]
_UNKNOWN = "x" * 43


async def identity_pages(services: Services, database: Database) -> list[Shown]:
    """Each in every state that looks different: the cookies with which one sees it, and its address."""
    return [
        *await _links(services, database),
        ({}, ["/identification/failed"]),
        *await _identified(services, database),
        await _asked_to_identify(services, database),
    ]


async def _links(services: Services, database: Database) -> list[Shown]:
    asked, confirmed = [await registering(database, services.clock) for _ in range(2)]
    disputable, disputed = [(await completed(database, services.clock))[0] for _ in range(2)]
    async with database.transaction() as session:
        now = services.clock()
        (await session.get_one(Registration, confirmed.id)).email_confirmed_at = now
        (await session.get_one(Registration, disputed.id)).disputed_at = now
    confirming = [services.keys.registration_token("confirm", each.id) for each in (asked, confirmed)]
    disputing = [services.keys.registration_token("dispute", each.id) for each in (disputable, disputed)]
    return [
        *(({"email_confirmation": token}, [EMAILS]) for token in (*confirming, _UNKNOWN)),
        *(({"dispute": token}, [DISPUTES]) for token in (*disputing, _UNKNOWN)),
    ]


async def _identified(services: Services, database: Database) -> list[Shown]:
    """Somebody with a strong identity that was used just now."""
    user = await factories.make_user(database, language=Language.FINNISH)
    await make_identity(services, user, new_person("Wolfgang", "von und zu Lichtenstein"))
    started = await sessions.start_for(services, user.id, "127.0.0.1")
    home = await factories.make_relation(
        database, kind=CustomerKind.PRIVATE, name="Wolfgang von und zu Lichtenstein"
    )
    old = await factories.make_relation(
        database, customer=home.customer, commodity=Commodity.DISTRICT_HEATING, ended_at=services.clock()
    )
    async with database.transaction() as session:
        (await session.get_one(Session, started.session.id)).identified_at = services.clock()
    states, found = ContractLinkState, ((home,), (old,))
    summaries = [
        await make_link(database, services.clock, user, states.LINKED, *found),
        await make_link(database, services.clock, user, states.LINKED),
        await make_link(database, services.clock, user, states.FAILED),
        await make_link(database, services.clock, user, states.LINKING),
    ]
    pages = ["/account", "/identify", "/contract-links/new", "/contract-links/not-mine", *summaries]
    # With the zone, scripts are known to run: a page that waits does not reload while it is looked at.
    return [({"session": started.token, "zone": "Europe/Helsinki"}, pages)]


async def _asked_to_identify(services: Services, database: Database) -> Shown:
    """Somebody without one, who is invited to be an administrator."""
    company = await factories.make_relation(database)
    manager = await factories.make_manager(database, company)
    user = await factories.make_user(database, language=Language.FINNISH)
    invitation = await factories.make_invitation(
        database,
        inviter=manager,
        relation=company,
        email=user.email,
        role=Role.ADMINISTRATOR,
        now=services.clock() - timedelta(seconds=1),
    )
    started = await sessions.start_for(services, user.id, "127.0.0.1")
    return {"session": started.token}, [f"/invitations/{invitation.id}"]
