"""What each code means to its reader: what is the matter, and what to do. Translated by the catalogues."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.codes import Code
from runtime.texts import N_

DETAILS: Mapping[Code, str] = MappingProxyType(
    {
        Code.INVITATION_ALREADY_PENDING: N_(
            "This person already has an open invitation to this customer relation. Wait for the answer, or"
            " cancel that invitation first."
        ),
        Code.INVITATION_WRONG_RECIPIENT: N_(
            "This invitation was sent to an e-mail address other than yours. Log in as the user who has that"
            " address, or ask the inviter to invite your address."
        ),
        Code.INVITATION_ENDED: N_("This invitation has already ended. Nothing was changed."),
        Code.INVITATION_ACCEPTED: N_(
            "This invitation has already been approved. It can no longer be answered."
        ),
        Code.INVITATION_DECLINED: N_(
            "This invitation was declined. If that was a mistake, ask the inviter for a new one."
        ),
        Code.INVITATION_CANCELLED: N_(
            "The inviter has cancelled this invitation. Ask the inviter if you still need the authorization."
        ),
        Code.INVITATION_EXPIRED: N_("This invitation has expired. Ask the inviter for a new one."),
        Code.INVITATION_UNDELIVERABLE: N_(
            "This invitation could not be delivered by e-mail. Ask the inviter to check your address and to"
            " invite you again."
        ),
        Code.INVITATION_VOID: N_(
            "This invitation is no longer valid. Ask someone who manages the users of the customer relation"
            " for a new one."
        ),
        Code.INVITATION_OWN_ADDRESS: N_("This is your own e-mail address. Enter the other person's."),
        Code.INVITATION_TOO_MANY: N_(
            "You have sent as many invitations as one person can send in a day. Try again later."
        ),
        Code.INVITATION_TOO_MANY_FOR_ADDRESS: N_(
            "You have invited this address as many times as is possible in a day. Try again later."
        ),
        Code.AUTHORIZATION_EXISTS: N_("This person already has this role on the customer relation."),
        Code.AUTHORIZATION_SUSPENDED: N_(
            "An authorization of this person at this customer is suspended. Contact customer service."
        ),
        Code.AUTHORIZATION_ROLE_NOT_AVAILABLE: N_(
            "This role cannot be given on this customer relation. Choose another role."
        ),
        Code.AUTHORIZATION_LEVEL_UNKNOWN: N_(
            "This subpage does not have that level. Choose one of its own levels."
        ),
        Code.AUTHORIZATION_LEVEL_TOO_HIGH: N_(
            "You cannot give a higher level than your own, or than the customer relation allows. Choose a"
            " lower level."
        ),
        Code.AUTHORIZATION_ENDED: N_("This authorization has ended already. Nothing was changed."),
        Code.AUTHORIZATION_BY_CONTRACT: N_(
            "This authorization comes with the contract, so it ends and changes only with the contract."
            " Contact customer service if something is wrong."
        ),
        Code.AUTHORIZATION_LAST_MANAGER: N_(
            "Nobody would be left who manages the users of this customer relation. Make another person"
            " administrator first, or contact customer service."
        ),
        Code.AUTHORIZATION_LEVELS_EMPTY: N_(
            "With these choices nothing would be left of the authorization. Remove it instead."
        ),
        Code.AUTHORIZATION_CHANGED_MEANWHILE: N_(
            "The authorization has been changed since you looked at it, so nothing was saved. Look at it"
            " again."
        ),
        Code.RIGHTS_REQUEST_ALREADY_OPEN: N_(
            "You have asked for more rights on this customer relation already. Wait for the answer, or"
            " withdraw the request."
        ),
        Code.RIGHTS_REQUEST_NOTHING_MORE: N_("Choose at least one higher level than you have now."),
        Code.RIGHTS_REQUEST_NOBODY_TO_ASK: N_(
            "Nobody manages the users of this customer relation at the moment. Contact customer service."
        ),
        Code.RIGHTS_REQUEST_ENDED: N_("This request has been answered or has ended. Nothing was changed."),
        Code.RIGHTS_REQUEST_TOO_MANY: N_("You have asked many times today. Try again later."),
        Code.ERASURE_ENDED: N_("It is too late to change this: the erasure has ended or was cancelled."),
        Code.AUTHORIZATION_MISSING: N_(
            "You may see this customer relation, but not do this. Ask someone who manages its users."
        ),
        Code.IDENTIFICATION_REQUIRED: N_(
            "This requires strong identification, with bank codes or a mobile certificate. Identify first."
        ),
        Code.IDENTIFICATION_STALE: N_("Identify with bank codes or a mobile certificate, and do this again."),
        Code.IDENTIFICATION_FAILED: N_(
            "The identification did not work. Start it again. If it fails again, try other bank codes or"
            " contact customer service."
        ),
        Code.IDENTIFICATION_CANCELLED: N_("The identification was cancelled. Nothing was done."),
        Code.IDENTIFICATION_UNAVAILABLE: N_(
            "The identification service does not answer at the moment. Try again in a while."
        ),
        Code.IDENTIFICATION_OTHER_PERSON: N_(
            "You identified as another person than before. Identify with the same personal identity code."
        ),
        Code.IDENTIFICATION_IN_USE: N_(
            "This personal identity code belongs to another user. Log in as that user, or contact customer"
            " service."
        ),
        Code.REGISTRATION_NOT_READY: N_("A step before this one is missing. Go on from where you are."),
        Code.REGISTRATION_ABANDONED: N_(
            "The registration has ended, and what was typed has been erased. Start it again."
        ),
        Code.REGISTRATION_COMPLETED: N_("The registration has been completed. Log in."),
        Code.REGISTRATION_ALREADY_USER: N_(
            "You are already a user of the service. Log in to your user, and add the company there."
        ),
        Code.REGISTRATION_HANDED_OVER: N_(
            "The details have been wrong too many times. Customer service goes on with the registration, and"
            " will contact you."
        ),
        Code.REGISTRATION_DETAILS_DO_NOT_MATCH: N_(
            "These details do not match. Check the company's name, business ID and customer number on the"
            " electricity bill."
        ),
        Code.REGISTRATION_EMAIL_NOT_CONFIRMED: N_(
            "Your e-mail address is not confirmed yet. Open the link in the e-mail, and then continue here."
        ),
        Code.LINK_USED: N_(
            "The link has been used, or is too old. Ask for a new one, or contact customer service."
        ),
        Code.SESSION_REQUIRED: N_("Log in first."),
        Code.SESSION_EXPIRED: N_("You have been logged out because your session has ended. Log in again."),
        Code.SESSION_BAD_CREDENTIALS: N_("The username or the password is wrong. Check them and try again."),
        Code.SESSION_TOO_MANY_ATTEMPTS: N_("Too many attempts to log in. Wait a while and try again."),
        Code.SERVICE_CREDENTIALS_REQUIRED: N_(
            "This is for other e-services. Send the service's own name and secret (HTTP Basic)."
        ),
        Code.SERVICE_BAD_CREDENTIALS: N_("The service's name or secret is wrong."),
        Code.USER_EXISTS: N_(
            "There is already a user with this e-mail address. Log in, and choose the invitation under “To"
            " handle”."
        ),
        Code.USER_USERNAME_TAKEN: N_("This username is already taken. Choose another."),
        Code.USER_CHANGED_MEANWHILE: N_(
            "Your details have changed since you fetched them. Fetch them again and repeat your change."
        ),
        Code.PASSWORD_WRONG: N_("The password is wrong. Check it and try again."),
        Code.EMAIL_UNCHANGED: N_("This is your e-mail address already. Enter the new one."),
        Code.EMAIL_IN_USE: N_("This e-mail address belongs to another user. Choose another address."),
        Code.FIELD_INVALID: N_("This value is not possible here. Enter another."),
        Code.FIELD_REQUIRED: N_("This must be filled in."),
        Code.FIELD_UNKNOWN: N_("There is no such field."),
        Code.FIELD_TOO_LONG: N_("This is too long. Shorten it."),
        Code.FIELD_NOT_TEXT: N_(
            "This contains characters that cannot be used here. Type it again without them."
        ),
        Code.BUSINESS_ID_INVALID: N_("This is not a business ID. It looks like 1234567-8."),
        Code.CUSTOMER_NUMBER_INVALID: N_(
            "This is not a customer number. It has 6 to 10 digits. You find it on the electricity bill."
        ),
        Code.EMAIL_INVALID: N_("This is not an e-mail address. Check the spelling."),
        Code.NAME_NOT_VERIFIED: N_(
            "This is not your name as you have identified. Of several first names you can use one."
        ),
        Code.USERNAME_INVALID: N_(
            "A username must have at least 3 characters. Use letters, digits and the characters . _ - + @."
        ),
        Code.USERNAME_FOREIGN_ADDRESS: N_(
            "A username that is an e-mail address must be your own address. Choose another."
        ),
        Code.PASSWORD_TOO_SHORT: N_("The password must have at least 8 characters."),
        Code.PASSWORD_TOO_LONG: N_("The password can have at most 128 characters."),
        Code.PASSWORD_TOO_FEW_KINDS: N_(
            "The password must have characters of at least three of these kinds: upper-case letters,"
            " lower-case letters, digits, special characters."
        ),
        Code.PASSWORD_COMMON: N_("This password is easy to guess. Choose another."),
        Code.TERMS_OUTDATED: N_("Read and accept the terms of use that are in force now."),
        Code.DECLARATION_MISSING: N_("Confirm that the details you give are correct and up to date."),
        Code.REQUEST_INVALID: N_("Some details are missing or wrong. Correct them and try again."),
        Code.REQUEST_MALFORMED: N_("The request is not valid JSON in UTF-8."),
        Code.REQUEST_TOO_LARGE: N_("The request is too large. It can be at most 64 KB."),
        Code.REQUEST_TOO_SLOW: N_("The request took too long to arrive. Try again."),
        Code.REQUEST_TOO_MANY: N_("Too many requests. Wait a while and try again."),
        Code.REQUEST_METHOD_NOT_ALLOWED: N_("This address does not accept this method."),
        Code.IDEMPOTENCY_KEY_REUSED: N_(
            "This Idempotency-Key was used for another request. Use a new key for a new request."
        ),
        Code.IDEMPOTENCY_KEY_INVALID: N_(
            "An Idempotency-Key must have 1 to 200 printable ASCII characters and no spaces."
        ),
        Code.PRECONDITION_REQUIRED: N_("Send If-Match with the ETag of the details that you are changing."),
        Code.DRAFT_CHANGED_MEANWHILE: N_(
            "The details were changed in another window since you opened this page. Check them again, and"
            " approve."
        ),
        Code.FORM_OUTDATED: N_(
            "The page had been open for too long, or you have logged in or out since you opened it. Go back,"
            " load the page again, and send your details once more."
        ),
        Code.FORM_FOREIGN: N_(
            "This was sent from another website, so nothing was done. Open the page here and try again."
        ),
        Code.NOT_FOUND: N_("There is nothing here, or nothing that you are allowed to see."),
        Code.OUTCOME_UNKNOWN: N_(
            "We do not know yet whether this was done. Try again in a moment. It will not be done twice."
        ),
        Code.SERVICE_UNAVAILABLE: N_("The service is temporarily unavailable. Try again in a while."),
        Code.INTERNAL: N_("Something went wrong on our side. Try again, or contact customer service."),
    }
)
