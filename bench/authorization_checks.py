"""How long an authorization check takes: `python bench/authorization_checks.py [--rows N] [--database URL]`.

Prints p50 and p99 of the policy's answer and of the whole HTTP request (in-process, through the ASGI
application), beside floors of the same run: one SELECT by primary key, and a route that does nothing.
The rows (1,000,000 authorizations of 400,000 users by default) are the same each time. Without --database a
new SQLite file is used; a PostgreSQL database must be empty. Temporal is not there.
"""

import argparse
import asyncio
import base64
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from authorization_rows import NOW, Asked, World, write
from sqlalchemy import make_url, select
from starlette.types import ASGIApp, Message, Scope

from domain.vocabulary import Level, Subpage
from runtime import logs
from runtime.outbox import Outbox
from runtime.service_credentials import new_service_credential
from runtime.settings import Settings
from runtime.temporal import connect, telemetry
from starter.app import create_app
from starter.services import Services
from store import migrate, policy
from store.authorizations import Authorization
from store.database import Database

_WARMING_UP = 200


async def measured(what: str, asked: Sequence[Asked], act: Callable[[Asked], Awaitable[None]]) -> None:
    """Does it for each, one after the other; prints how long one takes, and this process's work for it."""
    for each in asked[:_WARMING_UP]:
        await act(each)
    seconds, worked = [], time.process_time()
    for each in asked[_WARMING_UP:]:
        began = time.perf_counter()
        await act(each)
        seconds.append(time.perf_counter() - began)
    hundredths = statistics.quantiles(seconds, n=100)
    cpu = (time.process_time() - worked) / len(seconds)
    print(
        f"{what:28} p50 {hundredths[49] * 1000:6.2f} ms   p99 {hundredths[98] * 1000:6.2f} ms"
        f"   CPU {cpu * 1000:5.2f} ms"
    )


async def call(
    app: ASGIApp, method: str, path: str, body: bytes = b"", *headers: tuple[bytes, bytes]
) -> bytes:
    """A request's answer; as a server calls an application, without the server."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    answer = b""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal answer
        if message["type"] == "http.response.start" and message["status"] != 200:  # noqa: PLR2004 - OK
            raise RuntimeError(f"{path} answered {message['status']}")
        answer += message.get("body", b"")

    await app(scope, receive, send)
    return answer


async def measure(database_url: str, asked: Sequence[Asked]) -> None:
    """All four, on the same questions."""
    secret, credential = new_service_credential("bench")
    settings = Settings(_env_file=None, database_url=database_url, service_credentials=[credential])
    database, runtime = Database(database_url), telemetry(None)
    client = await connect(runtime=runtime, lazy=True)
    clock = lambda: NOW  # noqa: E731 - one line says it
    outbox = Outbox(client=client, database=database, task_queue=settings.task_queue, clock=clock)
    app = create_app(
        Services(
            settings=settings, database=database, clock=clock, client=client, outbox=outbox, runtime=runtime
        )
    )
    basic = b"Basic " + base64.b64encode(f"bench:{secret}".encode())
    allowed = 0

    async def select_one(each: Asked) -> None:
        async with database.reading() as session:
            query = select(Authorization.valid_from).where(Authorization.id == each.authorization_id)
            await session.execute(query)

    async def policy_alone(each: Asked) -> None:
        async with database.reading() as session:
            await policy.levels(session, each.user_id, each.relation_id, NOW)

    async def empty_route(_: Asked) -> None:
        await call(app, "GET", "/healthz")

    async def check(each: Asked) -> None:
        nonlocal allowed
        body = {
            "user_id": str(each.user_id),
            "relation_id": str(each.relation_id),
            "subpage": Subpage.CONSUMPTION,
            "level": Level.READ,
        }
        headers = ((b"authorization", basic), (b"content-type", b"application/json"))
        answer = await call(app, "POST", "/v1/authorization-checks", json.dumps(body).encode(), *headers)
        allowed += json.loads(answer)["allowed"]

    await measured("SELECT by primary key", asked, select_one)
    await measured("policy.levels", asked, policy_alone)
    await measured("an empty route", asked, empty_route)
    await measured("POST /authorization-checks", asked, check)
    print(f"{allowed} of {len(asked)} were allowed")
    await database.close()


def main() -> int:
    """Runs it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="authorizations")
    parser.add_argument("--checks", type=int, default=5_000)
    parser.add_argument("--database", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        logs.configure("INFO", nowhere)
        database_url = arguments.database or f"sqlite:///{directory}/bench.db"
        migrate.upgrade(database_url)
        world, began = World(arguments.rows), time.perf_counter()
        write(database_url, world)
        seconds = time.perf_counter() - began
        backend = make_url(database_url).get_backend_name()
        print(f"{arguments.rows} authorizations, {backend}; made in {seconds:.0f} s")
        asked = random.Random(1).choices(world.asked, k=arguments.checks)  # noqa: S311 - no secret
        asyncio.run(measure(database_url, asked))
    return 0


if __name__ == "__main__":
    sys.exit(main())
