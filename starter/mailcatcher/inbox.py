"""The mailbox: one .eml file a message in one directory, so that it outlives a restart."""

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from domain.email_address import normalised
from starter.mailcatcher.message import CaughtMessage, read_message


class Inbox:
    """What was caught, in memory for lists and on disk for the rest. One process owns a directory."""

    def __init__(self, directory: Path) -> None:
        """Read what is in `directory` (made, for its owner alone, when missing)."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._messages: dict[int, CaughtMessage] = {}
        for path in directory.glob("*.eml"):
            if path.stem.isdecimal() and path == self._path(int(path.stem)):
                self._remember(int(path.stem))
        self._last = max(self._messages, default=0)

    def add(self, raw: bytes, *, sender: str, recipients: Iterable[str]) -> CaughtMessage:
        """Keep a message as it came, below two lines that tell its envelope, as real mailboxes do."""
        envelope = (
            f"Return-Path: <{_one_line(sender)}>\r\nDelivered-To: {_one_line(', '.join(recipients))}\r\n"
        )
        self._last += 1
        target = self._path(self._last)
        unfinished = target.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(envelope.encode("utf-8", "surrogateescape") + raw)
        unfinished.replace(target)
        return self._remember(self._last)

    def messages(self, to: str | None = None) -> list[CaughtMessage]:
        """Newest first; `to` chooses one recipient's, compared as addresses are everywhere (spec 3.8)."""
        newest_first = [self._messages[number] for number in sorted(self._messages, reverse=True)]
        if to is None:
            return newest_first
        wanted = normalised(to)
        return [message for message in newest_first if wanted in map(normalised, message.recipients)]

    def get(self, number: int) -> CaughtMessage | None:
        """The message of this number, or None."""
        return self._messages.get(number)

    def raw(self, number: int) -> bytes:
        """The file of a message that is there."""
        return self._path(number).read_bytes()

    def parsed(self, number: int) -> Message:
        """A message that is there, with all its parts."""
        return message_from_bytes(self.raw(number))

    def clear(self) -> None:
        """Throw everything away. Numbers go on from the last one until a restart."""
        for number in self._messages:
            self._path(number).unlink(missing_ok=True)
        self._messages.clear()

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:08}.eml"

    def _remember(self, number: int) -> CaughtMessage:
        path = self._path(number)
        arrived = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        message = read_message(number, path.read_bytes(), arrived)
        self._messages[number] = message
        return message


def _one_line(text: str) -> str:
    """Fit for a header: a control character in an address must not begin a header of its own."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text)
