"""The SMTP client over TLS with a private authority; never in the clear instead."""

import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from activities.clients.smtp import DeliveryOutcome, MailTrouble, SmtpMailer, SmtpSecurity, SmtpSettings
from tests.activities.smtp_sending import send, trouble
from tests.smtp_server import ScriptedSmtpServer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    yield certificate, key


@pytest.fixture
async def tls_server(certificate: tuple[Path, Path]) -> AsyncIterator[ScriptedSmtpServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    server = ScriptedSmtpServer(tls_context=context)
    await server.start()
    yield server
    await server.stop()


def encrypted(port: int, authority: Path | None, security: SmtpSecurity) -> SmtpMailer:
    settings = SmtpSettings(
        host="127.0.0.1",
        port=port,
        security=security,
        username="fullmakt",
        password=SecretStr("secret"),
        timeout=timedelta(seconds=5),
    )
    return SmtpMailer(settings, ssl.create_default_context(cafile=authority) if authority else None)


async def test_a_trusted_server_gets_the_message(
    tls_server: ScriptedSmtpServer, certificate: tuple[Path, Path]
) -> None:
    trusting = encrypted(tls_server.port, certificate[0], SmtpSecurity.STARTTLS)
    assert await send(trusting) is DeliveryOutcome.TAKEN


async def test_an_untrusted_one_gets_neither_password_nor_message(tls_server: ScriptedSmtpServer) -> None:
    trusting_only_the_public = encrypted(tls_server.port, None, SmtpSecurity.STARTTLS)
    assert await trouble(trusting_only_the_public) is MailTrouble.CONFIGURATION
    assert tls_server.logins == []
    assert tls_server.messages == []


@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
async def test_a_server_without_tls_gets_nothing(security: SmtpSecurity) -> None:
    server = ScriptedSmtpServer()
    await server.start()
    assert await trouble(encrypted(server.port, None, security)) is MailTrouble.CONFIGURATION
    assert server.logins == []
    await server.stop()
