"""Sending a process's e-mails, each once (spec 3: a message row per process, template and sequence)."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clients.smtp import DeliveryOutcome, Mailer, TemporaryMailFailure
from domain.codes import Code
from domain.vocabulary import DeliveryState, Language, Message
from emails.mime import build
from emails.props import EmailProps
from emails.render import Brand, render
from runtime.failures import application_error
from store import messages
from store.database import Database


@dataclass(frozen=True)
class Letter:
    """One e-mail before it is written: which one, to whom, and what it says if it goes out at a moment."""

    message: Message
    recipient: str
    language: Language
    props: Callable[[datetime], EmailProps]
    # Tells a process's e-mails of the same kind apart: the same number is the same e-mail.
    sequence: int = 1


@dataclass(frozen=True)
class Sender:
    """Who e-mails come from: the address, and the domain of their Message-IDs."""

    address: str
    domain: str


@dataclass(frozen=True)
class Fate:
    """What became of an e-mail: SENT at `at`, or FAILED (refused for good)."""

    state: DeliveryState
    at: datetime


Settled = Callable[[AsyncSession, Fate], Awaitable[None]]


async def _nothing(_: AsyncSession, __: Fate) -> None:
    """Nothing else to record with an e-mail's fate."""


def attempt_time(now: datetime) -> datetime:
    """The process's time of this attempt: `now` is when the activity was scheduled.

    The time since then comes from Temporal, so neither a day of retries, nor one without workers, nor a
    worker's wrong clock counts.
    """
    info = activity.info()
    return now + (info.started_time - info.scheduled_time)


class Notifier:
    """Writes e-mails and hands them to the mail server, and remembers which it has."""

    def __init__(self, *, database: Database, mailer: Mailer, brand: Brand, sender: Sender) -> None:
        self._database = database
        self._mailer = mailer
        self._brand = brand
        self._sender = sender

    async def send(
        self, process_id: UUID, letter: Letter, *, now: datetime, settled: Settled = _nothing
    ) -> None:
        """Sends an e-mail, unless its fate is settled already.

        `settled` runs in the transaction that records its fate, so once. Raises ApplicationError with a
        `mail.*` code when the server did not take it this time. After a crash between the server's 250 and
        our commit, the repeat has the same Message-ID and bytes.
        """
        async with self._database.transaction() as session:
            row = await messages.queued(session, process_id, letter.message, letter.sequence, now)
            if row.delivery is not DeliveryState.QUEUED:
                return
            message_id, in_doubt = row.id, row.handed_over_at is not None
        if not letter.recipient:
            # Somebody who has been erased meanwhile.
            await self._settle(message_id, Fate(DeliveryState.FAILED, now), settled)
            return
        fate = await self._hand_over(letter, message_id, now, in_doubt=in_doubt)
        await self._settle(message_id, fate, settled)

    async def _settle(self, message_id: UUID, fate: Fate, settled: Settled) -> None:
        async with self._database.transaction() as session:
            if await messages.settle(session, message_id, fate.state, fate.at):
                await settled(session, fate)

    async def send_all(self, process_id: UUID, letters: Iterable[Letter], *, now: datetime) -> None:
        """Sends several; one that is not taken this time holds up no other. Raises as `send` does."""
        failure: ApplicationError | None = None
        for letter in letters:
            try:
                await self.send(process_id, letter, now=now)
            except ApplicationError as error:
                failure = error
        if failure is not None:
            raise failure

    async def _hand_over(self, letter: Letter, message_id: UUID, now: datetime, *, in_doubt: bool) -> Fate:
        """`in_doubt`: the mail server may have it from an earlier try, whatever it says to this one."""
        handed_over_at = now

        async def content() -> bytes:
            nonlocal handed_over_at
            async with self._database.transaction() as session:
                handed_over_at = await messages.hand_over(session, message_id, now)
            return self._write(letter, message_id, handed_over_at)

        try:
            outcome = await self._mailer.send(
                recipient=letter.recipient, sender=self._sender.address, content=content
            )
        except TemporaryMailFailure as failure:
            if not (failure.in_doubt or in_doubt):
                async with self._database.transaction() as session:
                    await messages.take_back(session, message_id)
            raise application_error(Code(failure.code.value), non_retryable=False) from None
        activity.metric_meter().create_counter(
            "fullmakt_emails", "E-mails that the mail server took or refused"
        ).add(1, {"template": letter.message.value, "outcome": outcome.value})
        taken = outcome is DeliveryOutcome.TAKEN
        return Fate(DeliveryState.SENT if taken else DeliveryState.FAILED, handed_over_at)

    def _write(self, letter: Letter, message_id: UUID, at: datetime) -> bytes:
        rendered = render(letter.message, letter.language, letter.props(at), self._brand)
        return build(
            rendered,
            sender=self._sender.address,
            sender_name=self._brand.retailer_name,
            recipient=letter.recipient,
            message_id=message_id,
            domain=self._sender.domain,
            date=at,
            language=letter.language,
        )
