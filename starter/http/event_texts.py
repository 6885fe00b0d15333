"""Audit events in words, for the API and the pages alike. What is done to whom is told beside them."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.vocabulary import Language
from runtime.texts import N_, translate
from store.audit import Actor, Event

_TEXTS: Mapping[Event, str] = MappingProxyType(
    {
        Event.INVITATION_CREATED: N_("Invitation made"),
        Event.INVITATION_SENT: N_("Invitation sent by e-mail"),
        Event.INVITATION_REMINDED: N_("Reminder of the invitation sent"),
        Event.INVITATION_REGISTERING: N_("The invited person began to register"),
        Event.INVITATION_ACCEPTED: N_("Invitation approved"),
        Event.INVITATION_DECLINED: N_("Invitation declined"),
        Event.INVITATION_CANCELLED: N_("Invitation cancelled"),
        Event.INVITATION_EXPIRED: N_("Invitation expired"),
        Event.INVITATION_UNDELIVERABLE: N_("Invitation could not be delivered"),
        Event.INVITATION_VOID: N_("Invitation no longer valid"),
        Event.INVITATION_PURGED: N_("Details of the invited person erased"),
        Event.AUTHORIZATION_GRANTED: N_("Authorization given"),
        Event.AUTHORIZATION_ENDED: N_("Authorization ended"),
        Event.AUTHORIZATION_SUSPENDED: N_("Authorization suspended"),
        Event.AUTHORIZATION_LEVELS_CHANGED: N_("Rights changed"),
        Event.AUTHORIZATION_CHANGE_TOLD: N_("Everybody concerned told by e-mail"),
        Event.RIGHTS_REQUESTED: N_("More rights asked for"),
        Event.RIGHTS_REQUEST_APPROVED: N_("Request for more rights approved"),
        Event.RIGHTS_REQUEST_DECLINED: N_("Request for more rights declined"),
        Event.RIGHTS_REQUEST_WITHDRAWN: N_("Request for more rights withdrawn"),
        Event.RIGHTS_REQUEST_EXPIRED: N_("Request for more rights expired"),
        Event.RIGHTS_REQUEST_VOID: N_("Request for more rights no longer valid"),
        Event.ERASURE_SCHEDULED: N_("Erasure of the user asked for"),
        Event.ERASURE_CANCELLED: N_("Erasure of the user cancelled"),
        Event.USER_ERASED: N_("User erased"),
        Event.USER_EXPORTED: N_("Own data saved as a file"),
        Event.REGISTRATION_STARTED: N_("Registration begun"),
        Event.REGISTRATION_IDENTIFIED: N_("Identified in the registration"),
        Event.REGISTRATION_MATCHED: N_("Details found in the customer registry"),
        Event.REGISTRATION_MISMATCHED: N_("Details did not match the customer registry"),
        Event.REGISTRATION_EMAIL_CONFIRMED: N_("E-mail address confirmed"),
        Event.REGISTRATION_COMPLETED: N_("Registration completed"),
        Event.REGISTRATION_ALREADY_USER: N_("Registration ended: the person has a user already"),
        Event.REGISTRATION_HANDED_OVER: N_("Registration handed over to customer service"),
        Event.REGISTRATION_ABANDONED: N_("Registration abandoned"),
        Event.REGISTRATION_DISPUTED: N_("The customer objected to the registration"),
        Event.CONTRACT_LINK_STARTED: N_("Fetching of contracts begun"),
        Event.CONTRACTS_LINKED: N_("Contracts fetched"),
        Event.CONTRACTS_NOT_LINKED: N_("Contracts could not be fetched"),
        Event.SERVICE_REQUEST_OPENED: N_("Service request opened"),
        Event.USER_IDENTIFIED: N_("Identified strongly"),
        Event.IDENTIFICATION_REFUSED: N_("Identification refused"),
        Event.IDENTITY_KEYS_ROTATED: N_("Encryption keys changed"),
        Event.NAME_SUGGESTED: N_("Name suggested to somebody who invited"),
        Event.USER_REGISTERED: N_("User registered"),
        Event.USER_CREATED: N_("User made by customer service"),
        Event.USER_CHANGED: N_("Own details changed"),
        Event.USER_PASSWORD_RESET: N_("Password replaced after it was forgotten"),
        Event.USER_PASSWORD_CHANGED: N_("Password changed"),
        Event.USER_PASSWORD_REFUSED: N_("Wrong password when own details were changed"),
        Event.USER_EMAIL_CHANGED: N_("E-mail address changed"),
        Event.ACCOUNT_LINK_ASKED: N_("Link or username asked for by e-mail"),
        Event.ACCOUNT_LINK_EXPIRED: N_("Link by e-mail expired"),
        Event.ACCOUNT_LINK_REPLACED: N_("Link by e-mail replaced by a newer one"),
        Event.SESSION_STARTED: N_("Logged in"),
        Event.SESSION_REFUSED: N_("Log-in refused"),
        Event.SESSION_ENDED: N_("Logged out"),
        Event.ACCESS_REFUSED: N_("Tried something that is not allowed"),
        Event.SERVICE_REFUSED: N_("Another e-service refused: wrong credentials"),
        Event.CUSTOMERS_IMPORTED: N_("Customers imported"),
    }
)


_ACTORS: Mapping[Actor, str] = MappingProxyType(
    {
        Actor.USER: N_("A user"),
        Actor.OPERATOR: N_("Customer service"),
        Actor.PROCESS: N_("Happened by itself"),
        Actor.SERVICE: N_("Another e-service"),
    }
)


def actor_text(language: Language, actor: Actor) -> str:
    """Who acted, when no name can be told."""
    return translate(language, _ACTORS[actor])


def event_text(language: Language, event: Event) -> str:
    """What happened, in a few words."""
    return translate(language, _TEXTS[event])
