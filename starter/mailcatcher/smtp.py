"""How the catcher answers SMTP: yes to everybody, as long as a message is of a sane size."""

import logging

from aiosmtpd.smtp import SMTP, Envelope, Session

from starter.mailcatcher.inbox import Inbox

MAXIMUM_MESSAGE_BYTES = 10 * 1024 * 1024

# aiosmtpd logs every address at INFO; e-mail addresses have no place in our logs.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class _Catcher:
    """aiosmtpd's hooks: a message that has arrived whole goes to the inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self._inbox.add(
            envelope.original_content or b"",
            sender=envelope.mail_from or "",
            recipients=envelope.rcpt_tos,
        )
        return "250 2.0.0 Caught"


def catching_protocol(inbox: Inbox) -> SMTP:
    """The protocol of one connection whose messages go to `inbox`."""
    return SMTP(
        _Catcher(inbox), hostname="localhost", data_size_limit=MAXIMUM_MESSAGE_BYTES, enable_SMTPUTF8=True
    )
