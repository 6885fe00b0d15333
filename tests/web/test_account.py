"""Own details: saved once seen, never over what somebody else has saved meanwhile."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from domain.vocabulary import Language, NameSuggestion
from store import users
from store.database import Database
from store.users import User
from tests import factories
from tests.clock import SettableClock
from tests.frontend import Frontend
from tests.web.browsing import form, posted, sent
from tests.web.visiting import log_in, page, visiting

ACCOUNT = "/account"


@pytest.fixture
async def pages(sqlite_database: Database, clock: SettableClock) -> AsyncIterator[Frontend]:
    async with visiting(sqlite_database, clock) as frontend:
        yield frontend


@pytest.fixture
async def anna(sqlite_database: Database) -> User:
    return await factories.make_user(sqlite_database, language=Language.ENGLISH)


@pytest.fixture
async def browser(pages: Frontend, anna: User) -> httpx2.AsyncClient:
    return await log_in(pages.client(), anna)


async def present(database: Database, user: User) -> User:
    async with database.reading() as session:
        found = await users.user(session, user.id)
    assert found is not None
    return found


async def test_what_is_saved_shows(
    browser: httpx2.AsyncClient, anna: User, sqlite_database: Database
) -> None:
    await posted(browser, ACCOUNT, "/language", language="sv")
    first = await browser.get(ACCOUNT)
    assert anna.username in first.text
    assert anna.email in first.text
    assert form(first)["language"] == "en"
    assert "name_suggestion_allowed" not in form(first)

    saved = await sent(browser, first, first_name=" Änna ", language="fi", name_suggestion_allowed="yes")
    assert (saved.status_code, saved.headers["location"]) == (303, ACCOUNT)
    shown = await browser.get(ACCOUNT)
    assert page(shown).language == "fi"  # the browser's choice made way
    assert "notice-success" in shown.text
    assert form(shown)["first_name"] == "Änna"
    assert form(shown)["name_suggestion_allowed"] == "yes"
    row = await present(sqlite_database, anna)
    assert (row.first_name, row.last_name, row.language) == ("Änna", "Andersson", "fi")
    assert row.name_suggestion_allowed


async def test_what_somebody_saved_meanwhile_is_shown_beside_what_was_typed(
    browser: httpx2.AsyncClient, anna: User, sqlite_database: Database
) -> None:
    first = await browser.get(ACCOUNT)
    await sent(browser, first, first_name="Meanwhile")

    refused = await sent(browser, first, first_name="Typed", last_name="Too")
    assert refused.status_code == 412
    assert (form(refused)["first_name"], form(refused)["last_name"]) == ("Typed", "Too")
    assert "<bdi>Meanwhile</bdi>" in refused.text
    assert (await present(sqlite_database, anna)).first_name == "Meanwhile"
    # Having seen that, one may insist.
    assert (await sent(browser, refused)).status_code == 303
    assert (await present(sqlite_database, anna)).full_name == "Typed Too"


@pytest.mark.parametrize("revision", ["", "x", "-1", "0", "²", "9" * 5000])
async def test_a_revision_that_nobody_saw(
    browser: httpx2.AsyncClient, anna: User, sqlite_database: Database, revision: str
) -> None:
    assert (await posted(browser, ACCOUNT, first_name="Other", revision=revision)).status_code == 412
    assert (await present(sqlite_database, anna)).revision == 1


async def test_what_is_wrong_is_named_and_what_was_typed_stays(
    browser: httpx2.AsyncClient, anna: User, sqlite_database: Database
) -> None:
    refused = await posted(browser, ACCOUNT, first_name="", last_name="a\u202eb", language="sv")
    assert refused.status_code == 422
    assert 'id="error-first_name"' in refused.text
    assert 'id="error-last_name"' in refused.text
    assert form(refused)["language"] == "sv"
    assert (await posted(browser, ACCOUNT, language="xx")).status_code == 422
    assert (await present(sqlite_database, anna)).revision == 1


async def test_one_is_asked_about_suggestions_only_where_the_answer_counts(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database, name_suggestion_allowed=True)
    async with visiting(sqlite_database, clock, name_suggestion=NameSuggestion.OFF) as frontend:
        browser = await log_in(frontend.client(), anna)
        assert "name_suggestion_allowed" not in (await browser.get(ACCOUNT)).text
        assert (await posted(browser, ACCOUNT, first_name="Other")).status_code == 303
    assert (await present(sqlite_database, anna)).name_suggestion_allowed
