"""The stable codes by which a refusal is known, everywhere: API, workflows, logs (spec section 4).

A code is never renamed or reused. Its words, in three languages, are in `starter/http/texts.py`.
"""

from enum import StrEnum


class Code(StrEnum):
    # Invitations
    INVITATION_ALREADY_PENDING = "invitation.already_pending"
    INVITATION_WRONG_RECIPIENT = "invitation.wrong_recipient"
    INVITATION_ENDED = "invitation.ended"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_DECLINED = "invitation.declined"
    INVITATION_CANCELLED = "invitation.cancelled"
    INVITATION_EXPIRED = "invitation.expired"
    INVITATION_UNDELIVERABLE = "invitation.undeliverable"
    INVITATION_VOID = "invitation.void"
    INVITATION_OWN_ADDRESS = "invitation.own_address"
    INVITATION_TOO_MANY = "invitation.too_many"
    INVITATION_TOO_MANY_FOR_ADDRESS = "invitation.too_many_for_address"
    # Authorizations
    AUTHORIZATION_EXISTS = "authorization.exists"
    AUTHORIZATION_ROLE_NOT_AVAILABLE = "authorization.role_not_available"
    AUTHORIZATION_LEVEL_UNKNOWN = "authorization.level_unknown"
    AUTHORIZATION_LEVEL_TOO_HIGH = "authorization.level_too_high"
    AUTHORIZATION_SUSPENDED = "authorization.suspended"
    AUTHORIZATION_MISSING = "authorization.missing"
    AUTHORIZATION_ENDED = "authorization.ended"
    AUTHORIZATION_BY_CONTRACT = "authorization.by_contract"
    AUTHORIZATION_LAST_MANAGER = "authorization.last_manager"
    AUTHORIZATION_LEVELS_EMPTY = "authorization.levels_empty"
    AUTHORIZATION_CHANGED_MEANWHILE = "authorization.changed_meanwhile"
    # Requests for more rights
    RIGHTS_REQUEST_ALREADY_OPEN = "rights_request.already_open"
    RIGHTS_REQUEST_NOTHING_MORE = "rights_request.nothing_more"
    RIGHTS_REQUEST_NOBODY_TO_ASK = "rights_request.nobody_to_ask"
    RIGHTS_REQUEST_ENDED = "rights_request.ended"
    RIGHTS_REQUEST_TOO_MANY = "rights_request.too_many"
    # Erasure
    ERASURE_ENDED = "erasure.ended"
    # Strong identification
    IDENTIFICATION_REQUIRED = "identification.required"
    IDENTIFICATION_STALE = "identification.stale"
    IDENTIFICATION_FAILED = "identification.failed"
    IDENTIFICATION_CANCELLED = "identification.cancelled"
    IDENTIFICATION_UNAVAILABLE = "identification.unavailable"
    IDENTIFICATION_OTHER_PERSON = "identification.other_person"
    IDENTIFICATION_IN_USE = "identification.in_use"
    # Registrations
    REGISTRATION_NOT_READY = "registration.not_ready"
    REGISTRATION_ABANDONED = "registration.abandoned"
    REGISTRATION_COMPLETED = "registration.completed"
    REGISTRATION_ALREADY_USER = "registration.already_user"
    REGISTRATION_HANDED_OVER = "registration.handed_over"
    REGISTRATION_DETAILS_DO_NOT_MATCH = "registration.details_do_not_match"
    REGISTRATION_EMAIL_NOT_CONFIRMED = "registration.email_not_confirmed"
    LINK_USED = "link.used"
    # Users and sessions
    SESSION_REQUIRED = "session.required"
    SESSION_EXPIRED = "session.expired"
    SESSION_BAD_CREDENTIALS = "session.bad_credentials"
    SESSION_TOO_MANY_ATTEMPTS = "session.too_many_attempts"
    USER_EXISTS = "user.exists"
    USER_USERNAME_TAKEN = "user.username_taken"
    USER_CHANGED_MEANWHILE = "user.changed_meanwhile"
    PASSWORD_WRONG = "password.wrong"  # noqa: S105 - a code, not a password
    EMAIL_UNCHANGED = "email.unchanged"
    EMAIL_IN_USE = "email.in_use"
    # The retailer's other e-services
    SERVICE_CREDENTIALS_REQUIRED = "service.credentials_required"
    SERVICE_BAD_CREDENTIALS = "service.bad_credentials"
    # Fields
    FIELD_INVALID = "field.invalid"
    FIELD_REQUIRED = "field.required"
    FIELD_UNKNOWN = "field.unknown"
    FIELD_TOO_LONG = "field.too_long"
    FIELD_NOT_TEXT = "field.not_text"
    EMAIL_INVALID = "email.invalid"
    BUSINESS_ID_INVALID = "business_id.invalid"
    CUSTOMER_NUMBER_INVALID = "customer_number.invalid"
    NAME_NOT_VERIFIED = "name.not_verified"
    USERNAME_INVALID = "username.invalid"
    USERNAME_FOREIGN_ADDRESS = "username.foreign_address"
    PASSWORD_TOO_SHORT = "password.too_short"  # noqa: S105 - a code, not a password
    PASSWORD_TOO_LONG = "password.too_long"  # noqa: S105 - a code, not a password
    PASSWORD_TOO_FEW_KINDS = "password.too_few_kinds"  # noqa: S105 - a code, not a password
    PASSWORD_COMMON = "password.common"  # noqa: S105 - a code, not a password
    TERMS_OUTDATED = "terms.outdated"
    DECLARATION_MISSING = "declaration.missing"
    # The request as a whole
    REQUEST_INVALID = "request.invalid"
    REQUEST_MALFORMED = "request.malformed"
    REQUEST_TOO_LARGE = "request.too_large"
    REQUEST_TOO_MANY = "request.too_many"
    REQUEST_TOO_SLOW = "request.too_slow"
    REQUEST_METHOD_NOT_ALLOWED = "request.method_not_allowed"
    IDEMPOTENCY_KEY_REUSED = "idempotency.key_reused"
    IDEMPOTENCY_KEY_INVALID = "idempotency.key_invalid"
    PRECONDITION_REQUIRED = "request.precondition_required"
    DRAFT_CHANGED_MEANWHILE = "draft.changed_meanwhile"
    FORM_OUTDATED = "form.outdated"
    FORM_FOREIGN = "form.foreign"
    NOT_FOUND = "not_found"
    OUTCOME_UNKNOWN = "processes.outcome_unknown"
    SERVICE_UNAVAILABLE = "service.unavailable"
    INTERNAL = "internal"
    # The customer registry (inside, too: what people see is that a check takes longer)
    REGISTRY_UNAVAILABLE = "registry.unavailable"
    # Mail (these stay inside: logs, message rows, Temporal)
    MAIL_TEMPORARY = "mail.temporary"
    MAIL_UNREACHABLE = "mail.unreachable"
    MAIL_TIMEOUT = "mail.timeout"
    MAIL_CONFIGURATION = "mail.configuration"


class Refused(Exception):
    """A rule said no. Carries the code alone, so that it may be logged and shown anywhere."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code
