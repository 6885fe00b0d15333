"""What is sent to routes that take a body: one that is taken, by the route's `operationId`."""

from typing import Any, Final
from uuid import UUID

from tests.checking import question_about
from tests.factories import PASSWORD
from tests.frontend import draft

TOKEN: Final = "A" * 43
LEVELS: Final = {
    "consumption": "read",
    "reports": "read",
    "contracts": "read",
    "invoices": "none",
    "contact_details": "none",
    "users": "none",
}
BODIES: Final[dict[str, Any]] = {
    "log_in": {"username": "x", "password": "y"},
    "change_own_details": {"first_name": "Eva"},
    "change_password": {"current_password": "not it", "password": f"{PASSWORD}!"},
    "ask_for_email_change": {"email": "other@example.com", "password": "not it"},
    "begin_own_identification": {"means": "nordea"},
    "take_own_identification": {"state": TOKEN, "code": "x"},
    "begin_registration": {"kind": "company"},
    "begin_identification": {"means": "nordea"},
    "take_identification": {"state": TOKEN, "code": "x"},
    "put_details": {"terms_version": "2026-11", "declared_accurate": True},
    "confirm_registration": {"revision": 1},
    "invite": draft(),
    "preview_invitation": draft(),
    "suggest_name": {"email": "x@example.com"},
    "set_authorization_levels": {"levels": LEVELS},
    "ask_for_rights": {"levels": LEVELS},
    "check_authorization": question_about(UUID(int=1), UUID(int=2)),
    "ask_for_erasure": {"password": "not it"},
}
