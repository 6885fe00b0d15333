"""Requests for more rights, what has happened, export and erasure, for who looks at every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.vocabulary import Level, Role, Subpage
from starter.services import Services, erasures, rights_requests, sessions
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.rights_requests import RightsRequest
from store.users import User
from tests import factories
from tests.bank import new_person
from tests.web.identifying import make_identity

Shown = tuple[Mapping[str, str], list[str]]
MESSAGE = "Hej!\n\nJag behöver se fakturorna. <b>Tack</b> på förhand!"
_MORE = {Subpage.CONTRACTS: Level.READ, Subpage.INVOICES: Level.READ, Subpage.CONTACT_DETAILS: Level.READ}


async def data_pages(services: Services, database: Database) -> list[Shown]:
    """Each in every state that looks different: the cookies with which one sees it, and its address."""
    name = "Pohjois-Pohjanmaan Kiinteistönhoitopalvelut Oy"
    relation = await factories.make_relation(database, name=name)
    manager = await factories.make_manager(database, relation)
    limited = await factories.make_user(database, first_name="Lars")
    await factories.make_authorization(database, limited, relation, levels={Subpage.INVOICES: Level.NONE})
    return [
        *await _asking(services, database, relation),
        *await _answering(services, database, relation, manager, limited),
        *await _ended(services, database, relation, manager, limited),
        *await _own_data(services, database, relation),
    ]


async def _asking(services: Services, database: Database, relation: CustomerRelation) -> list[Shown]:
    new, known, waiting = [await _viewer(database, relation) for _ in range(3)]
    await make_identity(services, known.user, new_person())
    user = await factories.make_authorization(database, new.user, relation, role=Role.RELATION_USER)
    made = await _asks(services, waiting)
    alone = await factories.make_relation(database)
    nobody = await factories.make_authorization(database, new.user, alone, role=Role.VIEWER)
    full = await factories.make_authorization(database, known.user, relation)
    here = f"/rights-requests/{made.id}"
    return [
        (
            await _of(services, new.user),
            [
                f"/relations/{relation.id}/authorizations",
                *(f"/authorizations/{each.id}/more-rights" for each in (new.held, user, nobody)),
            ],
        ),
        (
            await _of(services, known.user),
            [f"/authorizations/{each.id}/more-rights" for each in (known.held, full)],
        ),
        (
            await _of(services, waiting.user),
            [here, f"{here}/withdraw", f"/authorizations/{waiting.held.id}/more-rights"],
        ),
    ]


async def _answering(
    services: Services, database: Database, relation: CustomerRelation, manager: User, limited: User
) -> list[Shown]:
    made = await _asks(services, await _viewer(database, relation))
    for_more = await _viewer(database, relation)
    await make_identity(services, for_more.user, new_person())
    written = await _asks(services, for_more, message="", more=dict.fromkeys(_MORE, Level.WRITE))
    invoices = await _asks(services, await _viewer(database, relation), more={Subpage.INVOICES: Level.READ})
    here, beyond = f"/rights-requests/{made.id}", f"/rights-requests/{written.id}"
    await factories.make_invitation(
        database,
        inviter=limited,
        relation=await factories.make_relation(database),
        email=manager.email,
        now=services.clock(),
    )
    return [
        (await _of(services, manager), ["/tasks", here, f"{here}/approve", f"{here}/decline", beyond]),
        (
            await _of(services, limited),
            [beyond, f"{beyond}/approve", f"/rights-requests/{invoices.id}"],
        ),
    ]


async def _ended(
    services: Services, database: Database, relation: CustomerRelation, manager: User, other: User
) -> list[Shown]:
    held = [await _viewer(database, relation) for _ in range(3)]
    approved, declined, withdrawn = [await _asks(services, each) for each in held]
    part = dict(held[0].held.levels) | {Subpage.CONTRACTS: Level.READ}
    await rights_requests.approve(services, manager, approved.id, part)
    await rights_requests.decline(services, manager, declined.id)
    await rights_requests.withdraw(services, held[2].user, withdrawn.id)
    paths = [f"/rights-requests/{each.id}" for each in (approved, declined, withdrawn)]
    return [
        *[(await _of(services, each.user), [path]) for each, path in zip(held, paths, strict=True)],
        (await _of(services, manager), [*paths, f"/relations/{relation.id}/events", "/account/access"]),
        (await _of(services, other), [paths[1]]),
    ]


async def _own_data(services: Services, database: Database, relation: CustomerRelation) -> list[Shown]:
    user = (await _viewer(database, relation)).user
    lonely = await factories.make_relation(database)
    owner = await factories.make_manager(database, lonely)
    leaving = await sessions.start_for(services, owner.id, "127.0.0.1")
    known = (await _viewer(database, relation)).user
    await make_identity(services, known, new_person())
    going = await factories.make_manager(database, await factories.make_relation(database))
    gone = await sessions.start_for(services, going.id, "127.0.0.1")
    await erasures.schedule(services, gone.session, factories.PASSWORD)
    return [
        (await _of(services, user), ["/account/export", "/account/erasure"]),
        ({"session": leaving.token, "language": "fi"}, ["/account/erasure"]),
        (await _of(services, known), ["/account/erasure"]),
        (
            {"session": gone.token, "language": "fi"},
            ["/account", "/account/erasure", "/account/erasure/cancel", "/account/events", "/account/access"],
        ),
    ]


@dataclass(frozen=True)
class _Viewer:
    user: User
    held: Authorization


async def _viewer(database: Database, relation: CustomerRelation) -> _Viewer:
    user = await factories.make_user(database, first_name="Eva-Lotta", last_name="Ek-Lichtenstein")
    return _Viewer(user, await factories.make_authorization(database, user, relation, role=Role.VIEWER))


async def _asks(
    services: Services,
    viewer: _Viewer,
    message: str = MESSAGE,
    more: Mapping[Subpage, Level] = MappingProxyType(_MORE),
) -> RightsRequest:
    return await rights_requests.ask(
        services, viewer.user, viewer.held.id, {**viewer.held.levels, **more}, message
    )


async def _of(services: Services, user: User) -> Mapping[str, str]:
    """The cookies of a user who reads Finnish, as everybody does whose pages are looked at."""
    return {"session": (await sessions.start_for(services, user.id, "127.0.0.1")).token, "language": "fi"}
