"""The SMTP client against a real, scripted mail server (F7 to F10, A28)."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr, ValidationError

from activities.clients.smtp import (
    DeliveryOutcome,
    MailTrouble,
    SmtpMailer,
    SmtpSettings,
    TemporaryMailFailure,
)
from tests.activities.smtp_sending import RECIPIENT, SENDER, a_message, failure_of, ready, send, trouble
from tests.smtp_server import (
    ACCEPT,
    EVERYBODY,
    Behaviour,
    Greylist,
    Reply,
    Reset,
    ScriptedSmtpServer,
    Silent,
    Slow,
    Stage,
)

IN_ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedSmtpServer]:
    server = ScriptedSmtpServer()
    await server.start()
    yield server
    await server.stop()


def mailer(port: int, *, seconds: float = 5, **settings: object) -> SmtpMailer:
    return SmtpMailer(
        SmtpSettings.model_validate(
            {"host": "127.0.0.1", "port": port, "security": "none", "own_name": "worker.example.com"}
            | {"timeout": timedelta(seconds=seconds)}
            | settings
        )
    )


async def test_a_message_is_taken_once_byte_for_byte(server: ScriptedSmtpServer) -> None:
    assert await send(mailer(server.port)) is DeliveryOutcome.TAKEN

    [message] = server.messages
    assert (message.sender, message.to) == (SENDER, RECIPIENT)
    assert message.raw == a_message().replace(b"\n", b"\r\n")


@pytest.mark.parametrize("code", [421, 450, 451, 452])
async def test_a_4xx_is_temporary_and_the_next_try_is_taken_once(
    server: ScriptedSmtpServer, code: int
) -> None:
    server.behave(RECIPIENT, [Reply(code), Reply(code, at=Stage.DATA)])

    assert await trouble(mailer(server.port)) is MailTrouble.TEMPORARY
    assert await trouble(mailer(server.port)) is MailTrouble.TEMPORARY
    assert await send(mailer(server.port)) is DeliveryOutcome.TAKEN
    assert len(server.messages) == 1


async def test_greylisting_is_temporary_until_it_passes(server: ScriptedSmtpServer) -> None:
    waited = False
    server.behave(EVERYBODY, Greylist(lambda: waited))

    assert await trouble(mailer(server.port)) is MailTrouble.TEMPORARY
    waited = True
    assert await send(mailer(server.port)) is DeliveryOutcome.TAKEN


@pytest.mark.parametrize(
    "answer",
    [
        Reply(550),
        Reply(501),
        Reply(553),
        Reply(554),
        Reply(550, at=Stage.DATA),
        Reply(552, at=Stage.DATA),
        Reply(554, at=Stage.DATA),
    ],
    ids=str,
)
async def test_a_5xx_about_recipient_or_message_is_a_refusal(
    server: ScriptedSmtpServer, answer: Behaviour
) -> None:
    server.behave(EVERYBODY, answer)

    assert await send(mailer(server.port)) is DeliveryOutcome.REFUSED
    assert server.messages == []


@pytest.mark.parametrize(
    "answer",
    [
        *(Reply(code, at=stage) for code in (500, 502, 503, 504, 530, 535, 538) for stage in IN_ENVELOPE),
        *(Reply(code, at=Stage.CONNECT) for code in (521, 550, 554)),
        Reply(550, at=Stage.EHLO),
        *(Reply(code, at=Stage.MAIL) for code in (550, 552, 553)),
        *(Reply(code, at=Stage.AUTH) for code in (504, 530, 534, 535, 538)),
    ],
    ids=str,
)
async def test_a_5xx_about_us_ruins_nobodys_invitation(server: ScriptedSmtpServer, answer: Behaviour) -> None:
    server.behave(EVERYBODY, answer)
    logged_in = mailer(server.port, username="fullmakt", password="secret")

    assert await trouble(logged_in) is MailTrouble.CONFIGURATION
    assert server.messages == []


@pytest.mark.parametrize("stage", [Stage.CONNECT, Stage.EHLO, Stage.AUTH, Stage.MAIL])
async def test_a_4xx_before_the_recipient_is_temporary(server: ScriptedSmtpServer, stage: Stage) -> None:
    server.behave(EVERYBODY, Reply(451, at=stage))
    logged_in = mailer(server.port, username="fullmakt", password="secret")

    assert await trouble(logged_in) is MailTrouble.TEMPORARY


async def test_any_2xx_after_the_message_means_taken(server: ScriptedSmtpServer) -> None:
    server.behave(RECIPIENT, Reply(251, at=Stage.DATA))

    assert await send(mailer(server.port)) is DeliveryOutcome.TAKEN


@pytest.mark.parametrize("stage", list(Stage))
async def test_silence_ends_at_the_total_time(server: ScriptedSmtpServer, stage: Stage) -> None:
    server.behave(EVERYBODY, Silent(at=stage))
    impatient = mailer(server.port, seconds=0.15, username="fullmakt", password="secret")
    began = time.monotonic()

    assert await trouble(impatient) is MailTrouble.TIMEOUT
    assert time.monotonic() - began < 1
    await asyncio.wait_for(server.idle.wait(), 1)


@pytest.mark.parametrize(
    ("behaviour", "in_doubt"),
    [
        (Silent(at=Stage.RCPT), False),
        (Reset(at=Stage.RCPT), False),
        (Reply(451, at=Stage.DATA), False),
        (Silent(at=Stage.DATA), True),
        (Reset(at=Stage.DATA), True),
    ],
    ids=str,
)
async def test_only_bytes_without_an_answer_are_in_doubt(
    server: ScriptedSmtpServer, behaviour: Behaviour, in_doubt: bool
) -> None:
    server.behave(RECIPIENT, behaviour)

    assert (await failure_of(mailer(server.port, seconds=0.15))).in_doubt is in_doubt


async def test_the_time_is_one_for_all_stages_together(server: ScriptedSmtpServer) -> None:
    server.behave(EVERYBODY, Slow(0.1, at=Stage.CONNECT))
    server.behave(RECIPIENT, Slow(0.2, at=Stage.DATA))

    assert await trouble(mailer(server.port, seconds=0.25)) is MailTrouble.TIMEOUT


async def test_a_slow_server_within_the_time_takes_the_message(server: ScriptedSmtpServer) -> None:
    server.behave(RECIPIENT, Slow(0.05, at=Stage.DATA))

    assert await send(mailer(server.port)) is DeliveryOutcome.TAKEN


async def test_a_silent_recipient_holds_nobody_else_up(server: ScriptedSmtpServer) -> None:
    server.behave(RECIPIENT, Silent())
    stuck = asyncio.create_task(send(mailer(server.port, seconds=30)))

    others = [send(mailer(server.port), f"other{number}@example.com") for number in range(5)]
    assert set(await asyncio.gather(*others)) == {DeliveryOutcome.TAKEN}
    assert not stuck.done()
    stuck.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stuck


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_reset_is_temporary(server: ScriptedSmtpServer, stage: Stage) -> None:
    server.behave(EVERYBODY, [Reset(at=stage)])
    logged_in = mailer(server.port, username="fullmakt", password="secret")

    assert await trouble(logged_in) is MailTrouble.UNREACHABLE
    assert await send(logged_in) is DeliveryOutcome.TAKEN
    assert len(server.messages) == 1


async def test_no_server_is_temporary_and_its_return_ends_it(server: ScriptedSmtpServer) -> None:
    port = server.port
    await server.stop()
    assert await trouble(mailer(port)) is MailTrouble.UNREACHABLE

    await server.start(port)
    assert await send(mailer(port)) is DeliveryOutcome.TAKEN


@pytest.mark.parametrize("stage", list(Stage))
async def test_cancellation_closes_the_connection(server: ScriptedSmtpServer, stage: Stage) -> None:
    server.behave(EVERYBODY, Greylist(lambda: sending.cancel(), at=stage))  # noqa: PLW0108 - not there yet
    sending = asyncio.create_task(send(mailer(server.port, username="fullmakt", password="secret")))

    with pytest.raises(asyncio.CancelledError):
        await sending
    await asyncio.wait_for(server.idle.wait(), 1)


async def test_connections_are_closed_after_every_outcome(server: ScriptedSmtpServer) -> None:
    server.behave(RECIPIENT, [ACCEPT, Reply(550), Reply(450)])

    assert await send(mailer(server.port)) is DeliveryOutcome.TAKEN
    assert await send(mailer(server.port)) is DeliveryOutcome.REFUSED
    assert await trouble(mailer(server.port)) is MailTrouble.TEMPORARY
    await asyncio.wait_for(server.idle.wait(), 1)
    assert server.connections == 3


@pytest.mark.parametrize(
    "hostile",
    [
        "anna@example.com\r\nRCPT TO:<mallory@example.com>",
        "anna@example.com\nDATA",
        "anna\x00@example.com",
        "anna\u2028@example.com",
        "anna@example.com> NOTIFY=SUCCESS ORCPT=x;<",
        "anna@example.com, mallory@example.com",
        "Anna <anna@example.com>",
        '"anna andersson"@example.com',
        "anna\ud800@example.com",
        "anna@@example.com",
        "anna",
        "",
    ],
)
async def test_what_is_not_one_address_never_reaches_the_server(
    server: ScriptedSmtpServer, hostile: str
) -> None:
    assert await send(mailer(server.port), hostile) is DeliveryOutcome.REFUSED
    assert server.connections == 0


async def test_a_hostile_sender_is_our_own_trouble(server: ScriptedSmtpServer) -> None:
    with pytest.raises(TemporaryMailFailure) as caught:
        await mailer(server.port).send(recipient=RECIPIENT, sender="a@example.com\r\nX", content=ready(b""))

    assert caught.value.code is MailTrouble.CONFIGURATION
    assert caught.value.__context__ is None
    assert server.messages == []


async def test_an_international_address_is_sent_when_the_server_offers_it(server: ScriptedSmtpServer) -> None:
    assert await send(mailer(server.port), "åsa@example.com") is DeliveryOutcome.TAKEN

    [message] = server.messages
    assert message.to == "åsa@example.com"
    assert "SMTPUTF8" in message.options


async def test_an_international_address_is_refused_otherwise() -> None:
    server = ScriptedSmtpServer(smtputf8=False)
    await server.start()
    assert await send(mailer(server.port), "åsa@example.com") is DeliveryOutcome.REFUSED
    assert await send(mailer(server.port)) is DeliveryOutcome.TAKEN
    await server.stop()


async def test_logging_in(server: ScriptedSmtpServer) -> None:
    await send(mailer(server.port, username="fullmakt", password="hemligt-lösenord"))

    assert server.logins == [("fullmakt", "hemligt-lösenord")]


async def test_nothing_is_logged(server: ScriptedSmtpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.behave(RECIPIENT, [Reply(550), Reply(450)])
    await send(mailer(server.port))
    await trouble(mailer(server.port))

    assert RECIPIENT not in caplog.text


def test_settings_show_no_password_and_allow_no_long_wait() -> None:
    settings = SmtpSettings(host="mail.example.com", port=587, username="u", password=SecretStr("hemligt"))
    assert "hemligt" not in repr(settings)
    with pytest.raises(ValidationError):
        SmtpSettings(host="mail.example.com", port=587, timeout=timedelta(seconds=31))
    with pytest.raises(ValidationError):
        SmtpSettings(host="mail.example.com", port=587, username="u")
