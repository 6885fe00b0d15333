"""What was really e-mailed: read from the mail catcher, over HTTP as a person would."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import HeaderParser
from typing import Any
from uuid import UUID

import httpx2

from domain import ids
from domain.vocabulary import Message
from starter.demo.frontend import BrokenOff
from starter.demo.people import Person

_PATIENCE = timedelta(seconds=20)
# Of one kind to different readers, or repeated: a story has fewer.
_MOST = 10


@dataclass(frozen=True)
class Mail:
    """An e-mail of a process; which one it is follows from its Message-ID."""

    message: Message
    to: str
    language: str
    subject: str
    date: datetime
    links: Sequence[str]


@dataclass(frozen=True)
class Expected:
    """An e-mail that must have come, in the reader's language."""

    message: Message
    reader: Person

    def is_met_by(self, mail: Mail) -> bool:
        """Whether that is the one."""
        reader = self.reader
        return (mail.message, mail.to, mail.language) == (self.message, reader.email, reader.language)


class Mailbox:
    """The mail catcher's inbox."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def of_process(self, process_id: str) -> Sequence[Mail]:
        """All e-mails of a process, in the order of their arrival."""
        known = {
            str(ids.message_id(UUID(process_id), message, sequence)): message
            for message in Message
            for sequence in range(1, _MOST)
        }
        found = (await self._http.get("/api/messages")).json()
        named = [(each, known.get(each["message_id"].strip("<>").partition("@")[0])) for each in found]
        return [await self._mail(each, message) for each, message in reversed(named) if message is not None]

    async def wait_for(self, process_id: str, messages: Collection[Message]) -> Sequence[Mail]:
        """The same, once these have come, each as often as it stands there; after 20 s whatever is there."""
        latest: Sequence[Mail] = ()
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                while not Counter(messages) <= Counter(mail.message for mail in latest):
                    await asyncio.sleep(0.05)
                    latest = await self.of_process(process_id)
        except TimeoutError:
            pass  # what is missing is told by whoever looks at the rest
        return latest

    async def link(self, process_id: str, message: Message = Message.INVITATION) -> str:
        """The first link in an e-mail, once it is there. Raises BrokenOff."""
        for mail in await self.wait_for(process_id, [message]):
            if mail.message is message and mail.links:
                return mail.links[0]
        raise BrokenOff(f"The e-mail {message} did not come")

    async def _mail(self, listed: dict[str, Any], message: Message) -> Mail:
        raw = (await self._http.get(f"/messages/{listed['number']}/raw")).text
        return Mail(
            message=message,
            to=listed["to"],
            language=HeaderParser().parsestr(raw, headersonly=True).get("Content-Language", ""),
            subject=listed["subject"],
            date=datetime.fromisoformat(listed["date"]),
            links=listed["links"],
        )


@asynccontextmanager
async def mailbox(url: str) -> AsyncIterator[Mailbox]:
    """The inbox at `url`."""
    async with httpx2.AsyncClient(base_url=url, timeout=20, trust_env=False) as http:
        yield Mailbox(http)
