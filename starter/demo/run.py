"""Sets the stage, plays the stories, and says whether all was as it should be."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.console import Console

from domain import ids
from runtime.settings import Settings
from starter.demo.afterwards import what_to_try
from starter.demo.frontend import BrokenOff, frontend
from starter.demo.mailbox import mailbox
from starter.demo.people import E_SERVICE, Cast
from starter.demo.registration_stories import REGISTRATIONS
from starter.demo.removal_stories import REMOVALS
from starter.demo.skipped_week import TITLE, expired, skipping_stage
from starter.demo.stage import Stage, demo_settings, emptied, furnish, inviters
from starter.demo.stories import INVITATIONS
from starter.demo.story import Story
from starter.ports import PortsInUse
from starter.stack import Embedded, Stack, log_to_file, stack, with_real_ports
from starter.temporal_server import NAMESPACE

_SKIPPED = "It ran on Temporal's time-skipping server, which has no UI and keeps nothing."


class Demo:
    """One run in a directory of its own; `passed` once everything was as it should be."""

    def __init__(self, directory: Path, console: Console, *, stays_up: bool) -> None:
        self._directory = directory
        self._console = console
        self._stays_up = stays_up
        self._cast = Cast()
        self._stories: list[Story] = []
        self.passed = False

    async def run(self) -> None:
        """Plays all of it; then stays up until it is cancelled, if it passed and somebody is there to look.

        Raises HostError when the stack cannot run here.
        """
        emptied(self._directory)
        settings = self._settings()
        log_to_file(settings)
        self._console.print(
            "Starting Temporal, API, worker, mail catcher, test broker; times will be Finnish ..."
        )
        async with stack(settings) as running:
            await self._play(running)
            self.passed = self._summarise()
            if self.passed and self._stays_up:
                await self._stay(running)

    def _settings(self) -> Settings:
        """With the usual ports when they are free, so that addresses are the known ones; else with others."""
        usual = demo_settings(self._directory)
        try:
            with with_real_ports(usual, Embedded()):
                return usual
        except PortsInUse:
            return demo_settings(self._directory, free_ports=True)

    async def _play(self, running: Stack) -> None:
        async with frontend(running.api_url) as visitor, mailbox(str(running.mailbox_url)) as mails:
            stage = Stage(visitor, mails, self._cast, running.services.database, E_SERVICE)
            await furnish(running.services, dict(inviters(self._cast)))
            for title, play in {**INVITATIONS, **REGISTRATIONS, **REMOVALS}.items():
                story = Story(title)
                await self._tell(story, play(stage, story), running)
            story = Story(TITLE)
            async with skipping_stage(running.settings, mails, self._cast) as (skipping, clock):
                await self._tell(story, expired(skipping, clock, story), None)

    async def _tell(self, story: Story, played: Awaitable[None], running: Stack | None) -> None:
        self._stories.append(story)
        try:
            await played
        except BrokenOff as reason:
            story.check(f"the story goes on to its end; {reason}", False)
        zone = ZoneInfo(demo_settings(self._directory).retailer.time_zone)
        story.tell(self._console, _where(story, running), zone)

    def _summarise(self) -> bool:
        checks = sum(len(story.checks) for story in self._stories)
        wrong = [f"{story.title[:1]}: {claim}" for story in self._stories for claim in story.wrong]
        if not wrong:
            self._console.print(
                f"\nAll {checks} expectations of {len(self._stories)} stories hold.", style="bold"
            )
            return True
        self._console.print(f"\n{len(wrong)} of {checks} expectations do not hold:", style="bold red")
        for claim in wrong:
            self._console.print(f"  {claim}", soft_wrap=True)
        return False

    async def _stay(self, running: Stack) -> None:
        async with frontend(running.api_url) as visitor:
            emma = await visitor.log_in(self._cast.emma)
            waiting = (await emma.get("/me/tasks")).must(200)["items"][0]["id"]
        for line in what_to_try(running, self._cast, waiting):
            self._console.print(line, soft_wrap=True)
        if running.temporal is None:
            await asyncio.Event().wait()
        else:
            await running.temporal.ended()


def _where(story: Story, running: Stack | None) -> str:
    """The address of the story's workflow in Temporal's UI."""
    if running is None or running.temporal is None:
        return _SKIPPED
    if not story.process_id:
        return f"Temporal UI: {running.temporal.ui_url}"
    workflow_id = ids.workflow_id(story.kind, UUID(story.process_id))
    return f"Temporal UI: {running.temporal.ui_url}/namespaces/{NAMESPACE}/workflows/{workflow_id}"
