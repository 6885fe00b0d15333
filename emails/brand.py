"""The brand of an installation, from its settings."""

from zoneinfo import ZoneInfo

from emails.render import Brand
from runtime.settings import Settings


def brand(settings: Settings) -> Brand:
    """Who the e-mails and pages of this installation come from."""
    retailer = settings.retailer
    return Brand(
        service_name=retailer.service_name,
        retailer_name=retailer.name,
        customer_service_phone=retailer.customer_service_phone,
        customer_service_email=retailer.customer_service_email,
        customer_service_hours=retailer.customer_service_hours,
        origin=settings.origin_url,
        time_zone=ZoneInfo(retailer.time_zone),
    )
