"""One process's story: what is expected of it, and how it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from domain.vocabulary import Message, ProcessKind
from starter.demo.frontend import Frontend
from starter.demo.mailbox import Expected, Mail, Mailbox

# After which step an e-mail belongs; the others tell of an invitation's end.
_STEP_OF = {
    Message.INVITATION: "invitation.sent",
    Message.INVITATION_REMINDER: "invitation.reminded",
    Message.EMAIL_CONFIRMATION: "registration.email_confirmed",
    Message.REGISTRATION_COMPLETED: "registration.completed",
    Message.REGISTRATION_NOTICE: "registration.completed",
    Message.REGISTRATION_SUSPENDED: "registration.disputed",
    Message.AUTHORIZATION_REMOVED: "authorization.ended",
    Message.AUTHORIZATION_REMOVED_NOTICE: "authorization.ended",
    Message.AUTHORIZATION_GIVEN_UP: "authorization.ended",
    Message.AUTHORIZATION_GIVEN_UP_NOTICE: "authorization.ended",
}


@dataclass
class Story:
    """What was expected, and whether it was so."""

    title: str
    kind: ProcessKind = ProcessKind.INVITATION
    process_id: str = ""
    checks: list[tuple[bool, str]] = field(default_factory=list)
    steps: Sequence[dict[str, Any]] = ()
    mails: Sequence[Mail] = ()

    def check(self, claim: str, holds: bool) -> None:
        """Records whether something is as it should be."""
        self.checks.append((holds, claim))

    @property
    def wrong(self) -> Sequence[str]:
        """What was not as it should be."""
        return [claim for holds, claim in self.checks if not holds]

    async def conclude(
        self, inviter: Frontend, mailbox: Mailbox, state: str, expected: Sequence[Expected]
    ) -> None:
        """Checks an invitation's end: the state, the timeline, and that these e-mails came and no others."""
        self.mails = await mailbox.wait_for(self.process_id, [each.message for each in expected])
        found = (await inviter.get(f"/invitations/{self.process_id}")).must(200)
        timeline = (await inviter.get(f"/processes/{self.process_id}")).must(200)
        self.steps = timeline["steps"]
        self.check(f"the invitation is {state}", found["state"] == state)
        self.check(
            "its timeline says so, and waits for nobody",
            self.steps[-1]["event"] == f"invitation.{state}" and timeline["waiting_for"] is None,
        )
        self.check_mails(expected)

    def check_mails(self, expected: Sequence[Expected]) -> None:
        """Checks that these e-mails came, each once, and no others."""
        for each in expected:
            came = sum(each.is_met_by(mail) for mail in self.mails)
            name, language = each.reader.full_name, each.reader.language
            self.check(f"{name} got {each.message.replace('_', ' ')} once, in {language}", came == 1)
        self.check("nobody got anything else", len(self.mails) == len(expected))

    def tell(self, console: Console, where: str, zone: ZoneInfo) -> None:
        """Prints it: the timeline with the e-mails, where to look, and a mark for each expectation."""
        console.print(f"\n{self.title}", style="bold")
        untold = list(self.mails)
        for step in self.steps:
            at = datetime.fromisoformat(step["at"])
            console.print(f"  {at.astimezone(zone):%a %d %b %H:%M:%S}  {step['text']} ({step['by']})")
            for mail in [each for each in untold if _belongs(each, step["event"])]:
                untold.remove(mail)
                _print_mail(console, mail)
        for mail in untold:
            _print_mail(console, mail)
        for holds, claim in self.checks:
            mark = Text("  ✓ ", "green") if holds else Text("  ✗ ", "bold red")
            console.print(mark + Text(claim))
        console.print(f"  {where}", style="dim", soft_wrap=True)


def _belongs(mail: Mail, event: str) -> bool:
    told = _STEP_OF.get(mail.message)
    if told is not None:
        return event == told
    return event.removeprefix("invitation.") in {
        "accepted",
        "declined",
        "cancelled",
        "expired",
        "void",
        "undeliverable",
    }


def _print_mail(console: Console, mail: Mail) -> None:
    console.print(Text(f"{'':21}✉ {mail.to}: {mail.subject}", "cyan"), soft_wrap=True)
