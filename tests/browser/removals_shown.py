"""Removing authorizations, giving up one's own, and setting levels, for who looks at every page."""

from collections.abc import Mapping

from domain.vocabulary import Role
from starter.services import Services, removals, sessions
from store.database import Database
from store.users import User
from tests import factories
from tests.web.removing import a_company, a_home, query

Shown = tuple[Mapping[str, str], list[str]]


async def removal_pages(services: Services, database: Database) -> list[Shown]:
    """Each in every state that looks different: the cookies with which one sees it, and its address."""
    company, home = await a_company(database), await a_home(database)
    for number in range(2):
        await factories.make_invitation(
            database,
            inviter=company.eva,
            relation=company.relation,
            email=f"{number}.{company.eva.email}",
            role=Role.VIEWER,
            now=services.clock(),
        )
    past, left = await a_company(database), await a_home(database)
    removed = await removals.remove(services, past.birgitta, [past.administrator.id])
    given_up = await removals.remove(services, left.guest, [left.given.id])
    at_home, own = f"/relations/{home.relation.id}", f"/relations/{company.relation.id}/authorizations"
    return [
        (
            await _of(services, company.birgitta),
            [
                company.users,
                f"{company.users}/{company.eva.id}",
                company.removal,
                f"{company.removal}?check=1",
                company.confirmation(company.administrator),
                company.confirmation(company.administrator, company.viewer),
                f"/authorizations/{company.viewer.id}/levels",
                own,
                f"{own}/removal",
            ],
        ),
        (
            await _of(services, home.owner),
            [
                f"{at_home}/users",
                f"{at_home}/authorizations/removal",
                f"/authorizations/{home.owned.id}/levels",
                f"/authorizations/{home.given.id}/levels",
            ],
        ),
        (
            await _of(services, home.guest),
            [
                f"{at_home}/authorizations/removal?{query(home.given)}",
                f"{at_home}/authorizations/removal/confirmation?{query(home.given)}",
            ],
        ),
        (await _of(services, past.birgitta), [f"/authorization-changes/{removed.id}"]),
        (await _of(services, past.eva), [f"/authorization-changes/{removed.id}"]),
        (await _of(services, left.guest), [f"/authorization-changes/{given_up.id}"]),
    ]


async def _of(services: Services, user: User) -> Mapping[str, str]:
    """The cookie of a user who reads Finnish, as everybody does whose pages are looked at."""
    return {"session": (await sessions.start_for(services, user.id, "127.0.0.1")).token, "language": "fi"}
