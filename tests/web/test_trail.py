"""What has happened, and who sees my data: who reads which events, as pages and as files (spec 2, 3.7)."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import httpx2

from domain.codes import Code
from domain.vocabulary import Language, Role
from emails.labels import label
from runtime.texts import translate
from starter.http.event_texts import event_text
from starter.http.texts import DETAILS
from starter.services import removals
from starter.web.pages.trail import PAGE_SIZE
from store import audit
from store.audit import Actor, Event
from store.database import Database
from tests import factories
from tests.clock import SettableClock
from tests.web.inviting import links
from tests.web.removing import Company, a_company, cells
from tests.web.visiting import invited, log_in, page, visiting

SV = Language.SWEDISH
OWN = "/account/events"
NOTHING_HELD = (
    "You hold no authorization on any customer relation, so nobody sees anything of yours through one."
)


def words(msgid: str) -> str:
    return translate(SV, msgid)


def trail_of(company: Company) -> str:
    return f"/relations/{company.relation.id}/events"


async def record(database: Database, event: Event, at: datetime, **about: object) -> None:
    async with database.transaction() as session:
        audit.record(session, event, at=at, **about)  # type: ignore[arg-type] # the names are the function's


def rows(response: httpx2.Response) -> Sequence[Sequence[str]]:
    """What, whose and who of each event."""
    found = cells(response)
    return [found[each : each + 3] for each in range(0, len(found), 4)]


def file(response: httpx2.Response) -> Sequence[Sequence[str]]:
    """Its lines, as a spreadsheet takes them."""
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="events.csv"'
    assert response.headers["cache-control"] == "no-store"
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


async def test_who_reads_a_relations_events(sqlite_database: Database, clock: SettableClock) -> None:
    company, another = await a_company(sqlite_database), await a_company(sqlite_database)
    olga = await factories.make_user(sqlite_database)
    await factories.make_authorization(sqlite_database, olga, company.relation, role=Role.RELATION_USER)
    address = trail_of(company)
    async with visiting(sqlite_database, clock) as frontend:
        for user, status in ((company.birgitta, 200), (olga, 403), (another.birgitta, 404)):
            browser = await log_in(frontend.client(), user)
            for path in (address, f"{address}.csv"):
                assert (await browser.get(path)).status_code == status
            if status == 200:
                assert words("Nothing has happened yet") in page(await browser.get(address)).text
            else:
                tab = await browser.get(f"/relations/{company.relation.id}/authorizations")
                assert links(tab, ".*/events") == []
            nothing = f"/relations/{uuid4()}/events"
            assert (await browser.get(nothing)).status_code == 404
            assert (await browser.get(f"{nothing}.csv")).status_code == 404
        stopped = await frontend.client().get(f"{address}.csv")
        assert stopped.headers["location"].startswith("/login?next=")


async def test_events_with_their_people(sqlite_database: Database, clock: SettableClock) -> None:
    """Each relation's own; one's own besides, wherever they happened; nobody else's."""
    company, another = await a_company(sqlite_database), await a_company(sqlite_database)
    birgitta, eva = company.birgitta, company.eva
    await factories.make_invitation(
        sqlite_database,
        inviter=birgitta,
        relation=company.relation,
        email="bo@example.com",
        first_name="Bo",
        last_name="Boman",
        now=clock(),
    )
    async with visiting(sqlite_database, clock) as frontend:
        await removals.remove(frontend.services, birgitta, [company.viewer.id])
        await removals.remove(frontend.services, another.birgitta, [another.viewer.id])
        await record(
            sqlite_database,
            Event.AUTHORIZATION_SUSPENDED,
            clock(),
            actor=Actor.OPERATOR,
            subject_id=company.administrator.id,
            relation_id=company.relation.id,
        )
        browser = await log_in(frontend.client(), birgitta)
        shown = await browser.get(trail_of(company))
        own = f"{birgitta.full_name} {words('You')}"
        ended = event_text(SV, Event.AUTHORIZATION_ENDED)
        suspended = event_text(SV, Event.AUTHORIZATION_SUSPENDED)
        happened = [[each[0].split(" " + label(SV, Role.VIEWER))[0], *each[1:]] for each in rows(shown)]
        assert happened == [
            [suspended, eva.full_name, words("Customer service")],
            [ended, eva.full_name, own],
            [event_text(SV, Event.INVITATION_CREATED), "Bo Boman", own],
        ]
        assert label(SV, Role.VIEWER) in rows(shown)[1][0]

        evas = rows(await (await log_in(frontend.client(), eva)).get(OWN))
        logged_in = event_text(SV, Event.SESSION_STARTED)
        assert [each[0].removesuffix(f" {label(SV, Role.VIEWER)}") for each in evas] == [
            logged_in,
            suspended,
            ended,
        ]
        assert evas[2][2] == birgitta.full_name
        assert evas[0][2] == f"{eva.full_name} {words('You')}"


async def test_probing_tells_nobodys_name(sqlite_database: Database, clock: SettableClock) -> None:
    """Who tries what he may not reads that he tried, not whose it is; the others do not read of him."""
    company = await a_company(sqlite_database)
    invitation = await invited(sqlite_database, clock)
    stranger = await factories.make_user(sqlite_database, first_name="Sture")
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), stranger)
        for address in (
            f"/authorizations/{company.viewer.id}/levels",
            f"/invitations/{invitation.id}/cancel",
        ):
            assert (await browser.post(address, data={"form_token": "x"})).status_code == 403
        refused = event_text(SV, Event.ACCESS_REFUSED)
        tried = rows(await browser.get(OWN))[:2]
        assert [each[:2] for each in tried] == [[refused, "–"]] * 2
        for user in (company.eva, company.birgitta):
            browser = await log_in(frontend.client(), user)
            for address in (OWN, f"{OWN}.csv", trail_of(company)):
                assert stranger.first_name not in (await browser.get(address)).text


async def test_older_events_are_read_page_by_page(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    total = 2 * PAGE_SIZE
    for number in range(total):
        about = {"actor": Actor.OPERATOR, "relation_id": company.relation.id}
        # All at the same moment, as what one transaction records: none is lost or shown twice.
        await record(
            sqlite_database, Event.CUSTOMERS_IMPORTED, clock(), **about, subject_id=uuid4(), number=number
        )
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        address, sizes = trail_of(company), []
        while address:
            shown = await browser.get(address)
            sizes.append(len(rows(shown)))
            [address] = links(shown, r".*\?before=.*") or [""]
        assert sizes == [PAGE_SIZE, PAGE_SIZE]
        assert len(file(await browser.get(f"{trail_of(company)}.csv"))) == total + 1
        for path in (trail_of(company), OWN):
            wrong = await browser.get(f"{path}?before=x")
            assert wrong.status_code == 422
            assert words(DETAILS[Code.FIELD_INVALID]) in page(wrong).text


async def test_a_file_that_no_spreadsheet_calculates_with(
    sqlite_database: Database, clock: SettableClock
) -> None:
    """Names that are formulas stay names; commas and line breaks of theirs stay in their cell."""
    company = await a_company(sqlite_database)
    formulas = ('=HYPERLINK("https://evil.example.com","Hej")', "+358 1", "-2+3", "@SUM(A1)", 'Bo, "Bosse"')
    for name in formulas:
        guest = await factories.make_user(sqlite_database, first_name=name, last_name="Ö")
        about = {"actor": Actor.USER, "actor_id": guest.id, "subject_id": guest.id}
        await record(
            sqlite_database, Event.RIGHTS_REQUESTED, clock(), **about, relation_id=company.relation.id
        )
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        browser.cookies.set("zone", "America/New_York")
        head, *lines = file(await browser.get(f"{trail_of(company)}.csv"))
        assert head[:4] == [words(each) for each in ("Time", "What", "Who", "Whose")]
        expected = [f"'{name} Ö" for name in formulas[:4]] + [f"{formulas[4]} Ö"]
        for column in (2, 3):
            assert [each[column] for each in reversed(lines)] == expected
        moment = datetime.fromisoformat(lines[0][0])
        assert (moment, moment.utcoffset() in {timedelta(hours=-4), timedelta(hours=-5)}) == (clock(), True)
        # One's own file has the same lines for one's own events alone.
        _, *own = file(await browser.get(f"{OWN}.csv"))
        assert [each[1] for each in own] == [event_text(SV, Event.SESSION_STARTED)]


async def test_who_sees_my_data(sqlite_database: Database, clock: SettableClock) -> None:
    """Who manages the users sees all who hold something; others, those who manage their authorizations."""
    company = await a_company(sqlite_database)
    olga = await factories.make_user(sqlite_database, first_name="Olga", last_name="Öst")
    held = await factories.make_authorization(
        sqlite_database, olga, company.relation, role=Role.RELATION_USER
    )
    vera = await factories.make_user(sqlite_database, first_name="Vera", last_name="Vik")
    await factories.make_authorization(sqlite_database, vera, company.relation, role=Role.VIEWER)
    about = {"actor": Actor.OPERATOR, "subject_id": held.id, "relation_id": company.relation.id}
    await record(sqlite_database, Event.AUTHORIZATION_GRANTED, clock(), **about)
    everybody = (company.birgitta, company.eva, olga, vera)
    async with visiting(sqlite_database, clock) as frontend:
        for user, seen, acts in (
            (company.birgitta, {"Eva Ek", "Olga Öst", "Vera Vik"}, True),
            (olga, {"Birgitta Berg", "Eva Ek"}, True),
            (vera, {"Birgitta Berg", "Eva Ek"}, False),
        ):
            browser = await log_in(frontend.client(), user)
            shown = page(await browser.get("/account/access"))
            names = {
                each.full_name for each in everybody if each is not user and each.full_name in shown.text
            }
            assert names == seen
            assert (event_text(SV, Event.AUTHORIZATION_GRANTED) in shown.text) is acts
        stranger = await log_in(frontend.client(), await factories.make_user(sqlite_database))
        nothing = page(await stranger.get("/account/access"))
        assert words(NOTHING_HELD) in nothing.text
