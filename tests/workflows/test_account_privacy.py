"""Nothing of who has forgotten what in Temporal, in logs, or in what lasts; in failures neither (A42)."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.keys import token_hash
from store.account_links import AccountLink
from store.users import User
from tests.accounts import CHANGE, NEW_PASSWORD, RESET, Accounts
from tests.activities.running import everything
from tests.factories import KEYS, PASSWORD
from tests.faulty_database import Fault, FaultyDatabase
from tests.leaks import assert_nothing_personal, raw_history
from tests.smtp_server import Reply

SOURCE, NEW, UNKNOWN = "198.51.100.231", "kanariina.ny@example.org", "okand.fagel@example.net"


def size_of(path: Path) -> int:
    return path.stat().st_size


async def kanariina(accounts: Accounts) -> User:
    return await accounts.user(
        first_name="Kanariina",
        last_name="Fågelström",
        email="kanariina@example.com",
        username="kanariina@example.com",
    )


def personal(user: User, links: list[AccountLink]) -> list[str]:
    tokens = [KEYS.account_link_token(purpose, each.id) for each in links for purpose in (RESET, CHANGE)]
    who = [user.first_name, user.last_name, user.email, NEW, UNKNOWN]
    return [*who, "kanariina", SOURCE, PASSWORD, NEW_PASSWORD, *tokens, *map(token_hash, tokens)]


async def assert_clean(accounts: Accounts, user: User, links: list[AccountLink], logs: bytes) -> bytes:
    """Histories, logs, and what lasts in the database; returns the histories."""
    words = personal(user, links)
    found = b"".join([await raw_history(accounts.process(each)) for each in links])
    assert_nothing_personal(found, words)
    assert_nothing_personal(logs, words)
    dump = await everything(accounts.harness.database)
    lasting = ("audit_events", "outbox", "counters", "messages")
    assert_nothing_personal(repr([dump[table] for table in lasting]).encode(), words)
    # Once everybody is told, nor does the request hold an address.
    assert_nothing_personal(repr(dump["account_links"]).encode(), [user.email, NEW, "example"])
    with pytest.raises(AssertionError):
        assert_nothing_personal(repr(dump["users"]).encode(), words)
    tokens = [each for each in words if len(each) == 43]
    assert_nothing_personal(repr(dump).encode(), [UNKNOWN, PASSWORD, NEW_PASSWORD, SOURCE, *tokens])
    return found


async def test_what_goes_well(accounts: Accounts, log_file: Path) -> None:
    begins, user = await asyncio.to_thread(size_of, log_file), await kanariina(accounts)
    links = [await accounts.forget_username(user.email), await accounts.forget_password(UNKNOWN)]
    links.append(await accounts.move(user, NEW))
    await accounts.confirm(await accounts.token(NEW))
    links.append(await accounts.forget_password(NEW))
    await accounts.reset(await accounts.token(NEW, mails=3), source=SOURCE)
    await accounts.harness.skip(timedelta(hours=2))
    for each in links:
        await accounts.process(each).result()
    logs = (await asyncio.to_thread(log_file.read_bytes))[begins:]
    await assert_clean(accounts, user, links, logs)


async def test_what_fails(idle_accounts: Accounts, log_file: Path) -> None:
    """The database and the mail server repeat what they were told, in their errors."""
    accounts, harness = idle_accounts, idle_accounts.harness
    begins, user = await asyncio.to_thread(size_of, log_file), await kanariina(accounts)
    talkative = FaultyDatabase(harness.database, words=" ".join(personal(user, [])))
    async with harness.worker(talkative):
        harness.smtp.behave(user.email, [Reply(450), Reply(450)])
        harness.smtp.behave(NEW, [Reply(450), Reply(450)])
        talkative.faults.extend([Fault.BEFORE_COMMIT, Fault.AFTER_COMMIT, Fault.UNREACHABLE])
        link = await accounts.move(user, NEW)
        await harness.skip(timedelta(minutes=10))
        talkative.faults.extend([Fault.UNREACHABLE] * 2 + [Fault.AFTER_COMMIT] * 2)
        await accounts.confirm(await accounts.token(NEW))
        await harness.skip(timedelta(hours=1))
        await accounts.process(link).result()
        logs = (await asyncio.to_thread(log_file.read_bytes))[begins:]
        found = await assert_clean(accounts, user, [link], logs)
    await talkative.close()
    assert found.count(b"SendAccountEmail") > 1
