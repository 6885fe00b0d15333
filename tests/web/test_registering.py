"""Registering through an invitation's link: every wrong field named, then right, once; and logged in."""

from datetime import timedelta
from typing import Any

import httpx2

from domain.codes import Code
from domain.vocabulary import Language
from runtime.texts import absolute_time, translate
from starter.http.texts import DETAILS
from store import audit, users
from store.database import Database
from store.users import User
from tests import factories
from tests.clock import SettableClock
from tests.factories import KEYS, PASSWORD
from tests.frontend import Frontend
from tests.harness import Harness, Invited
from tests.web.browsing import form, posted, sent
from tests.web.visiting import OPENED, invited, link, log_in, page, token_of, visiting

REGISTER = "/register"


def right(**changes: str) -> dict[str, str]:
    return {
        "first_name": "Bo",
        "last_name": "Boman",
        "username": "bo.boman",
        "password": PASSWORD,
        "language": "en",
        "terms_version": "yes",
        "declared_accurate": "yes",
        **changes,
    }


async def arrived(frontend: Frontend, made: Invited) -> httpx2.AsyncClient:
    """Somebody who has opened the link in the e-mail."""
    browser = frontend.client()
    browser.headers["Accept-Language"] = "en"
    await browser.get(link(KEYS.invitation_token(made.id, 1)))
    return browser


async def user_of(frontend: Frontend, email: str) -> User | None:
    async with frontend.database.reading() as session:
        return await users.by_email(session, email)


def wrong_fields(response: httpx2.Response) -> set[str]:
    attributes = page(response).attributes
    return {
        value.removeprefix("error-")
        for name, value in attributes
        if name == "id" and value and "error-" in value
    }


def says(response: httpx2.Response, code: Code) -> bool:
    return translate(Language.ENGLISH, DETAILS[code]) in page(response).text


async def test_from_the_link_to_the_authorization(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite(registered=False)
    await harness.sent(made)
    browser = await arrived(skipping_frontend, made)
    browser.cookies.set("session", "planted-by-somebody-else")  # case A22
    browser.cookies.set("language", "en")

    first = await browser.get(REGISTER)
    assert made.email in first.text
    assert form(first)["first_name"] == "Anna"
    assert form(first)["language"] == "en"
    assert {"password", "username"} <= set(form(first))

    wrong = await sent(
        browser,
        first,
        first_name=" ",
        last_name="x" * 101,
        username="other@example.com",
        password="Kort1!",
    )
    assert wrong.status_code == 422
    assert wrong_fields(wrong) == {
        "first_name",
        "last_name",
        "username",
        "password",
        "terms_version",
        "declared_accurate",
    }
    assert form(wrong)["username"] == "other@example.com"
    # In the order of the page, not of the checks.
    named = [each.removeprefix("#field-") for each in page(wrong).addresses if each.startswith("#field-")]
    assert named == ["first_name", "last_name", "username", "password", "terms_version", "declared_accurate"]
    assert "Kort1!" not in wrong.text
    assert await user_of(skipping_frontend, made.email) is None

    done = await sent(browser, wrong, **right(language="sv"))
    assert done.status_code == 303
    assert done.headers["location"] == f"/invitations/{made.id}"
    cookies = {each.partition("=")[0]: each for each in done.headers.get_list("set-cookie")}
    assert "planted" not in cookies["session"]
    assert "Max-Age=0" in cookies["language"]
    user = await user_of(skipping_frontend, made.email)
    assert user is not None
    assert (user.username, user.full_name, user.language) == ("bo.boman", "Bo Boman", "sv")
    assert user.terms_version == harness.settings.retailer.terms_version
    assert await harness.events(made) == ["created", "sent", "registering", "user.registered"]

    asked = await browser.get(f"/invitations/{made.id}")
    assert asked.status_code == 200
    assert 'lang="sv"' in asked.text
    accepted = await sent(browser, asked, f"/invitations/{made.id}/accept")
    assert accepted.headers["location"] == f"/invitations/{made.id}/accepted"
    assert [each.user_id for each in await harness.grants(made)] == [user.id]


async def test_registered_twice_is_once(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite(registered=False)
    browser, other = [await arrived(skipping_frontend, made) for _ in range(2)]
    pages = [await each.get(REGISTER) for each in (browser, other)]
    assert (await sent(browser, pages[0], **right())).headers["location"] == f"/invitations/{made.id}"

    # The same form once more, from where nobody is logged in; and from where somebody is, by now.
    again = await sent(other, pages[1], **right(username="another"))
    assert again.headers["location"] == OPENED
    assert page(await other.get(OPENED)).buttons == [f"/login?next={OPENED}"]
    user = await user_of(skipping_frontend, made.email)
    assert user is not None
    assert user.username == "bo.boman"
    assert (await browser.get(REGISTER)).headers["location"] == OPENED
    assert (await browser.get(OPENED)).headers["location"] == f"/invitations/{made.id}"


async def test_who_registers_in_time_has_an_hour_more(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite(registered=False)
    await harness.sent(made)
    browser = await arrived(skipping_frontend, made)
    deadline = (await harness.row(made)).deadline
    await harness.skip_to(deadline - timedelta(minutes=1))

    asked = await posted(browser, REGISTER, **right())
    later = (await harness.row(made)).deadline
    assert later > deadline + timedelta(minutes=50)
    await harness.skip_to(deadline + timedelta(minutes=5))
    shown = page(await browser.get(asked.headers["location"]))
    zone = skipping_frontend.services.brand.time_zone
    assert absolute_time(later, Language.ENGLISH, zone) in shown.text


async def test_who_registers_too_late_is_told_so(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite(registered=False)
    await harness.sent(made)
    browser = await arrived(skipping_frontend, made)
    filled = await browser.get(REGISTER)
    await harness.skip_to((await harness.row(made)).deadline)

    assert (await browser.get(REGISTER)).headers["location"] == OPENED
    assert (await sent(browser, filled, **right())).headers["location"] == OPENED
    assert page(await browser.get(OPENED)).headings[0] == "The invitation has expired"
    assert await user_of(skipping_frontend, made.email) is None


async def refused_for(database: Database, clock: SettableClock, **changes: str) -> httpx2.Response:
    """What a form that is right but for `changes` is answered, with Temporal away; it makes nobody."""
    invitation = await invited(database, clock)
    async with visiting(database, clock) as frontend:
        browser = frontend.client()
        browser.headers["Accept-Language"] = "en"
        await browser.get(link(token_of(invitation)))
        before = await frontend.dump("counters")
        response = await posted(browser, REGISTER, **right(**changes))
        assert await frontend.dump("counters") == before
    return response


async def test_terms_that_are_not_in_force_any_more_are_to_be_read_again(
    sqlite_database: Database, clock: SettableClock
) -> None:
    response = await refused_for(sqlite_database, clock, terms_shown="2019-01")
    assert response.status_code == 422
    assert wrong_fields(response) == {"terms_version"}
    assert says(response, Code.TERMS_OUTDATED)
    shown = form(response)
    assert shown["terms_shown"] == "2026-11"
    assert "terms_version" not in shown  # not ticked
    assert shown["declared_accurate"] == "yes"


async def test_a_language_that_is_none(sqlite_database: Database, clock: SettableClock) -> None:
    response = await refused_for(sqlite_database, clock, language="xx")
    assert (response.status_code, wrong_fields(response)) == (422, {"language"})


async def test_when_temporal_is_away_what_was_typed_stays(
    sqlite_database: Database, clock: SettableClock
) -> None:
    response = await refused_for(sqlite_database, clock, first_name="Beatrice")
    assert response.status_code == 503
    assert says(response, Code.OUTCOME_UNKNOWN)
    assert form(response)["first_name"] == "Beatrice"
    assert PASSWORD not in response.text


async def test_the_form_is_for_the_invitation_that_it_showed(
    sqlite_database: Database, clock: SettableClock
) -> None:
    """A site that opens its own invitation's link in the victim's browser meanwhile gets nothing of it."""
    invitation = await invited(sqlite_database, clock)
    relation, inviter = invitation.relation, invitation.inviter
    mallorys = await factories.make_invitation(
        sqlite_database, inviter=inviter, relation=relation, email="mallory@example.com", now=clock()
    )
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await browser.get(link(token_of(invitation)))
        shown = await browser.get(REGISTER)
        await browser.get(link(token_of(mallorys)))
        response = await sent(browser, shown, **right())
        assert (response.status_code, response.headers["location"]) == (303, OPENED)
        assert await user_of(frontend, "mallory@example.com") is None


async def test_somebody_who_is_logged_in_registers_nobody(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database)
    invitation = await invited(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        await browser.get(link(token_of(invitation)))
        token = form(await browser.get(OPENED), "/logout")["form_token"]
        response = await browser.post(REGISTER, data={**right(), "form_token": token})
        assert (response.status_code, response.headers["location"]) == (303, OPENED)
        assert await user_of(frontend, invitation.email) is None


async def test_log_in_leaves_the_same_trace(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite(registered=False)
    await posted(await arrived(skipping_frontend, made), REGISTER, **right())
    user = await user_of(skipping_frontend, made.email)
    assert user is not None
    traces: list[Any] = []
    for _ in range(2):
        async with skipping_frontend.database.reading() as session:
            events = (await session.execute(audit.AuditEvent.__table__.select())).mappings().all()
            traces.append([dict(each) for each in events if each["event"] == "session.started"])
        await skipping_frontend.log_in(user)
    [registered], [_, logged_in] = traces
    for column in ("actor", "actor_id", "subject_id", "relation_id", "process_id"):
        assert registered[column] == logged_in[column], column
