"""A mail server that does what a test tells it: the faults F7 to F10, over real SMTP.

    server = ScriptedSmtpServer()
    await server.start()
    server.behave("anna@example.com", [Reply(450), Reply(450), ACCEPT])   # one a try, then ACCEPT for ever
    server.behave("bo@example.com", Reply(550))                           # the same at every try
    server.behave(EVERYBODY, [Reply(421, at=Stage.CONNECT)])              # whoever comes next
    ...
    [message] = await server.taken(to="anna@example.com")                 # waits until it has come

A recipient's own script goes before EVERYBODY's. Before RCPT (CONNECT, EHLO, AUTH, MAIL) a server does not
know the recipient yet, so those stages can only be scripted for EVERYBODY.
"""

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from starter.mailcatcher.listener import SmtpListener

EVERYBODY = "*"


class Stage(IntEnum):
    """Where in the conversation a behaviour shows."""

    CONNECT = 0
    EHLO = 1
    AUTH = 2
    MAIL = 3
    RCPT = 4
    DATA = 5
    """After the whole message; a Reset breaks off in the middle of it."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What the server does at one stage of a try; this plain one takes the message."""

    at: Stage = Stage.RCPT


@dataclass(frozen=True)
class Reply(Behaviour):
    """Answer this code. The text is one that must not leak: it names the recipient where there is one."""

    code: int


class Silent(Behaviour):
    """Answer nothing, ever."""


class Reset(Behaviour):
    """Break the connection with a TCP reset."""


@dataclass(frozen=True)
class Slow(Behaviour):
    """Answer well, but this many seconds late."""

    seconds: float


@dataclass(frozen=True)
class Greylist(Behaviour):
    """451 until `passed()` is true; to be given alone, not in a list."""

    passed: Callable[[], bool]


ACCEPT = Behaviour()


@dataclass(frozen=True)
class TakenMessage:
    """A message the server said 250 to."""

    sender: str
    to: str
    raw: bytes
    options: tuple[str, ...]
    """The parameters of MAIL, in capitals."""


class ScriptedSmtpServer:
    """Listens on 127.0.0.1; `port` tells where. Records what it takes and how often it was tried."""

    def __init__(self, *, smtputf8: bool = True, tls_context: ssl.SSLContext | None = None) -> None:
        """With `tls_context` the server offers STARTTLS."""
        self.messages: list[TakenMessage] = []
        self.attempts: list[str] = []
        """The recipient of each RCPT, refused or not."""
        self.logins: list[tuple[str, str]] = []
        """User name and password of each AUTH that no script refused."""
        self.connections = 0
        self.idle = asyncio.Event()
        """Set while no connection is open."""
        self.idle.set()
        self._open: set[SMTP] = set()
        self._scripts: dict[str, Behaviour | deque[Behaviour]] = {}
        self._arrived = asyncio.Condition()
        self._listener = SmtpListener(lambda: _Conversation(self, smtputf8=smtputf8, tls_context=tls_context))

    async def start(self, port: int = 0) -> None:
        """Listen on `port`, or any free one."""
        await self._listener.start("127.0.0.1", port)

    async def stop(self) -> None:
        """Break all connections; scripts and messages stay, so that a restart is an outage's end."""
        await self._listener.stop()

    @property
    def port(self) -> int:
        return self._listener.port

    def behave(self, recipient: str, script: Behaviour | Iterable[Behaviour]) -> None:
        """A list is one behaviour a try and ACCEPT afterwards; a single behaviour stays."""
        self._scripts[recipient] = deque(script) if isinstance(script, Iterable) else script

    def forget(self) -> None:
        """Back to the beginning: no scripts, nothing recorded. For one server shared by many tests."""
        self._scripts.clear()
        self.messages.clear()
        self.attempts.clear()
        self.logins.clear()
        self.connections = 0

    async def taken(self, *, to: str, count: int = 1, seconds: float = 10) -> list[TakenMessage]:
        """The messages for `to`, once there are `count` of them. Raises TimeoutError after `seconds`."""

        def of_recipient() -> list[TakenMessage]:
            return [message for message in self.messages if message.to == to]

        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(of_recipient()) >= count)
        return of_recipient()

    async def record(self, envelope: Envelope) -> None:
        """Keep a message (called by the conversation)."""
        async with self._arrived:
            for recipient in envelope.rcpt_tos:
                self.messages.append(
                    TakenMessage(
                        sender=envelope.mail_from or "",
                        to=recipient,
                        raw=envelope.original_content or b"",
                        options=tuple(envelope.mail_options),
                    )
                )
            self._arrived.notify_all()

    def note(self, conversation: SMTP, *, is_open: bool) -> None:
        """Keep count of open connections (called by the conversation)."""
        if is_open:
            self._open.add(conversation)
            self.idle.clear()
        else:
            self._open.discard(conversation)
            if not self._open:
                self.idle.set()

    def next_before_envelope(self) -> Behaviour:
        """EVERYBODY's next behaviour if it is of a stage before RCPT; it is used up."""
        return self._next(EVERYBODY, wanted=lambda behaviour: behaviour.at < Stage.RCPT) or ACCEPT

    def next_for(self, recipient: str) -> Behaviour:
        """What this try meets from RCPT on; it is used up."""
        return (
            self._next(recipient, wanted=lambda _: True)
            or self._next(EVERYBODY, wanted=lambda behaviour: behaviour.at >= Stage.RCPT)
            or ACCEPT
        )

    def _next(self, recipient: str, wanted: Callable[[Behaviour], bool]) -> Behaviour | None:
        script = self._scripts.get(recipient)
        if isinstance(script, deque):
            return script.popleft() if script and wanted(script[0]) else None
        return script if script is not None and wanted(script) else None


class _Conversation(SMTP):
    """One connection: aiosmtpd's protocol, with the script asked at every stage."""

    def __init__(
        self, server: ScriptedSmtpServer, *, smtputf8: bool, tls_context: ssl.SSLContext | None
    ) -> None:
        super().__init__(
            SimpleNamespace(handle_RCPT=self._on_recipient, handle_DATA=self._on_message),
            hostname="localhost",
            enable_SMTPUTF8=smtputf8,
            tls_context=tls_context,
            auth_require_tls=False,
            authenticator=self._note_login,
        )
        self._script = server
        self._behaviour: Behaviour = ACCEPT
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._script.note(self, is_open=True)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._script.note(self, is_open=False)

    async def _handle_client(self) -> None:
        self._script.connections += 1
        self._behaviour = self._script.next_before_envelope()
        try:
            if (refusal := await self._act(Stage.CONNECT)) is None:
                await super()._handle_client()
            else:
                await self.push(refusal)
        finally:
            self._writer.close()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's names, here and below
        await self._or_refuse(Stage.EHLO, super().smtp_EHLO, hostname)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        await self._or_refuse(Stage.AUTH, super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        await self._or_refuse(Stage.MAIL, super().smtp_MAIL, arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self._behaviour == Reset(at=Stage.DATA):
            await self.push("354 go on")
            await self._reader.readline()
            await self._reset()
        await super().smtp_DATA(arg)

    async def _on_recipient(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self._recipient = address
        self._script.attempts.append(address)
        self._behaviour = self._script.next_for(address)
        if (refusal := await self._act(Stage.RCPT)) is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def _on_message(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        refusal = await self._act(Stage.DATA)
        if refusal is None or refusal.startswith("2"):
            await self._script.record(envelope)
        return refusal or "250 2.0.0 OK"

    def _note_login(self, _s: SMTP, _se: Session, _e: Envelope, _mechanism: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword):
            self._script.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)

    async def _or_refuse(self, stage: Stage, answer: Callable[[Any], Any], argument: str | None) -> None:
        refusal = await self._act(stage)
        await (answer(argument) if refusal is None else self.push(refusal))

    async def _act(self, stage: Stage) -> str | None:
        """Do what the script wants at this stage. Returns a reply other than the usual one, or None."""
        behaviour = self._behaviour
        if behaviour.at is not stage:
            return None
        match behaviour:
            case Reply(code=code):
                return f"{code} scripted answer about {self._recipient or 'you'}"
            case Greylist(passed=passed):
                return None if passed() else f"451 4.7.1 {self._recipient}: greylisted, come back"
            case Slow(seconds=seconds):
                await asyncio.sleep(seconds)
            case Silent():
                await _for_ever()
            case Reset():
                await self._reset()
        return None

    async def _reset(self) -> None:
        transport = self.transport
        if isinstance(transport, asyncio.Transport):
            at_once = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            transport.abort()
        await _for_ever()


async def _for_ever() -> None:
    """Until the connection's end cancels us."""
    await asyncio.Event().wait()
