"""Forgotten passwords, changed addresses and open sessions, for who looks at every page."""

from collections.abc import Mapping
from uuid import uuid4

from domain.vocabulary import AccountLinkPurpose, Language
from starter.services import Services, account_links, sessions
from store.database import Database
from store.users import User
from tests import factories

Shown = tuple[Mapping[str, str], list[str]]
_UNKNOWN = "x" * 43
_FIREFOX = "Firefox, Windows"


async def account_pages(services: Services, database: Database) -> list[Shown]:
    """Each in every state that looks different: the cookies with which one sees it, and its address."""
    address = f"wolfgang.von.und.zu.lichtenstein@{uuid4().hex}.example.com"
    user = await factories.make_user(database, email=address, username=address, language=Language.FINNISH)
    here, other, _ = [
        await sessions.start_for(services, user.id, "127.0.0.1", device)
        for device in (_FIREFOX, _FIREFOX, "")
    ]
    ends = [f"/account/sessions/{each}/end" for each in (other.session.id, "others")]
    alone = await factories.make_user(database, language=Language.FINNISH)
    only = await sessions.start_for(services, alone.id, "127.0.0.1", _FIREFOX)
    forgotten = ["/password/forgotten", "/username/forgotten"]
    sent = [f"{each}/sent" for each in forgotten]
    return [
        ({}, [*forgotten, *sent, "/email-changes/confirmed"]),
        *[
            ({cookie: token}, [path])
            for cookie, path, purpose in (
                ("password_reset", "/password-resets", AccountLinkPurpose.PASSWORD_RESET),
                ("email_change", "/email-changes", AccountLinkPurpose.EMAIL_CHANGE),
            )
            for token in (await _token(services, purpose, user), _UNKNOWN)
        ],
        ({"session": here.token}, ["/account", "/account/email", "/account/email/sent"]),
        ({"session": here.token}, ["/account/password", "/account/sessions", *ends, *sent]),
        ({"session": only.token}, ["/account/sessions"]),
    ]


async def _token(services: Services, purpose: AccountLinkPurpose, user: User) -> str:
    """The token of a link that nobody has used."""
    async with services.database.transaction() as session:
        link = account_links.begin(services, session, purpose, user, new_email=f"ny.{user.email}")
    return services.keys.account_link_token(purpose, link.id)
