"""Sending one e-mail to one recipient over SMTP (spec 3, 3.1 point 2, 3.8; faults F7 to F10, attack A28).

A server's answer becomes one of three things: the message was taken, it was refused for good, or a
`TemporaryMailFailure`, after which the caller tries again. No address and no word of a server leaves this
module: not in an exception, its cause or its context (they land in Temporal's history), and not in a log.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

import aiosmtplib
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

MAXIMUM_TIMEOUT = timedelta(seconds=30)
_GOODBYE_SECONDS = 1.0
"""The longest wait for the answer to QUIT: the outcome is known by then."""

_ATOM = r'[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff<>()\[\]\\,:;"@]+'
_MAILBOX = re.compile(f"{_ATOM}@{_ATOM}")
"""What can stand in an SMTP command as one address: no quoting, spaces, controls or second address (A28)."""

_ABOUT_US = frozenset({500, 502, 503, 504, 530, 535, 538})
"""Permanent answers to the envelope that blame our settings or our protocol, not recipient or message."""


class DeliveryOutcome(StrEnum):
    """What a mail server finally said of one message to one recipient."""

    TAKEN = "taken"
    REFUSED = "refused"


class MailTrouble(StrEnum):
    """Why a message is neither taken nor refused yet; stable codes, safe to log."""

    TEMPORARY = "mail.temporary"
    """The server said to try later (4xx), or made no sense."""
    UNREACHABLE = "mail.unreachable"
    """No connection, or it broke."""
    TIMEOUT = "mail.timeout"
    """The server was silent or too slow."""
    CONFIGURATION = "mail.configuration"
    """The server rejects us (log-in, TLS, protocol): operators must mend it; no recipient is to blame."""


class TemporaryMailFailure(Exception):
    """Not taken this time, as far as we know; sending again later is right. Carries the code alone.

    `in_doubt`: the bytes went out and no answer came, so the server may have taken them after all.
    """

    def __init__(self, code: MailTrouble, *, in_doubt: bool = False) -> None:
        super().__init__(code.value)
        self.code = code
        self.in_doubt = in_doubt


Content = Callable[[], Awaitable[bytes]]
"""Makes a complete RFC 5322 message, asked for when the server has accepted the envelope."""


class Mailer(Protocol):
    """Hands a message to the mail system."""

    async def send(self, *, recipient: str, sender: str, content: Content) -> DeliveryOutcome:
        """Send a message from and to one address each (the envelope).

        Raises TemporaryMailFailure, within the configured time in total, when it was neither taken nor
        refused.
        """
        ...


class SmtpSecurity(StrEnum):
    """How the connection is encrypted; certificates are always checked, and there is no silent fallback."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class SmtpSettings(BaseModel):
    """Where and how mail is handed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(pattern=r"^[^\s]+$")
    port: int = Field(ge=1, le=65535)
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    username: str | None = None
    password: SecretStr | None = None
    own_name: str | None = Field(default=None, pattern=r"^[\x21-\x7e]+$")
    """What we call ourselves in EHLO; this machine's full name by default."""
    timeout: timedelta = Field(default=MAXIMUM_TIMEOUT, gt=timedelta(0), le=MAXIMUM_TIMEOUT)
    """For one message in total, from the connection's first packet to the server's last word."""

    @model_validator(mode="after")
    def _whole_credentials(self) -> "SmtpSettings":
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        return self


class SmtpMailer:
    """A `Mailer` that speaks SMTP to one server, over a new connection for each message."""

    def __init__(self, settings: SmtpSettings, tls_context: ssl.SSLContext | None = None) -> None:
        """`tls_context`: for a private certificate authority; the system's authorities by default."""
        self._settings = settings
        self._tls_context = tls_context
        if tls_context is None and settings.security is not SmtpSecurity.NONE:
            self._tls_context = ssl.create_default_context()
        self._own_name = settings.own_name

    async def send(self, *, recipient: str, sender: str, content: Content) -> DeliveryOutcome:
        """As `Mailer.send`. A recipient that is not one plain address is REFUSED, the server not asked."""
        if not _MAILBOX.fullmatch(sender):
            raise TemporaryMailFailure(MailTrouble.CONFIGURATION)
        if not _MAILBOX.fullmatch(recipient):
            return DeliveryOutcome.REFUSED
        letter = _Letter(content)
        result = await self._deliver(recipient, sender, letter)
        if isinstance(result, MailTrouble):
            # Raised here, where no other exception is being handled: it has no context to leak.
            raise TemporaryMailFailure(result, in_doubt=letter.unanswered)
        return result

    async def _deliver(self, recipient: str, sender: str, letter: "_Letter") -> DeliveryOutcome | MailTrouble:
        """Connect, hand over, part; whatever happens, cancellation too, the connection is closed."""
        client = self._client()
        deadline = asyncio.get_running_loop().time() + self._settings.timeout.total_seconds()
        try:
            result = await self._attempt(client, deadline, recipient, sender, letter)
            if result is not MailTrouble.TIMEOUT:
                await _say_goodbye(client, deadline)
        finally:
            _hang_up(client)
        return result

    async def _attempt(
        self, client: aiosmtplib.SMTP, deadline: float, recipient: str, sender: str, letter: "_Letter"
    ) -> DeliveryOutcome | MailTrouble:
        """One try, until `deadline` (the event loop's time); every failure becomes a value."""
        opened = False
        try:
            async with asyncio.timeout_at(deadline):
                await self._open(client)
                opened = True
                return await _hand_over(client, recipient, sender, letter)
        except aiosmtplib.SMTPResponseException as refusal:
            letter.unanswered = False
            about_it = opened and not isinstance(refusal, aiosmtplib.SMTPSenderRefused)
            return _judged(refusal.code, about_it=about_it)
        except (aiosmtplib.SMTPException, OSError, ValueError) as failure:
            return _trouble(failure)

    def _client(self) -> aiosmtplib.SMTP:
        """A client without clocks of its own: one deadline rules the whole conversation."""
        return aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            local_hostname=self._own_name,
            use_tls=self._settings.security is SmtpSecurity.TLS,
            start_tls=False,
            tls_context=self._tls_context,
            timeout=None,
        )

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        """Everything before the envelope: greeting, encryption, log-in."""
        await client.connect()
        self._own_name = client.local_hostname
        await client.ehlo()
        if self._settings.security is SmtpSecurity.STARTTLS:
            await client.starttls()
            await client.ehlo()
        if self._settings.username is not None and self._settings.password is not None:
            await client.login(self._settings.username, self._settings.password.get_secret_value())


class _Letter:
    """What is sent, and whether it has gone out without an answer."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.unanswered = False


async def _hand_over(
    client: aiosmtplib.SMTP, recipient: str, sender: str, letter: _Letter
) -> DeliveryOutcome:
    """The envelope and the message. Raises aiosmtplib's errors for every answer but the hoped-for one."""
    international = not recipient.isascii()
    if international and not client.supports_extension("smtputf8"):
        return DeliveryOutcome.REFUSED
    options = ["SMTPUTF8"] if international else []
    encoding = "utf-8" if international else "ascii"
    await client.mail(sender, options=options, encoding=encoding)
    await client.rcpt(recipient, encoding=encoding)
    message = await letter.content()
    letter.unanswered = True
    try:
        await client.data(message)
    except aiosmtplib.SMTPDataError as answer:
        # The library knows 250 as the one good end; any other 2xx is as good (RFC 5321, 4.2.1).
        if not 250 < answer.code < 300:  # noqa: PLR2004 - SMTP codes
            raise
    return DeliveryOutcome.TAKEN


def _judged(code: int, *, about_it: bool) -> DeliveryOutcome | MailTrouble:
    """What an SMTP code other than the hoped-for one means.

    `about_it`: the answer came to RCPT or DATA. Before these a server knows neither recipient nor message,
    and a sender that it does not want is ours to mend.
    """
    if not 500 <= code < 600:  # noqa: PLR2004 - SMTP's permanent answers
        return MailTrouble.TEMPORARY
    if about_it and code not in _ABOUT_US:
        return DeliveryOutcome.REFUSED
    return MailTrouble.CONFIGURATION


def _trouble(failure: Exception) -> MailTrouble:
    """What a failure that is no answer of the server means.

    Besides time-outs and broken connections: an untrusted certificate, STARTTLS or AUTH that is not offered,
    a host name, a sender or a user name that cannot be sent.
    """
    if isinstance(failure, TimeoutError):
        return MailTrouble.TIMEOUT
    about_tls = isinstance(failure, ssl.SSLError) or isinstance(failure.__cause__, ssl.SSLError)
    if isinstance(failure, OSError) and not about_tls:
        return MailTrouble.UNREACHABLE
    return MailTrouble.CONFIGURATION


async def _say_goodbye(client: aiosmtplib.SMTP, deadline: float) -> None:
    """QUIT, as the protocol asks; nothing about it can change an outcome any more."""
    latest = min(deadline, asyncio.get_running_loop().time() + _GOODBYE_SECONDS)
    with suppress(aiosmtplib.SMTPException, OSError):
        async with asyncio.timeout_at(latest):
            await client.quit()


def _hang_up(client: aiosmtplib.SMTP) -> None:
    """Close at once. An orderly close would wait for a peer that may never read what is still buffered."""
    transport = client.transport
    client.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
