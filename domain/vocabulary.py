"""The words of the project as enumerations (spec section 2).

The values are what the database, the API and Temporal carry, so they are never renamed.
"""

from enum import StrEnum


class Language(StrEnum):
    """A language that pages and e-mails exist in."""

    SWEDISH = "sv"
    FINNISH = "fi"
    ENGLISH = "en"


class CustomerKind(StrEnum):
    PRIVATE = "private"
    COMPANY = "company"


class Commodity(StrEnum):
    """What a customer relation is about: one relation per customer and commodity."""

    ELECTRICITY = "electricity"
    DISTRICT_HEATING = "district_heating"


class Role(StrEnum):
    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    RELATION_USER = "relation_user"
    VIEWER = "viewer"


class Subpage(StrEnum):
    """A part of the e-services for which a level is held."""

    CONSUMPTION = "consumption"
    REPORTS = "reports"
    CONTRACTS = "contracts"
    INVOICES = "invoices"
    CONTACT_DETAILS = "contact_details"
    USERS = "users"


class Level(StrEnum):
    """What one may do on a subpage: none < read < write. Compare with `rank`."""

    NONE = "none"
    READ = "read"
    WRITE = "write"

    @property
    def rank(self) -> int:
        """0, 1 or 2."""
        return list(Level).index(self)


class GrantedThrough(StrEnum):
    """How an authorization came to be."""

    CONTRACT = "contract"
    FIRST_REGISTRATION = "first_registration"
    LATER_REGISTRATION = "later_registration"
    INVITATION = "invitation"
    CUSTOMER_SERVICE = "customer_service"


class ProcessKind(StrEnum):
    """The kinds of processes; a workflow's id is `<kind>-<uuid>`."""

    INVITATION = "invitation"
    REGISTRATION = "registration"
    CONTRACT_LINK = "contract_link"
    AUTHORIZATION_CHANGE = "authorization_change"
    RIGHTS_REQUEST = "rights_request"
    ERASURE = "erasure"
    ACCOUNT_LINK = "account_link"


class InvitationState(StrEnum):
    """An invitation's life: pending -> registering -> one of the ends, all final."""

    PENDING = "pending"
    REGISTERING = "registering"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNDELIVERABLE = "undeliverable"
    VOID = "void"

    @property
    def is_open(self) -> bool:
        """Whether the invitation still waits for an answer."""
        return self in OPEN_INVITATION_STATES


OPEN_INVITATION_STATES = frozenset({InvitationState.PENDING, InvitationState.REGISTERING})


class DeliveryState(StrEnum):
    """What became of an invitation's e-mail."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class RegistrationState(StrEnum):
    """A registration's life (spec 3.2): each step waits for a person, or for the customer registry."""

    IDENTIFYING = "identifying"
    DETAILS = "details"
    CHECKING = "checking"
    REVIEW = "review"
    COMPLETED = "completed"
    # The identified person has a user already, and adds the customer there.
    ALREADY_USER = "already_user"
    # Customer service goes on with it.
    HANDED_OVER = "handed_over"
    ABANDONED = "abandoned"

    @property
    def is_open(self) -> bool:
        """Whether it can still be completed."""
        return self in OPEN_REGISTRATION_STATES


OPEN_REGISTRATION_STATES = frozenset(
    {
        RegistrationState.IDENTIFYING,
        RegistrationState.DETAILS,
        RegistrationState.CHECKING,
        RegistrationState.REVIEW,
    }
)


class ContractLinkState(StrEnum):
    """The fetching of a person's contracts (spec 3.3). `failed`: the registry was down for a day."""

    LINKING = "linking"
    LINKED = "linked"
    FAILED = "failed"


class IdentificationPurpose(StrEnum):
    """What somebody identifies strongly for."""

    REGISTRATION = "registration"
    # Somebody who is logged in: for an act that asks for it, or to have a strong identity at all.
    ACT = "act"


class ServiceRequestKind(StrEnum):
    """What customer service is asked to handle (spec 3.6)."""

    NO_IDENTIFICATION_MEANS = "no_identification_means"
    DETAILS_DO_NOT_MATCH = "details_do_not_match"
    NOT_US = "not_us"
    OTHER = "other"


class ServiceRequestState(StrEnum):
    """A service request's life (spec 3.6)."""

    OPEN = "open"


class AuthorizationChangeKind(StrEnum):
    """What was done to what a user holds on a relation (spec 3.4, 3.5)."""

    REMOVAL = "removal"
    # The user's own act.
    GIVEN_UP = "given_up"
    LEVELS = "levels"


class RightsRequestState(StrEnum):
    """*May I have more rights?*: waits for somebody who manages the users. All ends are final."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    # The authorization that it is about ended.
    VOID = "void"


class ErasureState(StrEnum):
    """The erasure of a user (spec 3.7): he may regret it until it is due."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    # Due: all access is gone, the last e-mail goes out.
    ERASING = "erasing"
    DONE = "done"


class AuthorizationChangeState(StrEnum):
    """The change itself holds at once; what takes time is telling everybody concerned."""

    TELLING = "telling"
    TOLD = "told"


class AccountLinkPurpose(StrEnum):
    """What an account's link or e-mail is for (spec 3.7). Reminder and password change have no link."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, not a password
    USERNAME_REMINDER = "username_reminder"
    EMAIL_CHANGE = "email_change"
    PASSWORD_CHANGE = "password_change"  # noqa: S105 - a purpose, not a password


class AccountLinkState(StrEnum):
    """A link's life: it is used once, or ends by itself. Without a link it is done from the first."""

    OPEN = "open"
    DONE = "done"
    EXPIRED = "expired"
    # A newer link took its place, or the password or address was changed in another way.
    REPLACED = "replaced"


class DraftKind(StrEnum):
    """The guided flows whose phases are kept until they are confirmed."""

    INVITATION = "invitation"


class NameSuggestion(StrEnum):
    """For whom a registered person's name is suggested to the inviter (spec 3.1, step 1)."""

    SHARED_OR_OPTED_IN = "shared_or_opted_in"
    REGISTERED = "registered"
    OFF = "off"


class Message(StrEnum):
    """The e-mails; the value is the folder in `templates/email/`."""

    INVITATION = "invitation"
    INVITATION_REMINDER = "invitation_reminder"
    INVITATION_ACCEPTED = "invitation_accepted"
    AUTHORIZATION_GRANTED = "authorization_granted"
    AUTHORIZATION_REMOVED = "authorization_removed"
    AUTHORIZATION_REMOVED_NOTICE = "authorization_removed_notice"
    AUTHORIZATION_GIVEN_UP = "authorization_given_up"
    AUTHORIZATION_GIVEN_UP_NOTICE = "authorization_given_up_notice"
    AUTHORIZATION_LEVELS_CHANGED = "authorization_levels_changed"
    RIGHTS_REQUESTED = "rights_requested"
    RIGHTS_REQUEST_ENDED = "rights_request_ended"
    ERASURE_SCHEDULED = "erasure_scheduled"
    ERASURE_CANCELLED = "erasure_cancelled"
    ERASURE_DUE = "erasure_due"
    INVITATION_DECLINED = "invitation_declined"
    INVITATION_CANCELLED = "invitation_cancelled"
    INVITATION_EXPIRED = "invitation_expired"
    INVITATION_UNDELIVERABLE = "invitation_undeliverable"
    INVITATION_VOID = "invitation_void"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    EMAIL_CONFIRMATION = "email_confirmation"
    EMAIL_IN_USE = "email_in_use"
    REGISTRATION_COMPLETED = "registration_completed"
    REGISTRATION_NOTICE = "registration_notice"
    REGISTRATION_SUSPENDED = "registration_suspended"
    CONTRACTS_LINKED = "contracts_linked"
    CONTRACTS_NOT_LINKED = "contracts_not_linked"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - an e-mail, not a password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an e-mail, not a password
    USERNAME_REMINDER = "username_reminder"
    EMAIL_CHANGE = "email_change"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
