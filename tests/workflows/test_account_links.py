"""Forgotten passwords and usernames, new passwords and addresses: every way they can go (spec 3.7)."""

from datetime import timedelta

import pytest

from domain.codes import Code, Refused
from domain.vocabulary import AccountLinkState, Message
from store.account_links import AccountLink
from store.outbox import OutboxRow
from tests.accounts import CHANGE, RESET, Accounts
from tests.factories import PASSWORD
from tests.harness import eventually, eventually_true
from tests.registering import Registering
from tests.smtp_server import Greylist, Reply

_HOUR, _MINUTE, _SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def shape(row: AccountLink) -> tuple[object, ...]:
    """What somebody who looks at a request sees of it, but for whose it is."""
    return row.purpose, row.state, row.email, row.new_email, row.used_at, row.deadline - row.created_at


async def test_a_new_password(accounts: Accounts) -> None:
    anna = await accounts.user()
    link = await accounts.forget_password(anna.email.upper())
    token = await accounts.token(anna.email)
    assert (await accounts.opens(token)).id == link.id
    before = await accounts.row(link)

    await accounts.reset(token)

    assert await accounts.ended(link) is AccountLinkState.DONE
    assert await accounts.opened_by(anna, "Sydvind-31-ampere")
    assert not await accounts.opened_by(anna, PASSWORD)
    assert accounts.received(link, anna.email) == [Message.PASSWORD_RESET, Message.PASSWORD_CHANGED]
    assert before.email == anna.email
    row = await accounts.row(link)
    assert (row.email, row.state, row.user_id) == ("", AccountLinkState.DONE, anna.id)
    assert await accounts.events(link) == ["account_link.asked", "user.password_reset"]
    for again in (accounts.opens(token), accounts.reset(token, "Annat-32-volt")):
        with pytest.raises(Refused, match=Code.LINK_USED):
            await again


async def test_what_is_refused_changes_nothing(accounts: Accounts) -> None:
    anna = await accounts.user(first_name="Annbritt-1-Andersson")
    link = await accounts.forget_password(anna.email)
    token = await accounts.token(anna.email)
    for wrong in ("kort", "Annbritt-1-Andersson", "password123"):
        with pytest.raises(Refused, match=Code.REQUEST_INVALID):
            await accounts.reset(token, wrong)
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await accounts.confirm(token)
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await accounts.reset("A" * 43)
    assert await accounts.opened_by(anna, PASSWORD)
    assert (await accounts.opens(token)).state is AccountLinkState.OPEN
    await accounts.reset(token)
    assert await accounts.ended(link) is AccountLinkState.DONE


async def test_a_link_works_for_an_hour(accounts: Accounts) -> None:
    anna, bo = await accounts.user(), await accounts.user()
    late = await accounts.forget_password(anna.email)
    in_time = await accounts.forget_password(bo.email)
    tokens = [await accounts.token(each.email) for each in (anna, bo)]
    await accounts.harness.skip_to(in_time.deadline - 20 * _SECOND)
    await accounts.reset(tokens[1])
    await accounts.harness.skip_to(max(late.deadline, in_time.deadline))
    with pytest.raises(Refused, match=Code.LINK_USED):
        await accounts.reset(tokens[0])

    assert await accounts.ended(in_time) is AccountLinkState.DONE
    assert await accounts.ended(late) is AccountLinkState.EXPIRED
    assert await accounts.opened_by(anna, PASSWORD)
    assert (await accounts.row(late)).email == ""
    assert await accounts.events(late) == ["account_link.asked", "account_link.expired"]
    assert accounts.received(late, anna.email) == [Message.PASSWORD_RESET]


async def test_used_at_the_last_moment_while_temporal_is_away(
    accounts: Accounts, idle_registering: Registering
) -> None:
    """The row decides: the process hears of it by its own timer, and tells."""
    anna = await accounts.user()
    link = await accounts.forget_password(anna.email)
    token = await accounts.token(anna.email)
    await accounts.harness.skip_to(link.deadline - 20 * _SECOND)
    here, accounts.services = accounts.services, await idle_registering.without_temporal()
    await accounts.reset(token)
    accounts.services = here
    assert len(await accounts.all_of(OutboxRow)) == 1
    await accounts.harness.skip(_MINUTE)

    assert await accounts.ended(link) is AccountLinkState.DONE
    assert accounts.received(link, anna.email) == [Message.PASSWORD_RESET, Message.PASSWORD_CHANGED]


async def test_the_newest_link_alone_works(accounts: Accounts) -> None:
    anna = await accounts.user()
    first = await accounts.forget_password(anna.email)
    old = await accounts.token(anna.email)
    await accounts.harness.skip(_MINUTE)
    second = await accounts.forget_password(anna.email)
    new = await accounts.token(anna.email, mails=2)
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await accounts.opens(old)
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await accounts.reset(old)
    await accounts.reset(new)

    assert await accounts.ended(second) is AccountLinkState.DONE
    await accounts.harness.skip(_MINUTE)
    await accounts.harness.outbox.drain(timedelta(0))
    assert await accounts.ended(first) is AccountLinkState.REPLACED
    row = await accounts.row(first)
    assert (row.state, row.email) == (AccountLinkState.REPLACED, "")


async def test_an_unknown_address_gets_nothing_and_leaves_the_same(accounts: Accounts) -> None:
    anna, stranger = await accounts.user(), "nobody.here@example.net"
    known, unknown = await accounts.forget_password(anna.email), await accounts.forget_password(stranger)
    await accounts.token(anna.email)
    assert (await accounts.progress(unknown)).state is (await accounts.progress(known)).state
    reminder = await accounts.forget_username(stranger)
    assert await accounts.ended(reminder) is AccountLinkState.DONE
    await accounts.harness.skip(2 * _HOUR)

    assert await accounts.ended(known) is await accounts.ended(unknown) is AccountLinkState.EXPIRED
    assert accounts.harness.smtp.attempts == [anna.email]
    assert shape(await accounts.row(known)) == shape(await accounts.row(unknown))
    assert (await accounts.row(unknown)).user_id is None
    # Not even who knows the key can use it.
    token = accounts.services.keys.account_link_token(RESET, unknown.id)
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await accounts.opens(token)


async def test_a_mail_server_that_is_down_for_a_while(accounts: Accounts) -> None:
    anna, over = await accounts.user(), False
    accounts.harness.smtp.behave(anna.email, Greylist(lambda: over))
    link = await accounts.forget_password(anna.email)
    await eventually(lambda: len(accounts.harness.smtp.attempts) >= 2)
    await accounts.harness.skip(30 * _MINUTE)
    over = True
    await accounts.harness.skip(15 * _MINUTE)
    await accounts.reset(await accounts.token(anna.email))
    assert await accounts.ended(link) is AccountLinkState.DONE


async def test_a_mail_server_that_is_down_for_longer_sends_no_dead_link(accounts: Accounts) -> None:
    anna = await accounts.user()
    accounts.harness.smtp.behave(anna.email, Reply(450))
    link = await accounts.forget_password(anna.email)
    await eventually(lambda: len(accounts.harness.smtp.attempts) >= 2)
    await accounts.harness.skip(_HOUR + _MINUTE)
    assert await accounts.ended(link) is AccountLinkState.EXPIRED
    tried = len(accounts.harness.smtp.attempts)
    await accounts.harness.skip(_HOUR)
    assert len(accounts.harness.smtp.attempts) == tried


async def test_begun_while_temporal_was_away(accounts: Accounts, idle_registering: Registering) -> None:
    """A link that is too old when its process begins is not sent."""
    anna = await accounts.user()
    accounts.services = await idle_registering.without_temporal()
    link = await accounts.forget_password(anna.email)
    await accounts.harness.skip(2 * _HOUR)
    assert await accounts.harness.outbox.deliver(link.id)
    assert await accounts.ended(link) is AccountLinkState.EXPIRED
    assert accounts.harness.smtp.attempts == []


async def test_a_forgotten_username(accounts: Accounts) -> None:
    anna = await accounts.user(username="anna.i.backen")
    link = await accounts.forget_username(anna.email)
    assert await accounts.ended(link) is AccountLinkState.DONE
    assert accounts.received(link, anna.email) == [Message.USERNAME_REMINDER]
    [mail] = await accounts.harness.smtp.taken(to=anna.email)
    assert b"anna.i.backen" in mail.raw
    assert (await accounts.row(link)).email == ""


async def test_a_changed_password_is_told(accounts: Accounts) -> None:
    anna = await accounts.user()
    here, elsewhere = await accounts.log_in(anna), await accounts.log_in(anna)
    forgotten = await accounts.forget_password(anna.email)
    token = await accounts.token(anna.email)
    link = await accounts.change_password(here)
    assert await accounts.ended(link) is AccountLinkState.DONE
    assert accounts.received(link, anna.email) == [Message.PASSWORD_CHANGED]
    assert await accounts.events(link) == ["user.password_changed"]
    # What opened the account otherwise does not any more.
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await accounts.opens(token)
    assert (await accounts.row(forgotten)).state is AccountLinkState.REPLACED
    assert await living(accounts, anna.id) == {here.id}
    assert elsewhere.id != here.id


async def living(accounts: Accounts, user_id: object) -> set[object]:
    from store.sessions import Session

    found = await accounts.all_of(Session)
    return {each.id for each in found if each.user_id == user_id and each.ended_at is None}


async def test_a_new_address(accounts: Accounts) -> None:
    anna = await accounts.user(email="anna.old@example.com", username="Anna.Old@example.com")
    forgotten = await accounts.forget_password(anna.email)
    old_link = await accounts.token(anna.email)
    link = await accounts.move(anna, "anna.new@example.org")
    token = await accounts.token("anna.new@example.org")
    assert (await accounts.opens(token, CHANGE)).new_email == "anna.new@example.org"
    await accounts.harness.smtp.taken(to=anna.email, count=2)
    assert accounts.received(link, anna.email) == [Message.EMAIL_CHANGE_ASKED]
    assert (await accounts.now(anna)).email == anna.email

    await accounts.confirm(token)

    moved = await accounts.now(anna)
    assert (moved.email, moved.email_normalised) == ("anna.new@example.org",) * 2
    assert (moved.username, moved.username_normalised) == ("anna.new@example.org",) * 2
    assert await accounts.ended(link) is AccountLinkState.DONE
    assert accounts.received(link, "anna.new@example.org") == [Message.EMAIL_CHANGE, Message.EMAIL_CHANGED]
    assert accounts.received(link, anna.email) == [Message.EMAIL_CHANGE_ASKED, Message.EMAIL_CHANGED]
    row = await accounts.row(link)
    assert (row.email, row.new_email) == ("", "")
    assert await accounts.events(link) == ["account_link.asked", "user.email_changed"]
    # A link that lies in the old mailbox opens nothing.
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await accounts.opens(old_link)
    assert (await accounts.row(forgotten)).state is AccountLinkState.REPLACED


async def test_a_word_as_username_stays(accounts: Accounts) -> None:
    anna = await accounts.user(username="anna.i.backen")
    await accounts.move(anna, "anna.o'new@example.org")
    moved = await accounts.confirm(await accounts.token("anna.o'new@example.org"))
    assert (moved.username, moved.email) == ("anna.i.backen", "anna.o'new@example.org")


async def test_an_address_that_is_somebodys(accounts: Accounts) -> None:
    """Who asks learns nothing; whose it is does, and there is no link."""
    anna, bo = await accounts.user(), await accounts.user()
    link = await accounts.move(anna, bo.email.upper())
    await accounts.harness.smtp.taken(to=bo.email)
    await accounts.harness.smtp.taken(to=anna.email)
    await accounts.harness.skip(_HOUR + _MINUTE)
    assert await accounts.ended(link) is AccountLinkState.EXPIRED
    assert accounts.received(link, bo.email) == [Message.EMAIL_IN_USE]
    assert accounts.received(link, anna.email) == [Message.EMAIL_CHANGE_ASKED]


async def test_an_address_that_somebody_takes_meanwhile(accounts: Accounts) -> None:
    anna = await accounts.user()
    link = await accounts.move(anna, "wanted@example.org")
    token = await accounts.token("wanted@example.org")
    await accounts.user(email="Wanted@example.org")
    with pytest.raises(Refused, match=Code.EMAIL_IN_USE):
        await accounts.confirm(token)
    assert (await accounts.now(anna)).email == anna.email
    assert (await accounts.row(link)).state is AccountLinkState.OPEN


async def test_the_old_mailbox_is_full(accounts: Accounts) -> None:
    """What is stuck there holds up neither the link nor its use."""
    anna, over = await accounts.user(), False
    accounts.harness.smtp.behave(anna.email, Greylist(lambda: over))
    link = await accounts.move(anna, "anna.elsewhere@example.org")
    await accounts.confirm(await accounts.token("anna.elsewhere@example.org"))

    async def told() -> bool:
        return accounts.received(link, "anna.elsewhere@example.org") == [
            Message.EMAIL_CHANGE,
            Message.EMAIL_CHANGED,
        ]

    await eventually_true(told)
    await accounts.harness.skip(10 * _MINUTE)
    over = True
    await accounts.harness.skip(20 * _MINUTE)
    assert await accounts.ended(link) is AccountLinkState.DONE
    assert accounts.received(link, anna.email) == [Message.EMAIL_CHANGED]
