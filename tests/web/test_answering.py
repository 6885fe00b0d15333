"""To handle: an invitation is approved or declined, once, in time, and by the one who was invited."""

from datetime import timedelta

import pytest

from domain.codes import Code
from domain.vocabulary import InvitationState, Language
from runtime.texts import translate
from starter.http.texts import DETAILS
from store.database import Database
from tests import factories
from tests.clock import SettableClock
from tests.factories import KEYS
from tests.frontend import MESSAGE, Frontend
from tests.harness import Harness
from tests.web.browsing import form, posted, sent
from tests.web.visiting import invited, link, log_in, page, token_of, visiting

I = InvitationState  # noqa: E741 - a name for a long table
ENDS = {
    I.ACCEPTED: "You have approved the invitation",
    I.DECLINED: "You have declined the invitation",
    I.CANCELLED: "The invitation has been cancelled",
    I.EXPIRED: "The invitation has expired",
    I.UNDELIVERABLE: "The invitation could not be delivered",
    I.VOID: "The invitation is no longer valid",
}


async def test_approved_from_the_tasks(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite(first_name="Ann", last_name="Andersson")
    assert made.invitee is not None
    browser = await log_in(skipping_frontend.client(), made.invitee)
    path = f"/invitations/{made.id}"

    assert path in page(await browser.get("/tasks")).addresses
    shown = await browser.get(path)
    text = page(shown).text
    assert MESSAGE in text
    assert "Ann Andersson" in text  # not quite the name in the user's own details
    assert "Birgitta Berg" in text

    accepted = await sent(browser, shown, f"{path}/accept")
    assert (accepted.status_code, accepted.headers["location"]) == (303, f"{path}/accepted")
    # Sent twice: the same answer, one authorization.
    assert (await sent(browser, shown, f"{path}/accept")).headers["location"] == f"{path}/accepted"
    assert len(await harness.grants(made)) == 1

    confirmed = page(await browser.get(f"{path}/accepted"))
    assert confirmed.headings[0] == translate(Language.SWEDISH, "You now have the authorization")
    assert "/services" in confirmed.buttons
    ended = page(await browser.get(path))
    assert ended.headings[0] == translate(Language.SWEDISH, ENDS[I.ACCEPTED])
    assert (await browser.get(f"{path}/declined")).headers["location"] == path
    assert (await browser.get(f"{path}/decline")).headers["location"] == path
    assert path not in page(await browser.get("/tasks")).addresses


async def test_declined_after_asking_once_more(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite()
    assert made.invitee is not None
    browser = await log_in(skipping_frontend.client(), made.invitee)
    path = f"/invitations/{made.id}"
    shown = await browser.get(path)

    asked = await browser.get(f"{path}/decline")
    assert (await harness.row(made)).state.is_open
    declined = await sent(browser, asked)
    assert declined.headers["location"] == f"{path}/declined"
    assert (await sent(browser, asked)).headers["location"] == f"{path}/declined"
    assert "/services" in page(await browser.get(f"{path}/declined")).buttons

    late = await sent(browser, shown, f"{path}/accept")
    assert late.headers["location"] == path
    assert page(await browser.get(path)).headings[0] == translate(Language.SWEDISH, ENDS[I.DECLINED])
    assert await harness.grants(made) == []


async def test_too_late_says_so(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite()
    assert made.invitee is not None
    await harness.sent(made)
    await harness.skip_to((await harness.row(made)).deadline - timedelta(minutes=5))
    browser = await log_in(skipping_frontend.client(), made.invitee)
    path = f"/invitations/{made.id}"
    shown = await browser.get(path)
    await harness.skip_to((await harness.row(made)).deadline)

    assert (await sent(browser, shown, f"{path}/accept")).headers["location"] == path
    assert page(await browser.get(path)).headings[0] == translate(Language.SWEDISH, ENDS[I.EXPIRED])
    assert await harness.grants(made) == []


@pytest.mark.parametrize(("act", "done"), [("accept", "accepted"), ("decline", "declined")])
async def test_when_temporal_is_away_one_stays_and_may_try_again(
    sqlite_database: Database, clock: SettableClock, act: str, done: str
) -> None:
    anna = await factories.make_user(sqlite_database, language=Language.ENGLISH)
    path = f"/invitations/{(await invited(sqlite_database, clock, to=anna)).id}"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        response = await posted(browser, path if act == "accept" else f"{path}/decline", f"{path}/{act}")
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        assert translate(Language.ENGLISH, DETAILS[Code.OUTCOME_UNKNOWN]) in page(response).text
        assert form(response, f"{path}/{act}")
        assert (await browser.get(f"{path}/{done}")).headers["location"] == path


@pytest.mark.parametrize("state", list(ENDS))
async def test_how_it_ended(sqlite_database: Database, clock: SettableClock, state: InvitationState) -> None:
    anna = await factories.make_user(sqlite_database)
    invitation = await invited(sqlite_database, clock, state, to=anna)
    path = f"/invitations/{invitation.id}"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        for language in Language:
            browser.cookies.set("language", language.value)
            shown = page(await browser.get(path))
            assert shown.headings[0] == translate(language, ENDS[state])
            assert "Birgitta Berg" in shown.text
            assert "/services" in shown.buttons
        for act in ("accept", "decline"):
            assert (await browser.get(f"{path}/{act}")).headers["location"] == path


async def test_nobody_else_can_answer(sqlite_database: Database, clock: SettableClock) -> None:
    bo, anna = await factories.make_user(sqlite_database), await factories.make_user(sqlite_database)
    invitation = await invited(sqlite_database, clock, to=bo)
    path = f"/invitations/{invitation.id}"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        before = await frontend.dump("audit_events", "counters")
        for address in (path, f"{path}/accepted", f"{path}/decline", f"{path}/declined"):
            assert (await browser.get(address)).status_code == 404
        token = form(await browser.get("/account"))["form_token"]
        for act in ("accept", "decline"):
            refused = await browser.post(f"{path}/{act}", data={"form_token": token})
            assert refused.status_code == 404
        # With the link, somebody knows that it exists; it is still not his.
        await browser.get(link(token_of(invitation)))
        for act in ("accept", "decline"):
            refused = await browser.post(f"{path}/{act}", data={"form_token": token})
            assert refused.status_code == 403
            assert Code.INVITATION_WRONG_RECIPIENT in refused.text
        assert await frontend.dump("audit_events", "counters") == before


async def test_the_most_urgent_comes_first_and_nothing_is_said_to_be_nothing(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        nothing = page(await browser.get("/tasks"))
        assert translate(Language.SWEDISH, "Nothing to handle") in nothing.headings
        made = [
            await invited(sqlite_database, clock, to=anna, ago=timedelta(days=days)) for days in (1, 3, 2, 9)
        ]
        await invited(sqlite_database, clock, I.CANCELLED, to=anna)
        await invited(sqlite_database, clock)
        found = page(await browser.get("/tasks")).buttons
    assert found == [f"/invitations/{made[each].id}" for each in (1, 2, 0)]


async def test_a_hostile_cover_message_is_words(harness: Harness, skipping_frontend: Frontend) -> None:
    """Cases A30, A31."""
    hostile = '<a href="//evil.example.net">x</a> {{ 7*7 }} {% raw %} \u202egnp https://evil.example.net/'
    made = await harness.invite(cover_message=hostile)
    assert made.invitee is not None
    browser = await log_in(skipping_frontend.client(), made.invitee)
    shown = page(await browser.get(f"/invitations/{made.id}"))
    assert hostile.replace("\u202e", "") in shown.text
    assert not [each for each in shown.addresses if "evil" in each]


async def test_the_link_of_the_mail_leads_here_after_log_in(
    harness: Harness, skipping_frontend: Frontend
) -> None:
    made = await harness.invite()
    assert made.invitee is not None
    browser = skipping_frontend.client()
    opened = await browser.get(link(KEYS.invitation_token(made.id, 1)), follow_redirects=True)
    [login] = page(opened).buttons
    username, password = made.invitee.username, factories.PASSWORD
    gone_on = await posted(browser, login, "/login", username=username, password=password)
    shown = await browser.get(gone_on.headers["location"], follow_redirects=True)
    assert shown.url.path == f"/invitations/{made.id}"
    assert MESSAGE in page(shown).text
