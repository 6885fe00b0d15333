"""One's own user account in a real browser: a forgotten password, and a new e-mail address (spec 3.7)."""

from uuid import uuid4

from domain.vocabulary import Language
from tests import factories
from tests.browser.browsing import Browsing
from tests.browser.hands import Hands
from tests.browser.mail import link_in
from tests.browser.walking import Walk, mail_to
from tests.factories import PASSWORD
from tests.fixtures.api import LiveStack

SV, FI = Language.SWEDISH, Language.FINNISH
NEW = "Polcirkeln-66-grader"


async def test_from_a_forgotten_password_to_being_logged_in_again(
    browsing: Browsing, live_stack: LiveStack
) -> None:
    anna = await factories.make_user(live_stack.frontend.database)
    walk = Walk(Hands(await browsing("sv")), SV)
    await walk.hands.goto("/login")
    await walk.follow("Forgotten your password?")
    await walk.press("Send the link")  # nothing typed: refused, with the field named
    await walk.sees("Please correct this:")
    await walk.fill("E-mail address", anna.email)
    await walk.press("Send the link")
    await walk.sees("If somebody has registered with that address, an e-mail is on its way.")

    await walk.hands.goto(link_in(await mail_to(live_stack, anna.email)))
    await walk.sees("Choose a new password")
    assert walk.hands.address() == "/password-resets"
    await walk.fill("New password", "kort")
    await walk.press("Change password")
    await walk.sees("The password must have at least 8 characters.")
    await walk.fill("New password", NEW)
    await walk.press("Change password")
    await walk.sees("Your password has been changed. Log in with it.")
    await walk.fill("Username", anna.username)
    await walk.fill("Password", NEW)
    await walk.press("Log in")
    assert walk.hands.address() == "/services"
    told = str((await mail_to(live_stack, anna.email, count=2)).get_body(("plain",)))
    assert anna.first_name in told


async def test_a_new_address_on_a_phone_without_scripts(browsing: Browsing, live_stack: LiveStack) -> None:
    anna = await factories.make_user(live_stack.frontend.database, language=FI)
    new = f"uusi.{uuid4().hex}@example.com"
    walk = Walk(Hands(await browsing("fi", javascript=False, width=360)), FI)
    await walk.hands.goto("/login")
    await walk.log_in(anna)
    await walk.menu("Own details")
    await walk.follow("Change e-mail")
    await walk.fill("New e-mail address", new)
    await walk.fill("Password", "wrong-Password-1")
    await walk.press("Send the link")
    await walk.sees("The password is wrong. Check it and try again.")
    await walk.fill("Password", PASSWORD)
    await walk.press("Send the link")
    await walk.sees("Look in your e-mail")

    elsewhere = Walk(Hands(await browsing("fi", javascript=False, width=360)), FI)
    await elsewhere.hands.goto(link_in(await mail_to(live_stack, new)))
    await elsewhere.hands.sees(new)
    await elsewhere.press("Confirm")
    await elsewhere.sees("Your e-mail address has been changed")
    await walk.menu("Own details")
    await walk.hands.sees(new)

    await walk.follow("Show the browsers")
    await walk.sees("This browser")
