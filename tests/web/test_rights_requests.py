"""*May I have more rights?* on the pages: asked, found under *To handle*, answered (spec 3.5, 3.7)."""

from datetime import timedelta
from urllib.parse import quote

import httpx2

from domain.codes import Code
from domain.vocabulary import Language, Level, RightsRequestState, Role, Subpage
from runtime.texts import translate
from starter.http.texts import DETAILS
from starter.services import rights_requests
from starter.web.paths import identify_path
from store.authorizations import Authorization
from store.database import Database
from store.rights_requests import RightsRequest
from store.users import User
from tests import factories
from tests.bank import Bank, new_person
from tests.changing import services_of
from tests.clock import SettableClock
from tests.frontend import Frontend
from tests.harness import Harness
from tests.web.account_links import mailed
from tests.web.browsing import form, posted, sent
from tests.web.identifying import goal_of, identifies, make_identity
from tests.web.inviting import links
from tests.web.removing import a_company, a_home, boxes, cells, levels_of
from tests.web.visiting import invited, log_in, page, visiting

SV = Language.SWEDISH
NONE, READ, WRITE = Level.NONE, Level.READ, Level.WRITE
MESSAGE = "Hej!\n\nJag gör bokföringen. <b>{{ 7*7 }}</b>"
NOTHING_MORE = "There is nothing more to ask for: the authorization allows all that it can allow."
BY_CONTRACT = "This authorization comes with the contract, so it ends and changes only with the contract."
NOBODY = (
    "There is nobody whom you could ask: nobody else manages the users of this customer relation at the"
    " moment. Contact customer service."
)
IDENTIFY_FIRST = (
    "What more there is to ask for lets you make changes or manage users. For that you have to identify with"
    " bank codes or a mobile certificate first."
)
AT_LEAST_ONE = "Choose at least one higher level than the user has now, or decline the request."
WRITES = {f"{each} write" for each in ("contracts", "invoices", "contact_details", "users")}


def words(msgid: str, **values: object) -> str:
    return translate(SV, msgid, **values)


def asking(authorization: Authorization) -> str:
    return f"/authorizations/{authorization.id}/more-rights"


async def asks(
    frontend: Frontend, user: User, held: Authorization, **more: Level
) -> tuple[RightsRequest, str]:
    """A request, and its page."""
    levels = {**held.levels, **{Subpage(name): level for name, level in more.items()}}
    made = await rights_requests.ask(frontend.services, user, held.id, levels, MESSAGE)
    return made, f"/rights-requests/{made.id}"


async def state_of(database: Database, made: RightsRequest) -> RightsRequestState:
    async with database.reading() as session:
        return (await session.get_one(RightsRequest, made.id)).state


async def kept(database: Database, held: Authorization) -> dict[Subpage, Level]:
    async with database.reading() as session:
        return (await session.get_one(Authorization, held.id)).levels


def heading(response: httpx2.Response) -> str:
    return page(response).headings[0]


def waiting(response: httpx2.Response) -> int:
    """How much waits to be handled, by the head of the page."""
    _, found, rest = response.text.partition('<span class="count" aria-hidden="true">')
    return int(rest.partition("<")[0]) if found else 0


async def test_from_the_wish_to_the_mailbox(harness: Harness) -> None:
    frontend = Frontend(services_of(harness))
    company = await a_company(harness.database)
    eva, birgitta = company.eva, company.birgitta
    at_evas = await log_in(frontend.client(), eva)
    [address] = links(await at_evas.get(f"/relations/{company.relation.id}/authorizations"), ".*/more-rights")
    assert address == asking(company.viewer)
    answer = await posted(at_evas, address, contracts="read", invoices="read", message=MESSAGE)
    here = answer.headers["location"]
    shown = await at_evas.get(here)
    assert heading(shown) == words("You have asked for more rights")
    assert {f"{here}/withdraw", "/services"} <= set(page(shown).buttons)

    told = await mailed(harness, birgitta.email)
    assert here in told
    assert "Jag gör bokföringen" in told
    at_birgittas = frontend.client()
    stopped = await at_birgittas.get(here)
    assert stopped.headers["location"] == f"/login?next={quote(here)}"
    await log_in(at_birgittas, birgitta)
    tasks = await at_birgittas.get("/tasks")
    assert (here in page(tasks).buttons, waiting(tasks)) == (True, 1)
    read = await at_birgittas.get(here)
    for text in (eva.full_name, eva.email, "<b>{{ 7*7 }}</b>"):
        assert text in page(read).text
    part = await posted(at_birgittas, f"{here}/approve", invoices="none")
    assert part.headers["location"] == here
    end = await at_birgittas.get(here)
    assert heading(end) == words("You have approved the request")
    assert ("/services" in page(end).buttons, waiting(end)) == (True, 0)

    expected = {**company.viewer.levels, Subpage.CONTRACTS: READ}
    assert await kept(harness.database, company.viewer) == expected
    await mailed(harness, eva.email)
    theirs = await at_evas.get(here)
    assert heading(theirs) == words("Your request for more rights was approved")
    await frontend.close()


async def test_what_can_be_asked_for(sqlite_database: Database, clock: SettableClock) -> None:
    """Upwards alone; what needs an identification says so, and what there is to say is said in words."""
    company, home = await a_company(sqlite_database), await a_home(sqlite_database)
    olga = await factories.make_user(sqlite_database)
    at_home = await factories.make_authorization(sqlite_database, olga, home.relation, role=Role.VIEWER)
    alone = await factories.make_relation(sqlite_database)
    nobody = await factories.make_authorization(sqlite_database, olga, alone, role=Role.VIEWER)
    full = await factories.make_authorization(
        sqlite_database, olga, company.relation, role=Role.RELATION_USER
    )
    stranger = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock, bank=Bank()) as frontend:

        async def seen(user: User, held: Authorization) -> tuple[httpx2.Response, set[str]]:
            browser = await log_in(frontend.client(), user)
            response = await browser.get(asking(held))
            disabled = {f"{n} {v}" for (n, v), given in boxes(response).items() if "disabled" in given}
            return response, disabled

        eva, identify = company.eva, identify_path(asking(company.viewer))
        shown, disabled = await seen(eva, company.viewer)
        assert disabled == WRITES
        assert identify in page(shown).buttons
        assert not {("reports", "none"), ("consumption", "none"), ("users", "read")} & set(boxes(shown))
        assert form(shown).items() >= levels_of(company.viewer).items()
        await make_identity(frontend.services, eva, new_person())
        shown, disabled = await seen(eva, company.viewer)
        assert (disabled, identify in page(shown).buttons) == (set(), False)

        shown, disabled = await seen(olga, at_home)
        assert disabled == WRITES
        assert "/identify" not in shown.text
        for user, held, said in (
            (home.guest, home.given, NOTHING_MORE),
            (home.owner, home.owned, BY_CONTRACT),
            (olga, nobody, NOBODY),
            (olga, full, IDENTIFY_FIRST),
        ):
            shown, _ = await seen(user, held)
            assert (words(said) in page(shown).text, boxes(shown)) == (True, {}), said
        for user, held in ((stranger, at_home), (home.owner, home.given), (company.birgitta, company.viewer)):
            assert (await seen(user, held))[0].status_code == 404

        tab = f"/relations/{home.relation.id}/authorizations"
        for user in (home.owner, home.guest):
            assert links(await (await log_in(frontend.client(), user)).get(tab), ".*/more-rights") == []


async def test_what_is_refused_stays_on_the_page(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    address = asking(company.viewer)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.eva)
        filled_in = await browser.get(address)
        for typed, status, code in (
            ({}, 409, Code.RIGHTS_REQUEST_NOTHING_MORE),
            ({"invoices": "read", "message": "x" * 2001}, 422, Code.FIELD_TOO_LONG),
            ({"invoices": "write"}, 422, Code.IDENTIFICATION_REQUIRED),
            ({"invoices": "all"}, 422, Code.FIELD_INVALID),
            ({"reports": "none", "invoices": "read"}, 422, Code.AUTHORIZATION_CHANGED_MEANWHILE),
        ):
            refused = await sent(browser, filled_in, address, **{"message": MESSAGE, **typed})
            assert refused.status_code == status, code
            assert words(DETAILS[code]) in page(refused).text
            assert form(refused, address)["message"] == typed.get("message", MESSAGE)
        good = {"invoices": "read", "message": MESSAGE}
        first = await sent(browser, filled_in, address, **good)
        assert (await sent(browser, filled_in, address, **good)).headers == first.headers  # pressed twice
        other = await sent(browser, filled_in, address, contracts="read")
        assert other.status_code == 409
        for shown in (other, await browser.get(address)):
            assert first.headers["location"] in page(shown).buttons
            assert boxes(shown) == {}


async def test_withdrawn_expired_and_no_longer_valid(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        at_evas = await log_in(frontend.client(), company.eva)
        at_birgittas = await log_in(frontend.client(), company.birgitta)
        made, here = await asks(frontend, company.eva, company.viewer, invoices=READ)
        answering = await at_birgittas.get(here)
        taken_back = await at_evas.get(f"{here}/withdraw")
        for _ in range(2):
            assert (await sent(at_evas, taken_back)).headers["location"] == here
        assert heading(await at_evas.get(here)) == words("You have withdrawn the request")
        late = await sent(at_birgittas, answering, f"{here}/approve", all="1")
        assert late.headers["location"] == here
        told = await at_birgittas.get(here)
        assert words(DETAILS[Code.RIGHTS_REQUEST_ENDED]) in page(told).text
        assert heading(told) == words("The request has been withdrawn")

        made, here = await asks(frontend, company.eva, company.viewer, invoices=READ)
        clock.advance(timedelta(days=14))
        at_evas = await log_in(frontend.client(), company.eva)
        at_birgittas = await log_in(frontend.client(), company.birgitta)
        assert heading(await at_birgittas.get(here)) == words("The request has expired")
        assert heading(await at_evas.get(here)) == words("Nobody answered your request for more rights")
        assert MESSAGE[-5:] not in page(await at_birgittas.get(here)).text
        assert waiting(await at_birgittas.get("/tasks")) == 0
        assert boxes(await at_evas.get(asking(company.viewer))) != {}
    assert await state_of(sqlite_database, made) is RightsRequestState.OPEN  # its process has not run


async def test_one_answer_is_enough(sqlite_database: Database, clock: SettableClock) -> None:
    """Another manager is told that it was answered, and by whom; who asked is not told the name."""
    company = await a_company(sqlite_database)
    mats = await factories.make_manager(sqlite_database, company.relation, first_name="Mats", last_name="Ö")
    async with visiting(sqlite_database, clock) as frontend:
        _, here = await asks(frontend, company.eva, company.viewer, contracts=READ, invoices=READ)
        at_birgittas = await log_in(frontend.client(), company.birgitta)
        at_mats = await log_in(frontend.client(), mats)
        open_page = await at_mats.get(here)
        answer = await posted(at_birgittas, f"{here}/decline")
        for again in (await sent(at_mats, open_page, f"{here}/approve", all="1"), answer):
            assert again.headers["location"] == here
        told = page(await at_mats.get(here))
        assert words(DETAILS[Code.RIGHTS_REQUEST_ENDED]) in told.text
        assert words("The request has been declined") in told.headings[0]
        assert company.birgitta.full_name in told.text
        theirs = page(await (await log_in(frontend.client(), company.eva)).get(here))
        assert theirs.headings[0] == words("Your request for more rights was declined")
        assert company.birgitta.full_name not in theirs.text
        assert await kept(sqlite_database, company.viewer) == company.viewer.levels

        # All of it: what was given beyond it meanwhile stays.
        _, here = await asks(frontend, company.eva, company.viewer, contracts=READ, invoices=READ)
        asked = await at_mats.get(here)
        given = await posted(at_birgittas, f"/authorizations/{company.viewer.id}/levels", reports="write")
        assert given.status_code == 303
        for _ in range(2):  # pressed twice, nothing else is said
            assert (await sent(at_mats, asked, f"{here}/approve", all="1")).headers["location"] == here
        told = page(await at_mats.get(here))
        assert told.headings[0] == words("You have approved the request")
        assert words(DETAILS[Code.RIGHTS_REQUEST_ENDED]) not in told.text
    more = {Subpage.REPORTS: WRITE, Subpage.CONTRACTS: READ, Subpage.INVOICES: READ}
    assert await kept(sqlite_database, company.viewer) == {**company.viewer.levels, **more}


async def test_a_part_is_at_most_what_was_asked_for(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    lars = await factories.make_user(sqlite_database)
    await factories.make_authorization(
        sqlite_database, lars, company.relation, levels={Subpage.INVOICES: NONE}
    )
    async with visiting(sqlite_database, clock) as frontend:
        _, here = await asks(frontend, company.eva, company.viewer, contracts=READ, invoices=READ)
        at_lars = await log_in(frontend.client(), lars)
        shown = await at_lars.get(here)
        assert f"{here}/approve" not in shown.text.replace(f'href="{here}/approve"', "")  # no *Approve all*
        choice = await at_lars.get(f"{here}/approve")
        assert set(boxes(choice)) == {
            (each, level) for each in ("contracts", "invoices") for level in ("none", "read")
        }
        assert "disabled" in boxes(choice)["invoices", "read"]
        assert form(choice).items() >= {"contracts": "read", "invoices": "none"}.items()
        for typed, code in (
            ({"contracts": "none"}, None),
            ({"contracts": "write"}, Code.FIELD_INVALID),
            ({"invoices": "read"}, Code.AUTHORIZATION_LEVEL_TOO_HIGH),
            ({"contracts": ""}, Code.FIELD_REQUIRED),
        ):  # fmt: skip
            refused = await sent(at_lars, choice, **typed)
            assert refused.status_code in {409, 422}
            said = DETAILS[code] if code else AT_LEAST_ONE
            assert words(said) in page(refused).text
        assert await kept(sqlite_database, company.viewer) == company.viewer.levels
        assert (await sent(at_lars, choice)).headers["location"] == here
        assert await kept(sqlite_database, company.viewer) == {
            **company.viewer.levels,
            Subpage.CONTRACTS: READ,
        }


async def test_approving_asks_for_a_fresh_identification(
    sqlite_database: Database, clock: SettableClock
) -> None:
    company, bank, birgitta = await a_company(sqlite_database), Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        _, here = await asks(frontend, company.eva, company.viewer, contracts=READ, invoices=READ)
        browser = await log_in(frontend.client(), company.birgitta)
        await identifies(browser, bank, birgitta)
        shown = await browser.get(here)
        clock.advance(timedelta(minutes=30))
        assert (await browser.get(f"{here}/decline")).status_code == 200
        goal = goal_of((await sent(browser, shown, f"{here}/approve", all="1")).headers["location"])
        assert goal == f"{here}/approve"
        assert await kept(sqlite_database, company.viewer) == company.viewer.levels
        await identifies(browser, bank, birgitta, goal)
        back = await browser.get(goal)
        assert form(back).items() >= {"contracts": "read", "invoices": "read"}.items()
        assert (await sent(browser, back)).headers["location"] == here
    more = {Subpage.CONTRACTS: READ, Subpage.INVOICES: READ}
    assert await kept(sqlite_database, company.viewer) == {**company.viewer.levels, **more}


async def test_who_sees_it(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    olga, stranger = [await factories.make_user(sqlite_database) for _ in range(2)]
    await factories.make_authorization(sqlite_database, olga, company.relation, role=Role.RELATION_USER)
    async with visiting(sqlite_database, clock) as frontend:
        made, here = await asks(frontend, company.eva, company.viewer, invoices=READ)
        for user, may in (
            (olga, ()),
            (stranger, ()),
            (company.eva, ("", "/withdraw")),
            (company.birgitta, ("", "/approve", "/decline")),
        ):
            browser = await log_in(frontend.client(), user)
            token = {"form_token": form(await browser.get("/help"), "/logout")["form_token"]}
            for what in ("", "/approve", "/decline", "/withdraw"):
                response = await browser.get(f"{here}{what}")
                assert response.status_code == (200 if what in may else 404), (user.username, what)
                if what and what not in may:
                    assert (await browser.post(f"{here}{what}", data=token)).status_code == 404
    assert await state_of(sqlite_database, made) is RightsRequestState.OPEN


async def test_the_most_urgent_comes_first(sqlite_database: Database, clock: SettableClock) -> None:
    """Invitations and requests beside each other; one's own request is nobody's to answer oneself."""
    company = await a_company(sqlite_database)
    mats = await factories.make_user(sqlite_database)
    held = await factories.make_authorization(
        sqlite_database, mats, company.relation, levels={Subpage.INVOICES: NONE}
    )
    async with visiting(sqlite_database, clock) as frontend:
        _, first = await asks(frontend, company.eva, company.viewer, invoices=READ)
        clock.advance(timedelta(days=10))
        invitation = await invited(sqlite_database, clock, to=company.birgitta, customer="Åkers Ab")
        _, own = await asks(frontend, mats, held, invoices=READ)
        for user, expected in (
            (company.birgitta, [first, f"/invitations/{invitation.id}", own]),
            (mats, [first]),
            (company.eva, [own]),
        ):
            browser = await log_in(frontend.client(), user)
            tasks = await browser.get("/tasks")
            assert [each for each in page(tasks).buttons if each.count("/") == 2] == expected
            assert waiting(tasks) == len(expected)
        at_birgittas = await log_in(frontend.client(), company.birgitta)
        assert words("Request for more rights") == cells(await at_birgittas.get("/tasks"))[0]
