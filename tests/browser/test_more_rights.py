"""*May I have more rights?* in a real browser: a viewer asks, the administrator approves a part of it."""

import re

from domain.vocabulary import Language, Level, Role, Subpage
from emails.labels import label
from store.authorizations import Authorization
from tests import factories
from tests.browser.browsing import Browsing
from tests.browser.hands import Hands
from tests.browser.mail import link_in
from tests.browser.walking import Walk, goes_to_choice_of_service, mail_to
from tests.fixtures.api import LiveStack

SV, FI = Language.SWEDISH, Language.FINNISH
READ = Level.READ
MESSAGE = "Hej!\n\nJag gör bokföringen. <b>{{ 7*7 }}</b>"


async def test_a_viewer_asks_and_gets_a_part(browsing: Browsing, live_stack: LiveStack) -> None:
    database = live_stack.frontend.database
    relation = await factories.make_relation(database, name="Åkers Ab")
    birgitta = await factories.make_manager(database, relation)
    eva = await factories.make_user(database, first_name="Eva", last_name="Ek", language=FI)
    held = await factories.make_authorization(database, eva, relation, role=Role.VIEWER)

    asking = Walk(Hands(await browsing("fi", javascript=False, width=360)), FI)
    await asking.hands.goto(f"/relations/{relation.id}/authorizations")
    await asking.log_in(eva)
    await asking.hands.page.get_by_role(
        "link", name=re.compile(f"^{asking.word('Ask for more rights')}")
    ).click()
    await asking.press("Send the request")  # nothing more chosen: refused
    await asking.sees("Choose at least one higher level than you have now.")
    for subpage in (Subpage.CONTRACTS, Subpage.INVOICES):
        await choose(asking, subpage, READ)
    await asking.hands.page.locator("[name=message]").fill(MESSAGE)
    await asking.press("Send the request")
    await asking.sees("You have asked for more rights")

    answering = Walk(Hands(await browsing("sv")), SV)
    await answering.hands.goto("/login")
    await answering.log_in(birgitta)
    await answering.menu("To handle")
    await answering.hands.page.get_by_role("link", name=re.compile(rf"^{answering.word('Open')}\b")).click()
    await answering.sees("A user asks for more rights")
    here = answering.hands.address()
    assert link_in(await mail_to(live_stack, birgitta.email)).endswith(here)
    await answering.hands.sees("Jag gör bokföringen. <b>{{ 7*7 }}</b>")
    await answering.follow("Approve a part")
    await choose(answering, Subpage.INVOICES, Level.NONE)
    await answering.press("Approve")
    await answering.sees("You have approved the request")
    await goes_to_choice_of_service(answering)
    await answering.menu("To handle")
    await answering.sees("Nothing to handle")

    await asking.hands.goto(here)
    await asking.sees("Your request for more rights was approved")
    async with database.reading() as session:
        now = (await session.get_one(Authorization, held.id)).levels
    assert now == {**held.levels, Subpage.CONTRACTS: READ}


async def choose(walk: Walk, subpage: Subpage, level: Level) -> None:
    """In the row of the subpage."""
    row = walk.hands.page.get_by_role("group", name=label(walk.language, subpage), exact=True)
    box = row.get_by_label(label(walk.language, level).capitalize(), exact=True)
    await box.press("Space")
