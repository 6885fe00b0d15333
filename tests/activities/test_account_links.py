"""Accounts' links at the very same moment, and their activities twice: one wins, once is enough (F2, A15)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta
from uuid import uuid4

import pytest

from activities.account_letters import AccountLetters
from activities.account_links import AccountLinkActivities
from activities.account_messages import AccountMessages
from activities.maintenance import Maintenance
from activities.notifications import Notifier, Sender
from domain.account_links import AccountEmail, ExpireAccountLink, SendAccountEmail
from domain.codes import Refused
from domain.processes import KeepHouse
from domain.vocabulary import AccountLinkPurpose, AccountLinkState
from emails.brand import brand
from runtime.keys import token_hash
from runtime.settings import Retention
from starter.services import account_links, sessions
from starter.services.refusals import TooMany
from store import account_links as store
from store.account_links import AccountLink
from store.sessions import Session
from store.users import User
from tests.accounts import CHANGE, NEW_PASSWORD, RESET, Accounts
from tests.activities.running import attempt, everything
from tests.factories import KEYS, PASSWORD
from tests.frontend import new_source
from worker.bootstrap import smtp_mailer

TEN = 10


async def make(
    accounts: Accounts, user: User, purpose: AccountLinkPurpose = RESET, new_email: str = ""
) -> tuple[AccountLink, str]:
    """A request whose process nobody starts, and its token."""
    link_id, services = uuid4(), accounts.services
    token = KEYS.account_link_token(purpose, link_id)
    async with services.database.transaction() as session:
        made = store.begin(
            session,
            link_id,
            purpose,
            user,
            token_hash=token_hash(token),
            waits=services.settings.account_link,
            now=services.clock(),
            new_email=new_email,
        )
    services.clock.advance(timedelta(milliseconds=1))  # type: ignore[attr-defined] # the tests' own clock
    return made, token


async def outcomes(*acts: Awaitable[object]) -> Counter[str]:
    """How often each act ended how."""

    async def one(act: Awaitable[object]) -> str:
        try:
            await act
        except Refused as refused:
            return refused.code.value
        return "done"

    return Counter(await asyncio.gather(*(one(act) for act in acts)))


def messages(accounts: Accounts) -> AccountMessages:
    """The activity that sends, with a real mail client."""
    settings, database = accounts.harness.settings, accounts.harness.database
    notifier = Notifier(
        database=database,
        mailer=smtp_mailer(settings.smtp, settings.mail_domain),
        brand=brand(settings),
        sender=Sender(address=settings.smtp.sender, domain=settings.mail_domain),
    )
    return AccountMessages(database, notifier, AccountLetters(keys=KEYS, origin=settings.origin_url))


async def test_a_link_that_ten_post_is_used_once(accounts_on_both: Accounts) -> None:
    accounts = accounts_on_both
    anna = await accounts.user()
    _, token = await make(accounts, anna)
    chosen = [f"Lösenord-nummer-{number}-X" for number in range(TEN)]
    posts = [account_links.reset_password(accounts.services, token, each, new_source()) for each in chosen]
    assert await outcomes(*posts) == {"done": 1, "link.used": TEN - 1}
    assert [await accounts.opened_by(anna, each) for each in chosen].count(True) == 1


async def test_two_who_want_the_same_address(accounts_on_both: Accounts) -> None:
    accounts = accounts_on_both
    people = [
        await accounts.user(username=f"p{number}@example.com", email=f"p{number}@example.com")
        for number in range(5)
    ]
    tokens = [(await make(accounts, each, CHANGE, "wanted@example.org"))[1] for each in people]
    confirming = [
        account_links.confirm_email_change(accounts.services, each, new_source()) for each in tokens
    ]
    assert await outcomes(*confirming) == {"done": 1, "email.in_use": 4}
    moved = [each for each in await accounts.all_of(User) if each.email == "wanted@example.org"]
    assert [each.username for each in moved] == ["wanted@example.org"]
    # Who was too late may still try another address.
    assert Counter(each.state for each in await accounts.all_of(AccountLink)) == {
        AccountLinkState.DONE: 1,
        AccountLinkState.OPEN: 4,
    }


async def test_logged_in_with_the_old_password_at_the_very_moment(accounts_on_both: Accounts) -> None:
    """No session of the old password outlives it, whoever comes first."""
    accounts = accounts_on_both
    anna = await accounts.user()
    _, token = await make(accounts, anna)

    async def log_in(password: str) -> None:
        await sessions.log_in(
            accounts.services, username=anna.username, password=password, source=new_source()
        )

    acts: list[Awaitable[object]] = [log_in(PASSWORD) for _ in range(6)]
    acts.insert(3, account_links.reset_password(accounts.services, token, NEW_PASSWORD, new_source()))
    ended = await outcomes(*acts)
    assert ended["done"] >= 1
    assert set(ended) <= {"done", "session.bad_credentials"}
    assert await accounts.opened_by(anna, NEW_PASSWORD)
    assert [each for each in await accounts.all_of(Session) if each.ended_at is None] == []
    await log_in(NEW_PASSWORD)


async def test_of_many_at_once_the_newest_alone_works(accounts_on_both: Accounts) -> None:
    accounts = accounts_on_both
    anna = await accounts.user()
    links = [(await make(accounts, anna))[0] for _ in range(5)]
    send, now = messages(accounts).send, accounts.services.clock()
    orders = [SendAccountEmail(account_link_id=each.id, email=AccountEmail.LINK, now=now) for each in links]
    await asyncio.gather(*(attempt(send, order) for order in orders))
    left = [each for each in links if (await accounts.row(each)).state is AccountLinkState.OPEN]
    assert left == [links[-1]]


async def test_each_activity_twice_is_once(accounts_on_both: Accounts) -> None:
    accounts = accounts_on_both
    anna, smtp = await accounts.user(), accounts.harness.smtp
    link, _ = await make(accounts, anna, CHANGE, "anna.new@example.org")
    send, rows = messages(accounts).send, AccountLinkActivities(accounts.harness.database)
    for email in (AccountEmail.LINK, AccountEmail.WARNING):
        order = SendAccountEmail(account_link_id=link.id, email=email, now=accounts.services.clock())
        await attempt(send, order)
        before = await everything(accounts.harness.database)
        await attempt(send, order)
        assert await everything(accounts.harness.database) == before
    # What comes after the end is not sent before it, nor the other way round.
    outcome = SendAccountEmail(
        account_link_id=link.id, email=AccountEmail.OUTCOME, now=accounts.services.clock()
    )
    await attempt(send, outcome)
    assert Counter(each.to for each in smtp.messages) == {"anna.new@example.org": 1, anna.email: 1}

    early = ExpireAccountLink(account_link_id=link.id, now=link.deadline - timedelta(microseconds=1))
    assert (await attempt(rows.expire, early)).state is AccountLinkState.OPEN
    late = ExpireAccountLink(account_link_id=link.id, now=link.deadline)
    assert (await attempt(rows.expire, late)).state is AccountLinkState.EXPIRED
    before = await everything(accounts.harness.database)
    assert (await attempt(rows.expire, late)).state is AccountLinkState.EXPIRED
    for email in AccountEmail:
        order = SendAccountEmail(account_link_id=link.id, email=email, now=accounts.services.clock())
        await attempt(send, order)
    assert await everything(accounts.harness.database) == before


async def test_used_and_expired_at_the_same_moment(accounts_on_both: Accounts) -> None:
    accounts = accounts_on_both
    rows = AccountLinkActivities(accounts.harness.database)
    for _ in range(5):
        anna = await accounts.user()
        link, token = await make(accounts, anna)
        ended, stands = await asyncio.gather(
            outcomes(account_links.reset_password(accounts.services, token, NEW_PASSWORD, new_source())),
            attempt(rows.expire, ExpireAccountLink(account_link_id=link.id, now=link.deadline)),
        )
        done = stands.state is AccountLinkState.DONE
        assert ended == ({"done": 1} if done else {"link.used": 1})
        assert await accounts.opened_by(anna, NEW_PASSWORD) is done


async def test_a_password_is_tried_at_once_no_more_often_than_one_after_the_other(
    accounts_on_both: Accounts,
) -> None:
    accounts = accounts_on_both
    session = await accounts.log_in(await accounts.user())
    most = accounts.services.settings.account_limits.passwords_per_user_and_hour
    tries = [
        account_links.ask_email_change(accounts.services, session, "x@example.org", "wrong")
        for _ in range(most + 5)
    ]
    assert await outcomes(*tries) == {"request.invalid": most, "request.too_many": 5}
    with pytest.raises(TooMany):
        await account_links.ask_email_change(accounts.services, session, "x@example.org", PASSWORD)


async def test_what_a_process_forgot_is_erased(accounts_on_both: Accounts) -> None:
    """Temporal was restored from a backup, say: no address stays, and after 90 days no row."""
    accounts, clock = accounts_on_both, accounts_on_both.services.clock
    anna = await accounts.user()
    forgotten, _ = await make(accounts, anna)
    done, token = await make(accounts, anna, CHANGE, "anna.new@example.org")
    await account_links.confirm_email_change(accounts.services, token, new_source())
    asked = clock()
    house = Maintenance(
        database=accounts.harness.database, outbox=accounts.harness.outbox, retention=Retention()
    )
    for after, left in ((timedelta(days=1), 1), (timedelta(days=2, hours=2), 0)):
        await attempt(house.keep_house, KeepHouse(now=asked + after))
        rows = [await accounts.row(each) for each in (forgotten, done)]
        assert len([each for each in rows if each.email or each.new_email]) == left
    assert [each.state for each in rows] == [AccountLinkState.REPLACED, AccountLinkState.DONE]
    await attempt(house.keep_house, KeepHouse(now=asked + timedelta(days=90)))
    assert len(await accounts.all_of(AccountLink)) == 2
    await attempt(house.keep_house, KeepHouse(now=asked + timedelta(days=91)))
    assert await accounts.all_of(AccountLink) == []
