"""`fullmakt up`: the one-machine stack until Ctrl-C."""

import asyncio
from collections.abc import Iterator

import typer

from runtime.settings import Settings
from starter.cli.common import console, load_settings, messages, run_host
from starter.running import own_command
from starter.stack import Embedded, Stack, embedded_parts, log_files, log_to_file, stack

app = typer.Typer()

_NEXT = """\

In another terminal:
  {fullmakt} customers import data/customers.sample.csv
  {fullmakt} users create --email maija@example.com --username maija --first-name Maija --last-name Virtanen
  {fullmakt} authorizations grant --username maija --customer 100001 --commodity electricity
Then log in to the pages as maija, or by the command line:
  {fullmakt} login --username maija
  {fullmakt} invitations send
Or register by strong identification, with the test broker (Erik Lindqvist is in the sample, too):
  {fullmakt} register private
Ctrl-C stops all of it; the data stay."""


@app.command()
def up() -> None:
    """Run everything here until Ctrl-C: Temporal, API, worker, mailbox.

    A Temporal that TEMPORAL_ADDRESS names, a mail server that FULLMAKT_SMTP__HOST names and a database that
    FULLMAKT_DATABASE_URL names are used instead of starting our own.
    """
    run_host(_up(load_settings()))
    messages.print("Stopped.")


async def _up(settings: Settings) -> None:
    log_to_file(settings)
    messages.print("Starting ...")
    embedded = embedded_parts(settings)
    async with stack(settings, embedded) as running:
        for name, where in addresses(running, embedded):
            console.print(f"{name:<10}{where}", soft_wrap=True)
        console.print(_NEXT.format(fullmakt=own_command()), soft_wrap=True)
        try:
            if running.temporal is None:
                await asyncio.Event().wait()
            else:
                await running.temporal.ended()
        finally:
            messages.print("Stopping ...")


def addresses(running: Stack, embedded: Embedded) -> Iterator[tuple[str, str]]:
    """Where everything is: names and addresses."""
    settings = running.settings
    yield "Pages", f"{running.api_url}/"
    yield "API", f"{running.api_url}  (described at {running.api_url}/v1/openapi.json)"
    if running.mailbox_url is None:
        yield "Mail", f"{settings.smtp.host}:{settings.smtp.port}, named by the settings; none started here"
    else:
        yield "Mailbox", f"{running.mailbox_url}  (SMTP on {settings.smtp.host}:{settings.smtp.port})"
    if running.temporal is None:
        yield "Temporal", "the one that the environment names; none started here"
    else:
        yield "Temporal", f"{running.temporal.ui_url}  (gRPC on {running.temporal.address})"
    if embedded.identification:
        yield "Broker", f"http://127.0.0.1:{settings.stack_broker_port}  (test persons for identification)"
    if embedded.metrics:
        yield "Metrics", f"http://{settings.api_metrics}/metrics"
    yield "Database", running.services.database.url.render_as_string(hide_password=True)
    yield "Data", str(settings.data_directory.absolute())
    yield "Logs", "  ".join(str(each) for each in log_files(settings) if each.exists())
