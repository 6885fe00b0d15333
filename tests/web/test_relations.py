"""The maintenance interface: relations, who may do what there, invitations and processes, by their rights."""

from datetime import timedelta

import pytest

from domain.vocabulary import Commodity, CustomerKind, InvitationState, Language, Role
from emails.labels import label
from runtime.texts import translate
from store.database import Database
from tests import factories
from tests.clock import SettableClock
from tests.web.browsing import form, forms
from tests.web.inviting import TABS, led, links, new, sent_along
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH


async def test_relations_are_grouped_and_ended_ones_are_marked(
    sqlite_database: Database, clock: SettableClock
) -> None:
    user = await factories.make_user(sqlite_database)
    private = await factories.make_relation(sqlite_database, kind=CustomerKind.PRIVATE)
    company = await factories.make_relation(sqlite_database, name="Åkers Ab")
    heating = await factories.make_relation(
        sqlite_database, customer=company.customer, commodity=Commodity.DISTRICT_HEATING
    )
    ended = await factories.make_relation(sqlite_database, name="Aa Ab", ended_at=clock() - timedelta(days=1))
    other = await factories.make_relation(sqlite_database, name="Bb Oy")
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), user)
        nothing = await browser.get("/maintenance")
        assert {"/contract-links/new", "/registrations", "/tasks"} <= set(page(nothing).addresses)
        assert links(nothing, "/relations/.*") == []
        for relation in (heating, ended, private, company, other):
            await factories.make_authorization(sqlite_database, user, relation, role=Role.VIEWER)
        await factories.make_authorization(sqlite_database, user, ended, role=Role.ADMINISTRATOR)
        giving = translate(
            SV,
            "Here you see what you may do on a customer relation, and give other people authorizations"
            " to it.",
        )
        assert giving not in page(await browser.get("/maintenance")).text
        await factories.make_authorization(sqlite_database, user, company, role=Role.ADMINISTRATOR)
        shown = await browser.get("/maintenance")
    assert giving in page(shown).text
    expected = [f"/relations/{each.id}" for each in (private, other, company, heating, ended)]
    assert links(shown, "/relations/.*") == expected
    titles = [translate(SV, each) for each in ("Private customers", "Company customers")]
    assert page(shown).headings[1:3] == titles
    for told in (
        company.customer.customer_number,
        "0737546-2",
        # No two links have the same name.
        f"Åkers Ab · {label(SV, Commodity.ELECTRICITY)}",
        f"Åkers Ab · {label(SV, Commodity.DISTRICT_HEATING)}",
        f"{label(SV, Role.ADMINISTRATOR)}, {label(SV, Role.VIEWER)}",
    ):
        assert told in page(shown).text
    assert page(shown).text.count(translate(SV, "Ended")) == 1


async def test_tabs_are_those_one_may_see(sqlite_database: Database, clock: SettableClock) -> None:
    relation = await factories.make_relation(sqlite_database)
    manager = await factories.make_manager(sqlite_database, relation)
    viewer = await factories.make_user(sqlite_database)
    await factories.make_authorization(sqlite_database, viewer, relation, role=Role.VIEWER)
    stranger = await factories.make_user(sqlite_database)
    address = f"/relations/{relation.id}"
    async with visiting(sqlite_database, clock) as frontend:
        for user, may in ((manager, TABS), (viewer, ("authorizations", "processes")), (stranger, ())):
            browser = await log_in(frontend.client(), user)
            assert (await browser.get(address)).status_code == (303 if may else 404)
            for tab in TABS:
                response = await browser.get(f"{address}/{tab}")
                expected = 200 if tab in may else 403 if may else 404
                assert (tab, response.status_code) == (tab, expected)
                if expected == 200:
                    assert links(response, f"{address}/[a-z]+") == [f"{address}/{each}" for each in may]


@pytest.mark.parametrize(
    ("kind", "offered"),
    [(CustomerKind.PRIVATE, ["relation_user"]), (CustomerKind.COMPANY, ["relation_user", "viewer"])],
)
async def test_the_roles_to_give_are_named_with_the_relation(
    sqlite_database: Database, clock: SettableClock, kind: CustomerKind, offered: list[str]
) -> None:
    relation = await factories.make_relation(sqlite_database, kind=kind)
    manager = await factories.make_manager(sqlite_database, relation)
    viewer = await factories.make_user(sqlite_database)
    await factories.make_authorization(sqlite_database, viewer, relation, role=Role.VIEWER)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        tab = f"/relations/{relation.id}/authorizations"
        shown = await browser.get(tab)
        assert sent_along(shown, "role") == offered
        text = page(shown).text
        assert f"{translate(SV, 'User')} (elkundsrelation)" in text
        assert text.count(translate(SV, "Invite the user to the authorization")) == len(offered)
        assert form(await browser.get(await led(browser, tab, new(relation))))["email"] == ""
        browser = await log_in(frontend.client(), viewer)
        assert new(relation) not in forms(await browser.get(tab))


async def test_users_are_listed_with_what_they_may_do(
    sqlite_database: Database, clock: SettableClock
) -> None:
    relation = await factories.make_relation(sqlite_database)
    manager = await factories.make_manager(sqlite_database, relation)
    eva = await factories.make_user(sqlite_database, first_name="Eva")
    await factories.make_authorization(sqlite_database, eva, relation, role=Role.VIEWER)
    gone = await factories.make_user(sqlite_database, first_name="Gustaf")
    await factories.make_authorization(sqlite_database, gone, relation, ended_at=clock())
    bo = await factories.make_user(sqlite_database, first_name="Bo")
    await factories.make_authorization(sqlite_database, bo, relation, role=Role.RELATION_USER)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        text = page(await browser.get(f"/relations/{relation.id}/users")).text
    assert f"Birgitta Berg {translate(SV, 'You')} {manager.email}" in text
    assert f"Eva Andersson {eva.email}" in text
    assert f"Bo Andersson {bo.email} {translate(SV, 'Role')} Användare (elkundsrelation)" in text
    assert "Gustaf" not in text


async def test_invitations_and_processes_are_paged_without_gaps(
    sqlite_database: Database, clock: SettableClock
) -> None:
    relation = await factories.make_relation(sqlite_database)
    manager = await factories.make_manager(sqlite_database, relation)
    viewer = await factories.make_user(sqlite_database)
    await factories.make_authorization(sqlite_database, viewer, relation, role=Role.VIEWER)
    made = [
        await factories.make_invitation(
            sqlite_database,
            inviter=manager,
            relation=relation,
            email=viewer.email if number == 7 else f"{number}@example.com",
            state=InvitationState.DECLINED if number % 2 else InvitationState.PENDING,
            ended_at=clock() if number % 2 else None,
            now=clock() - timedelta(minutes=number // 3),
        )
        for number in range(50)
    ]
    open_ones = {f"/invitations/{each.id}" for each in made if each.state.is_open}
    all_of_them = {f"/processes/{each.id}" for each in made}
    address = f"/relations/{relation.id}"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)

        async def walked(start: str, wanted: str, more: str) -> list[str]:
            response, found = await browser.get(start), []
            while True:
                found += links(response, wanted)
                further = links(response, more)
                if not further:
                    return found
                response = await browser.get(further[0])

        first = links(await browser.get(f"{address}/invitations"), "/invitations/[0-9a-f-]{36}")
        assert set(first[:20]) < open_ones
        assert not set(first[20:]) & open_ones
        ended_ones = {f"/invitations/{each.id}" for each in made} - open_ones
        for which, shown, expected in (("open", first[:20], open_ones), ("ended", first[20:], ended_ones)):
            [more] = links(await browser.get(f"{address}/invitations"), rf".*\?{which}=.*")
            rest = await walked(more, "/invitations/[0-9a-f-]{36}", rf".*\?{which}=.*")
            assert sorted(shown + rest) == sorted(expected)
        processes = await walked(f"{address}/processes", "/processes/.*", rf"{address}/processes\?before=.*")
        assert len(processes) == 50
        assert set(processes) == all_of_them
        assert (await browser.get(f"{address}/invitations?ended=x")).status_code == 422

        browser = await log_in(frontend.client(), viewer)
        own = links(await browser.get(f"{address}/processes"), "/processes/.*")
        assert own == [f"/processes/{made[7].id}"]


async def test_nobody_has_been_invited_yet(sqlite_database: Database, clock: SettableClock) -> None:
    relation = await factories.make_relation(sqlite_database)
    manager = await factories.make_manager(sqlite_database, relation)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        shown = await browser.get(f"/relations/{relation.id}/invitations")
        assert new(relation) in forms(shown)
        processes = page(await browser.get(f"/relations/{relation.id}/processes"))
        assert translate(SV, "Nothing has been begun yet") in processes.headings
