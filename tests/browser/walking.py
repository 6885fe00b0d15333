"""The Swedish text's flow H4 as its two people walk it, in any language and any browser.

Each step is named by the words that stand on the page, so that a missing or a wrong word stops the walk.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage

from playwright.async_api import expect

from domain.vocabulary import Commodity, Language, Role
from emails.labels import label, role_on
from runtime.texts import translate
from store.customers import CustomerRelation
from store.users import User
from tests.browser.hands import Hands
from tests.browser.mail import newest_mail
from tests.factories import PASSWORD
from tests.fixtures.api import LiveStack

MESSAGE = "Hej!\n\nNu kan du se vår elförbrukning. <b>Välkommen</b> {{ 7*7 }}"


@dataclass(frozen=True)
class Walk:
    """One person at one browser, reading one language."""

    hands: Hands
    language: Language

    def word(self, msgid: str, **values: object) -> str:
        """What stands there for an English text, without its markup."""
        return re.sub(r"<[^>]+>", "", translate(self.language, msgid, **values))

    async def sees(self, msgid: str, **values: object) -> None:
        """The text is on the page."""
        await self.hands.sees(self.word(msgid, **values))

    async def press(self, msgid: str) -> None:
        """A button with these words."""
        await self.hands.press(self.word(msgid))

    async def follow(self, msgid: str) -> None:
        """A link with these words."""
        await self.hands.follow(self.word(msgid))

    async def fill(self, msgid: str, text: str) -> None:
        """A field with this label."""
        await self.hands.fill(self.word(msgid), text)

    async def menu(self, msgid: str) -> None:
        """An item of the menu at the top, which has to be opened first on a phone."""
        page = self.hands.page
        item = page.get_by_role("navigation", name=self.word("Main menu")).get_by_role(
            "link", name=re.compile(f"^{re.escape(self.word(msgid))}")
        )
        if not await item.is_visible():
            await page.locator("details.top-menu > summary").click()
        await item.click()
        await page.wait_for_load_state()

    async def log_in(self, user: User) -> None:
        """With the password that all users of the tests have."""
        await self.fill("Username", user.username)
        await self.fill("Password", PASSWORD)
        await self.press("Log in")

    async def choose_language(self) -> None:
        """By the switch at the top, if the page is not in this language yet."""
        page = self.hands.page
        button = page.locator(f".languages button[value={self.language.value}]")
        if await page.locator("html").get_attribute("lang") != self.language.value:
            if not await button.is_visible():
                await page.locator("details.top-menu > summary").click()
            await button.click()
        await expect(page.locator("html")).to_have_attribute("lang", self.language.value)


async def invites(walk: Walk, inviter: User, relation: CustomerRelation, address: str) -> None:
    """From the first click to "The invitation to the authorization has been sent"."""
    hands = walk.hands
    await hands.goto("/")
    await walk.log_in(inviter)
    await walk.choose_language()
    await walk.sees("Choice of service")

    await walk.menu("Maintenance")
    await walk.sees("Private customers")
    await hands.follow(f"{relation.customer.name} · {label(walk.language, relation.commodity)}")
    await walk.follow("Authorizations")
    await hands.page.locator(
        "summary", has_text=role_on(walk.language, Role.RELATION_USER, relation.commodity)
    ).click()
    await walk.press("Invite the user to the authorization")

    await hands.sees(walk.word("Contact details"))
    await walk.fill("E-mail address", address)
    await walk.press("Next")
    await hands.sees(walk.word("User details"))
    await hands.page.go_back()  # by the browser: nothing is lost
    await expect(hands.page.get_by_label(walk.word("E-mail address"), exact=True)).to_have_value(address)
    await walk.press("Next")
    await hands.sees(walk.word("User details"))
    await walk.press("Next")  # nothing typed: refused, with the fields named
    await walk.sees("This must be filled in.")
    await walk.fill("First name", "Bo")
    await walk.fill("Last name", "Boman")
    await walk.press("Next")
    await hands.sees(walk.word("Cover message"))
    await hands.page.go_back()  # over the mistake: the browser does not ask whether to send it again
    await expect(hands.page.get_by_label(walk.word("First name"), exact=True)).to_have_value("Bo")
    await walk.press("Next")
    await walk.fill("Cover message", MESSAGE)
    await walk.press("Back")  # and forth again: nothing is lost
    await walk.press("Next")
    await expect(hands.page.get_by_label(walk.word("Cover message"), exact=True)).to_have_value(
        re.compile("elförbrukning")
    )
    await walk.press("Next")

    await walk.sees("The e-mail as it will be sent")
    for shown in (address, "Bo Boman", "elförbrukning. <b>Välkommen</b> {{ 7*7 }}"):
        await hands.sees(shown)
    await walk.press("Approve")
    await walk.sees("The invitation to the authorization has been sent")
    assert address not in hands.address()


async def goes_to_choice_of_service(walk: Walk) -> None:
    """The end of every flow."""
    await walk.follow("Go to choice of service")
    assert walk.hands.address() == "/services"


async def registers_and_approves(walk: Walk, link: str, username: str, inviter: User) -> None:
    """Somebody new, from the link in the e-mail to "You now have the authorization"."""
    hands = walk.hands
    await hands.goto(link)
    assert hands.address() == "/invitations/opened"
    await walk.choose_language()
    await hands.sees(inviter.full_name)
    await hands.sees(label(walk.language, Commodity.ELECTRICITY))
    await walk.follow("Register")
    await walk.fill("Username", username)
    await walk.fill("Password", PASSWORD)
    await hands.check(
        walk.word(
            'I have read and accept the <a href="/terms" target="_blank" rel="noopener">terms of use'
            " (version %(version)s, opens in a new tab)</a>.",
            version="2026-11",
        )
    )
    await hands.check(walk.word("The details that I give here are correct and up to date."))
    await walk.press("Register")
    await approves(walk, inviter)


async def logs_in_and_approves(walk: Walk, user: User, inviter: User) -> None:
    """A registered person, who finds the invitation under *To handle* without any link."""
    await walk.hands.goto("/login")
    await walk.log_in(user)
    await walk.choose_language()
    await walk.menu("To handle")
    await walk.hands.page.get_by_role("link", name=re.compile(rf"^{walk.word('Open')}\b")).click()
    await approves(walk, inviter)


async def approves(walk: Walk, inviter: User) -> None:
    """On the invitation's page."""
    await walk.hands.sees(inviter.full_name)
    await walk.hands.sees("elförbrukning. <b>Välkommen</b> {{ 7*7 }}")
    await walk.press("Approve")
    await walk.sees("You now have the authorization")


async def mail_to(live: LiveStack, address: str, count: int = 1) -> EmailMessage:
    """The newest e-mail to an address, read from the real mailbox."""
    return await newest_mail(live.smtp, address, count=count)
