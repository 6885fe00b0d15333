"""The embedded mail catcher of the one-machine stack: SMTP in, a mailbox on a page out.

For development only; nothing outside this package imports aiosmtpd.
"""

from pathlib import Path

from starter.mailcatcher.inbox import Inbox
from starter.mailcatcher.listener import SmtpListener
from starter.mailcatcher.message import CaughtMessage
from starter.mailcatcher.pages import mailcatcher_app
from starter.mailcatcher.smtp import catching_protocol

__all__ = ["CaughtMessage", "Inbox", "MailCatcher"]


class MailCatcher:
    """Takes mail for everybody, delivers it to nobody and shows it.

    `inbox` holds what was caught, `app` is the ASGI application that shows it; the caller serves it.
    """

    def __init__(self, directory: Path) -> None:
        """`directory`: where messages are kept as files; made when missing, its messages are there again."""
        self.inbox = Inbox(directory)
        self.app = mailcatcher_app(self.inbox)
        self._listener = SmtpListener(lambda: catching_protocol(self.inbox))

    async def start(self, host: str, smtp_port: int) -> None:
        """Listen for SMTP on a loopback address (port 0: any free one).

        Raises ValueError for an address others can reach, OSError for a port in use.
        """
        await self._listener.start(host, smtp_port)

    async def stop(self) -> None:
        """Stop listening and end open connections; what was caught stays."""
        await self._listener.stop()

    @property
    def smtp_port(self) -> int:
        """The port listened on. Raises RuntimeError while stopped."""
        return self._listener.port
