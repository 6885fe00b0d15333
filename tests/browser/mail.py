"""E-mails as the person who got them reads them."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.smtp_server import ScriptedSmtpServer


async def newest_mail(smtp: ScriptedSmtpServer, address: str, *, count: int = 1) -> EmailMessage:
    """The last e-mail to `address`, once there are `count` of them. Raises TimeoutError after 10 s."""
    taken = await smtp.taken(to=address, count=count)
    return message_from_bytes(taken[-1].raw, _class=EmailMessage, policy=policy.default)


def link_in(mail: EmailMessage) -> str:
    """The one link in a mail's text. Raises ValueError if there are several or none."""
    body = mail.get_body(("plain",))
    text = "" if body is None else str(body.get_content())
    [link] = set(re.findall(r"https?://\S+", text))
    return str(link)
