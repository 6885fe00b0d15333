"""What the SMTP tests share: one message, and a look at what a failure gives away."""

from email.message import EmailMessage

import pytest

from activities.clients.smtp import Content, DeliveryOutcome, MailTrouble, SmtpMailer, TemporaryMailFailure

RECIPIENT = "anna.andersson@example.com"
SENDER = "no-reply@fullmakt.example.com"


def a_message() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, "Inbjudan"
    message["Message-ID"] = "<1@fullmakt.example.com>"
    message.set_content("Välkommen!\n\n.\n.. två punkter\n", cte="quoted-printable")
    return message.as_bytes()


def ready(message: bytes) -> Content:
    """A message that needs no making."""

    async def content() -> bytes:
        return message

    return content


async def send(mailer: SmtpMailer, recipient: str = RECIPIENT) -> DeliveryOutcome:
    return await mailer.send(recipient=recipient, sender=SENDER, content=ready(a_message()))


async def trouble(mailer: SmtpMailer, recipient: str = RECIPIENT) -> MailTrouble:
    """The code of the failure, having seen that nothing else is in it."""
    return (await failure_of(mailer, recipient)).code


async def failure_of(mailer: SmtpMailer, recipient: str = RECIPIENT) -> TemporaryMailFailure:
    """The failure, having seen that nothing but its code is in it."""
    with pytest.raises(TemporaryMailFailure) as caught:
        await send(mailer, recipient)
    failure = caught.value
    assert failure.__cause__ is None
    assert failure.__context__ is None
    assert failure.args == (failure.code.value,)
    for said in (str(failure), repr(failure)):
        assert "@" not in said
        assert "scripted" not in said
    return failure
