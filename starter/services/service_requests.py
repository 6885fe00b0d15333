"""Asking customer service for help when one cannot go on alone (spec 3.6, O2)."""

from datetime import timedelta

from domain import email_address, text
from domain.codes import Code
from domain.vocabulary import ServiceRequestKind
from starter.services import throttle
from starter.services.context import Services
from starter.services.refusals import FieldChecks
from store.service_requests import ServiceRequest, open_request

_DAY = timedelta(days=1)


async def ask_without_means(
    services: Services, *, name: str, email: str, phone: str, message: str, source: str
) -> None:
    """Puts somebody who has no means of identification into customer service's queue.

    An e-mail address or a telephone number is needed, the message is not. Raises FieldsRefused; TooMany.
    """
    checks = FieldChecks()
    contact = {"name": checks.value("/name", text.checked_name, name)}
    if email:
        contact["email"] = checks.value("/email", email_address.checked, email)
    if phone:
        contact["phone"] = checks.value("/phone", text.checked_phone, phone)
    if not email and not phone:
        checks.refuse("/email", Code.FIELD_REQUIRED)
    if message:
        contact["message"] = checks.value("/message", text.checked_message, message)
    checks.done()
    await throttle.hit(
        services,
        "service-request",
        source,
        limit=services.settings.registration_limits.service_requests_per_source_and_day,
        window=_DAY,
        code=Code.REQUEST_TOO_MANY,
    )
    async with services.database.transaction() as session:
        open_request(
            session,
            ServiceRequest(
                kind=ServiceRequestKind.NO_IDENTIFICATION_MEANS,
                contact=contact,
                created_at=services.clock(),
            ),
        )
