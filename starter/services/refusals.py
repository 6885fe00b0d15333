"""Refusals that carry more than a code (spec section 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.codes import Code, Refused


class AlreadyPending(Refused):
    """There is an open invitation; `invitation_id` says which."""

    def __init__(self, invitation_id: UUID) -> None:
        super().__init__(Code.INVITATION_ALREADY_PENDING)
        self.invitation_id = invitation_id


class TooMany(Refused):
    """Try again after `retry_after`."""

    def __init__(self, code: Code, retry_after: timedelta) -> None:
        super().__init__(code)
        self.retry_after = retry_after


class OutcomeUnknown(Refused):
    """Temporal did not answer in time; the act may still happen, and a retry gets its answer."""

    def __init__(self) -> None:
        super().__init__(Code.OUTCOME_UNKNOWN)


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `pointer` is a JSON Pointer (RFC 6901) into the request's body."""

    pointer: str
    code: Code


class FieldsRefused(Refused):
    """One or more fields are wrong; all of them are named."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(Code.REQUEST_INVALID)
        self.errors = errors


class FieldChecks:
    """Collects what is wrong with several fields, so that a person sees all of it at once."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def refuse(self, pointer: str, code: Code | None) -> None:
        """Adds an error; None is no error."""
        if code is not None:
            self._errors.append(FieldError(pointer, code))

    def value(self, pointer: str, check: Callable[[str], str], given: str) -> str:
        """The checked value of a field, or the given one, with what the check refused it for added."""
        try:
            return check(given)
        except Refused as refused:
            self.refuse(pointer, refused.code)
            return given

    def done(self) -> None:
        """Raises FieldsRefused when there was any."""
        if self._errors:
            raise FieldsRefused(self._errors)
