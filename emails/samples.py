"""Invented props for every e-mail: what previews show and tests render."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from domain.vocabulary import (
    Commodity,
    CustomerKind,
    Language,
    Level,
    Message,
    RightsRequestState,
    Role,
    Subpage,
)
from emails.props import (
    AuthorizationGivenUpNoticeProps,
    AuthorizationGivenUpProps,
    AuthorizationGrantedProps,
    AuthorizationLevelsChangedProps,
    AuthorizationRemovedNoticeProps,
    AuthorizationRemovedProps,
    ContractsLinkedProps,
    ContractsNotLinkedProps,
    CustomerLabel,
    EmailChangeAskedProps,
    EmailChangedProps,
    EmailChangeProps,
    EmailConfirmationProps,
    EmailInUseProps,
    EmailProps,
    ErasureCancelledProps,
    ErasureDueProps,
    ErasureScheduledProps,
    HeldRole,
    InvitationAcceptedProps,
    InvitationCancelledProps,
    InvitationDeclinedProps,
    InvitationExpiredProps,
    InvitationProps,
    InvitationReminderProps,
    InvitationUndeliverableProps,
    InvitationVoidProps,
    InvitationWithdrawnProps,
    PasswordChangedProps,
    PasswordResetProps,
    RegistrationCompletedProps,
    RegistrationNoticeProps,
    RegistrationSuspendedProps,
    RelationLabel,
    RightsRequestedProps,
    RightsRequestEndedProps,
    SubpageLevel,
    UsernameReminderProps,
)
from emails.render import Brand

_ORIGIN = "https://e.example.com"
SAMPLE_BRAND = Brand(
    retailer_name="Exempel Energi",
    customer_service_phone="09 000 0000",
    customer_service_email="kundtjanst@example.com",
    customer_service_hours={
        Language.SWEDISH: "vardagar kl. 8–16",
        Language.FINNISH: "arkisin klo 8–16",
        Language.ENGLISH: "weekdays 8–16",
    },
    origin=_ORIGIN,
)

_COVER_MESSAGES = {
    Language.SWEDISH: "Hej Maja!\n\nHär får du rätt att se vår el. Ring om något är oklart.\n\nKalle",
    Language.FINNISH: "Hei Maja!\n\nSaat tästä oikeuden nähdä sähkömme. Soita, jos kysyttävää.\n\nKalle",
    Language.ENGLISH: "Hello Maja!\n\nThis lets you see our electricity. Call me with any question.\n\nKalle",
}
_END_OF_LINK = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9f"
_LINK = f"{_ORIGIN}/invitations/open/{_END_OF_LINK}"
_DEADLINE = datetime(2026, 11, 29, 12, 5, tzinfo=UTC)
_MOMENT = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
_HOME = RelationLabel(
    customer_name="Kalle Exempelsson", customer_kind=CustomerKind.PRIVATE, commodity=Commodity.ELECTRICITY
)
_COMPANY = RelationLabel(
    customer_name="Mallbageriet Ab",
    customer_kind=CustomerKind.COMPANY,
    commodity=Commodity.DISTRICT_HEATING,
    business_id="1234567-1",
)
_FARM = RelationLabel(
    customer_name="Exempelsson Kalle, gårdsbruk",
    customer_kind=CustomerKind.PRIVATE,
    commodity=Commodity.ELECTRICITY,
    business_id="7654321-2",
)
_USERS = f"{_ORIGIN}/relations/0b5d4c55-6e3f-4a52-9a6b-2a1f3c4d5e6f/users"
_VIEWERS = (
    SubpageLevel(subpage=Subpage.CONSUMPTION, level=Level.READ),
    SubpageLevel(subpage=Subpage.REPORTS, level=Level.READ),
)
_BAKERY = CustomerLabel(customer_name=_COMPANY.customer_name, business_id=_COMPANY.business_id)


def sample_props(message: Message, language: Language) -> EmailProps:
    """Props for `message`; the cover message is in `language`."""
    if message is Message.INVITATION:
        return _invitation(language)
    if message is Message.INVITATION_REMINDER:
        return InvitationReminderProps(**dict(_invitation(language)))
    return _OTHERS[message]


def _invitation(language: Language) -> InvitationProps:
    return InvitationProps(
        invitee_first_name="Maja",
        inviter_name="Kalle Exempelsson",
        relation=_HOME,
        role=Role.RELATION_USER,
        cover_message=_COVER_MESSAGES[language],
        link=_LINK,
        deadline=_DEADLINE,
        needs_identification=False,
    )


_OTHERS: Mapping[Message, EmailProps] = MappingProxyType(
    {
        Message.INVITATION_ACCEPTED: InvitationAcceptedProps(
            inviter_first_name="Kalle",
            invitee_name="Maria Provinen",
            typed_name="Maja Provinen",
            relation=_HOME,
            role=Role.RELATION_USER,
            accepted_at=_MOMENT,
        ),
        Message.AUTHORIZATION_GRANTED: AuthorizationGrantedProps(
            first_name="Maria",
            inviter_name="Åsa Mallman",
            relation=_COMPANY,
            role=Role.ADMINISTRATOR,
            granted_at=_MOMENT,
        ),
        Message.AUTHORIZATION_REMOVED: AuthorizationRemovedProps(
            first_name="Maria",
            relation=_COMPANY,
            roles=(HeldRole(role=Role.ADMINISTRATOR), HeldRole(role=Role.RELATION_USER)),
            changed_at=_MOMENT,
            left=_VIEWERS,
            actor_name="Åsa Mallman",
        ),
        Message.AUTHORIZATION_REMOVED_NOTICE: AuthorizationRemovedNoticeProps(
            first_name="Björn",
            relation=_COMPANY,
            roles=(HeldRole(role=Role.ADMINISTRATOR), HeldRole(role=Role.RELATION_USER)),
            changed_at=_MOMENT,
            left=_VIEWERS,
            user_name="Maria Provinen",
            link=_USERS,
            actor_name="Åsa Mallman",
            by_reader=False,
        ),
        Message.AUTHORIZATION_GIVEN_UP: AuthorizationGivenUpProps(
            first_name="Maria",
            relation=_HOME,
            roles=(HeldRole(role=Role.RELATION_USER),),
            changed_at=_MOMENT,
            left=(),
        ),
        Message.AUTHORIZATION_GIVEN_UP_NOTICE: AuthorizationGivenUpNoticeProps(
            first_name="Kalle",
            relation=_HOME,
            roles=(HeldRole(role=Role.RELATION_USER),),
            changed_at=_MOMENT,
            left=(),
            user_name="Maria Provinen",
            link=_USERS,
        ),
        Message.AUTHORIZATION_LEVELS_CHANGED: AuthorizationLevelsChangedProps(
            first_name="Maria",
            relation=_COMPANY,
            roles=(HeldRole(role=Role.RELATION_USER),),
            changed_at=_MOMENT,
            left=(
                *_VIEWERS,
                SubpageLevel(subpage=Subpage.CONTRACTS, level=Level.WRITE),
                SubpageLevel(subpage=Subpage.INVOICES, level=Level.WRITE),
            ),
            actor_name="Åsa Mallman",
            by_reader=False,
            link=_USERS.removesuffix("users") + "authorizations",
        ),
        Message.INVITATION_DECLINED: InvitationDeclinedProps(
            inviter_first_name="Kalle", invitee_name="Maja Provinen", relation=_HOME, declined_at=_MOMENT
        ),
        Message.INVITATION_CANCELLED: InvitationCancelledProps(
            invitee_first_name="Maja", inviter_name="Åsa Mallman", relation=_COMPANY, cancelled_at=_MOMENT
        ),
        Message.INVITATION_EXPIRED: InvitationExpiredProps(
            inviter_first_name="Kalle", invitee_name="Maja Provinen", relation=_HOME, expired_at=_DEADLINE
        ),
        Message.INVITATION_UNDELIVERABLE: InvitationUndeliverableProps(
            inviter_first_name="Kalle",
            invitee_name="Maja Provinen",
            invitee_email="maja.provinen@example.com",
            relation=_HOME,
        ),
        Message.INVITATION_VOID: InvitationVoidProps(
            inviter_first_name="Åsa", invitee_name="Maja Provinen", relation=_COMPANY
        ),
        Message.INVITATION_WITHDRAWN: InvitationWithdrawnProps(invitee_first_name="Maja", relation=_COMPANY),
        Message.RIGHTS_REQUESTED: RightsRequestedProps(
            first_name="Åsa",
            user_name="Maja Provinen",
            relation=_COMPANY,
            asked=(
                SubpageLevel(subpage=Subpage.CONTRACTS, level=Level.READ),
                SubpageLevel(subpage=Subpage.INVOICES, level=Level.WRITE),
            ),
            message="Hej!\n\nJag sköter fakturorna från och med nu.\n\nMaja",
            deadline=_DEADLINE,
            is_reminder=False,
            link=f"{_ORIGIN}/rights-requests/1b0c8f6e-5d0a-4d6c-9e43-7d4cfa2f6f10",
        ),
        Message.RIGHTS_REQUEST_ENDED: RightsRequestEndedProps(
            first_name="Maja",
            relation=_COMPANY,
            state=RightsRequestState.DECLINED,
            link=f"{_ORIGIN}/relations/1b0c8f6e-5d0a-4d6c-9e43-7d4cfa2f6f10/authorizations",
        ),
        Message.ERASURE_SCHEDULED: ErasureScheduledProps(
            first_name="Maja", due=_DEADLINE, link=f"{_ORIGIN}/account/erasure"
        ),
        Message.ERASURE_CANCELLED: ErasureCancelledProps(first_name="Maja"),
        Message.ERASURE_DUE: ErasureDueProps(first_name="Maja"),
        Message.EMAIL_CONFIRMATION: EmailConfirmationProps(
            first_name="Åsa",
            customer_name=_BAKERY.customer_name,
            link=f"{_ORIGIN}/registrations/email/{_END_OF_LINK}",
            deadline=_DEADLINE,
        ),
        Message.EMAIL_IN_USE: EmailInUseProps(login_link=f"{_ORIGIN}/login"),
        Message.REGISTRATION_COMPLETED: RegistrationCompletedProps(
            first_name="Åsa",
            customer=_BAKERY,
            role=Role.ADMINISTRATOR,
            completed_at=_MOMENT,
            link=f"{_ORIGIN}/services",
        ),
        Message.REGISTRATION_NOTICE: RegistrationNoticeProps(
            customer=_BAKERY,
            person_name="Åsa Mallman",
            role=Role.ADMINISTRATOR,
            registered_at=_MOMENT,
            dispute_link=f"{_ORIGIN}/registrations/dispute/{_END_OF_LINK}",
            dispute_until=_DEADLINE,
        ),
        Message.REGISTRATION_SUSPENDED: RegistrationSuspendedProps(
            first_name="Åsa", customer=_BAKERY, suspended_at=_MOMENT
        ),
        Message.CONTRACTS_LINKED: ContractsLinkedProps(
            first_name="Kalle",
            linked=(_HOME, _HOME.model_copy(update={"commodity": Commodity.DISTRICT_HEATING})),
            closed=(_FARM,),
            linked_at=_MOMENT,
            link=f"{_ORIGIN}/services",
        ),
        Message.CONTRACTS_NOT_LINKED: ContractsNotLinkedProps(
            first_name="Kalle", link=f"{_ORIGIN}/contract-links"
        ),
        Message.PASSWORD_RESET: PasswordResetProps(
            first_name="Maja", link=f"{_ORIGIN}/password-resets/open/{_END_OF_LINK}", deadline=_DEADLINE
        ),
        Message.PASSWORD_CHANGED: PasswordChangedProps(
            first_name="Maja", changed_at=_MOMENT, link=f"{_ORIGIN}/password/forgotten"
        ),
        Message.USERNAME_REMINDER: UsernameReminderProps(
            first_name="Maja", username="maja.provinen@example.com", login_link=f"{_ORIGIN}/login"
        ),
        Message.EMAIL_CHANGE: EmailChangeProps(
            first_name="Maja", link=f"{_ORIGIN}/email-changes/open/{_END_OF_LINK}", deadline=_DEADLINE
        ),
        Message.EMAIL_CHANGE_ASKED: EmailChangeAskedProps(first_name="Maja", asked_at=_MOMENT),
        Message.EMAIL_CHANGED: EmailChangedProps(
            first_name="Maja", changed_at=_MOMENT, username_changed=True
        ),
    }
)
