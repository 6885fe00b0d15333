"""The HTTP status that each refusal has, in the API and on pages."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType

from domain.codes import Code, Refused
from starter.services.refusals import TooMany

_OUTAGE = timedelta(seconds=5)
# Of codes that share a status, the first is what a plain HTTP error of that status is called.
STATUSES: Mapping[HTTPStatus, Sequence[Code]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: (Code.REQUEST_MALFORMED,),
        HTTPStatus.UNAUTHORIZED: (
            Code.SESSION_REQUIRED,
            Code.SESSION_EXPIRED,
            Code.SESSION_BAD_CREDENTIALS,
            Code.SERVICE_CREDENTIALS_REQUIRED,
            Code.SERVICE_BAD_CREDENTIALS,
        ),
        HTTPStatus.FORBIDDEN: (
            Code.INVITATION_WRONG_RECIPIENT,
            Code.AUTHORIZATION_MISSING,
            Code.IDENTIFICATION_STALE,
            Code.FORM_OUTDATED,
            Code.FORM_FOREIGN,
        ),
        HTTPStatus.NOT_FOUND: (Code.NOT_FOUND,),
        HTTPStatus.METHOD_NOT_ALLOWED: (Code.REQUEST_METHOD_NOT_ALLOWED,),
        HTTPStatus.REQUEST_TIMEOUT: (Code.REQUEST_TOO_SLOW,),
        HTTPStatus.CONFLICT: (
            Code.INVITATION_ALREADY_PENDING,
            Code.INVITATION_ENDED,
            Code.AUTHORIZATION_EXISTS,
            Code.AUTHORIZATION_SUSPENDED,
            Code.AUTHORIZATION_ENDED,
            Code.AUTHORIZATION_BY_CONTRACT,
            Code.AUTHORIZATION_LAST_MANAGER,
            Code.RIGHTS_REQUEST_ALREADY_OPEN,
            Code.RIGHTS_REQUEST_NOTHING_MORE,
            Code.RIGHTS_REQUEST_NOBODY_TO_ASK,
            Code.RIGHTS_REQUEST_ENDED,
            Code.ERASURE_ENDED,
            Code.USER_EXISTS,
            Code.EMAIL_IN_USE,
            Code.IDENTIFICATION_OTHER_PERSON,
            Code.IDENTIFICATION_IN_USE,
            Code.REGISTRATION_NOT_READY,
            Code.REGISTRATION_EMAIL_NOT_CONFIRMED,
            Code.DRAFT_CHANGED_MEANWHILE,
        ),
        HTTPStatus.GONE: (
            Code.INVITATION_ACCEPTED,
            Code.INVITATION_DECLINED,
            Code.INVITATION_CANCELLED,
            Code.INVITATION_EXPIRED,
            Code.INVITATION_UNDELIVERABLE,
            Code.INVITATION_VOID,
            Code.REGISTRATION_ABANDONED,
            Code.REGISTRATION_COMPLETED,
            Code.REGISTRATION_ALREADY_USER,
            Code.REGISTRATION_HANDED_OVER,
            Code.LINK_USED,
        ),
        HTTPStatus.PRECONDITION_FAILED: (Code.USER_CHANGED_MEANWHILE, Code.AUTHORIZATION_CHANGED_MEANWHILE),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (Code.REQUEST_TOO_LARGE,),
        HTTPStatus.PRECONDITION_REQUIRED: (Code.PRECONDITION_REQUIRED,),
        HTTPStatus.TOO_MANY_REQUESTS: (
            Code.INVITATION_TOO_MANY,
            Code.INVITATION_TOO_MANY_FOR_ADDRESS,
            Code.RIGHTS_REQUEST_TOO_MANY,
            Code.SESSION_TOO_MANY_ATTEMPTS,
            Code.REQUEST_TOO_MANY,
        ),
        HTTPStatus.SERVICE_UNAVAILABLE: (
            Code.OUTCOME_UNKNOWN,
            Code.SERVICE_UNAVAILABLE,
            Code.IDENTIFICATION_UNAVAILABLE,
        ),
        HTTPStatus.INTERNAL_SERVER_ERROR: (Code.INTERNAL,),
    }
)
_STATUS_OF = {code: status for status, codes in STATUSES.items() for code in codes}


def status_of(code: Code) -> HTTPStatus:
    """The HTTP status of a code; 422 for what is wrong with the request's contents."""
    return _STATUS_OF.get(code, HTTPStatus.UNPROCESSABLE_ENTITY)


def retry_after(refusal: Refused) -> Mapping[str, str]:
    """The header that says in how many seconds to try again, for a refusal after which that makes sense."""
    wait = refusal.retry_after if isinstance(refusal, TooMany) else None
    if status_of(refusal.code) is HTTPStatus.SERVICE_UNAVAILABLE:
        wait = _OUTAGE
    return {} if wait is None else {"Retry-After": str(max(1, round(wait.total_seconds())))}
