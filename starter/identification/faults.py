"""Why an identification is refused: codes for the log. The person learns only that it failed."""

from enum import StrEnum
from typing import NoReturn


class Fault(StrEnum):
    # The callback and the broker's answers
    ISSUER_MISSING = "issuer_missing"
    ISSUER_WRONG = "issuer_wrong"
    CODE_MALFORMED = "code_malformed"
    ANSWER_REFUSED = "answer_refused"
    ANSWER_MALFORMED = "answer_malformed"
    ANSWER_TOO_LARGE = "answer_too_large"
    # Tokens as such
    TOKEN_TOO_LARGE = "token_too_large"  # noqa: S105 - a code, not a password
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105 - a code, not a password
    HEADER_MALFORMED = "header_malformed"
    HEADER_FORBIDDEN = "header_forbidden"
    ALGORITHM_REFUSED = "algorithm_refused"
    DECRYPTION_KEY_UNKNOWN = "decryption_key_unknown"
    NOT_DECRYPTED = "not_decrypted"
    SIGNATURE_KEY_UNKNOWN = "signature_key_unknown"
    SIGNATURE_WRONG = "signature_wrong"
    # What they say
    CLAIMS_MALFORMED = "claims_malformed"
    AUDIENCE_WRONG = "audience_wrong"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OLDER_THAN_REQUEST = "older_than_request"
    NONCE_WRONG = "nonce_wrong"
    ACCESS_TOKEN_WRONG = "access_token_wrong"  # noqa: S105 - a code, not a password
    SUBJECT_WRONG = "subject_wrong"
    LEVEL_REFUSED = "level_refused"
    IDENTITY_CODE_MISSING = "identity_code_missing"
    IDENTITY_CODE_REFUSED = "identity_code_refused"
    IDENTITY_CODES_DIFFER = "identity_codes_differ"
    NAME_MISSING = "name_missing"
    NAME_REFUSED = "name_refused"


class Rejected(Exception):
    """Something of the broker's is not as it must be. Stays inside this package."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Unavailable(Exception):
    """The broker does not answer, or says that it cannot now. Stays inside this package."""


def reject(fault: Fault) -> NoReturn:
    """Raises Rejected, without what led to it: that may hold personal data."""
    raise Rejected(fault) from None
