"""One process for every way a request about an account can go, as in `scenarios`."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from tests.accounts import Accounts
from tests.harness import Harness, eventually
from tests.smtp_server import Greylist, Reply

Scenario = Callable[[Harness], Awaitable[WorkflowHandle[Any, Any]]]
_MINUTE = timedelta(minutes=1)
_NEW = "new@example.org"


async def account_link_used(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    anna = await accounts.user()
    link = await accounts.forget_password(anna.email)
    await accounts.reset(await accounts.token(anna.email))
    return accounts.process(link)


async def account_link_expired(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    anna = await accounts.user()
    link = await accounts.forget_password(anna.email)
    await accounts.token(anna.email)
    await harness.skip(61 * _MINUTE)
    return accounts.process(link)


async def account_link_replaced(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    anna = await accounts.user()
    link = await accounts.forget_password(anna.email)
    await accounts.token(anna.email)
    await accounts.forget_password(anna.email)
    await accounts.token(anna.email, mails=2)
    await harness.skip(_MINUTE)
    await harness.outbox.drain(timedelta(0))
    return accounts.process(link)


async def account_link_of_nobody(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    link = await accounts.forget_password("nobody.here@example.net")
    await harness.skip(61 * _MINUTE)
    return accounts.process(link)


async def account_link_never_sent(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    anna = await accounts.user()
    harness.smtp.behave(anna.email, Reply(450))
    link = await accounts.forget_password(anna.email)
    await eventually(lambda: len(harness.smtp.attempts) >= 2)
    await harness.skip(61 * _MINUTE)
    return accounts.process(link)


async def account_link_to_a_new_address(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    anna = await accounts.user()
    link = await accounts.move(anna, _NEW)
    await harness.smtp.taken(to=anna.email)
    await accounts.confirm(await accounts.token(_NEW))
    return accounts.process(link)


async def account_link_used_while_the_warning_is_stuck(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts, over = Accounts(harness), False
    anna = await accounts.user()
    harness.smtp.behave(anna.email, Greylist(lambda: over))
    link = await accounts.move(anna, _NEW)
    await eventually(lambda: len(harness.smtp.attempts) >= 3)
    await accounts.confirm(await accounts.token(_NEW))
    await harness.smtp.taken(to=_NEW, count=2)
    over = True
    await harness.skip(20 * _MINUTE)
    return accounts.process(link)


async def account_link_username_reminder(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    anna = await accounts.user()
    return accounts.process(await accounts.forget_username(anna.email))


async def account_link_password_changed(harness: Harness) -> WorkflowHandle[Any, Any]:
    accounts = Accounts(harness)
    session = await accounts.log_in(await accounts.user())
    return accounts.process(await accounts.change_password(session))


SCENARIOS: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        account_link_used,
        account_link_expired,
        account_link_replaced,
        account_link_of_nobody,
        account_link_never_sent,
        account_link_to_a_new_address,
        account_link_used_while_the_warning_is_stuck,
        account_link_username_reminder,
        account_link_password_changed,
    )
}
