"""What e-mails are filled in with from the store: one way, for sending and for previews."""

from datetime import datetime

from domain import roles
from emails import props
from store.customers import Customer, CustomerRelation
from store.invitations import Invitation


def relation_label(relation: CustomerRelation) -> props.RelationLabel:
    """How a relation is named to people who may not see more of it."""
    customer = relation.customer
    return props.RelationLabel(
        customer_name=customer.name,
        customer_kind=customer.kind,
        commodity=relation.commodity,
        business_id=customer.business_id,
    )


def customer_label(customer: Customer) -> props.CustomerLabel:
    """How a customer is named, when all its relations are meant."""
    return props.CustomerLabel(customer_name=customer.name, business_id=customer.business_id)


def invitation_link(origin: str, token: str) -> str:
    """Where the invited person goes. `origin` has no trailing slash."""
    return f"{origin}/invitations/open/{token}"


def invitation_props(invitation: Invitation, *, link: str, deadline: datetime) -> props.InvitationProps:
    """The invitation's own e-mail."""
    return props.InvitationProps(
        invitee_first_name=invitation.first_name,
        inviter_name=invitation.inviter.full_name,
        relation=relation_label(invitation.relation),
        role=invitation.role,
        cover_message=invitation.cover_message,
        link=link,
        deadline=deadline,
        needs_identification=roles.needs_strong_identification(invitation.levels),
    )
