"""The broker's answer, as a frontend hands it over, for a registration or a session."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.codes import Code, Refused
from starter.api.registration_given import IdentificationAnswer
from starter.services import Services, identifications
from starter.services.identifications import Answer
from starter.services.refusals import FieldError, FieldsRefused

_POINTERS = {Code.NOT_FOUND: "/means", Code.FIELD_INVALID: "/redirect_uri"}


@contextmanager
def naming_fields() -> Iterator[None]:
    """Around the beginning of an identification: says which field a means or an address is wrong in."""
    try:
        yield
    except Refused as refused:
        if refused.code not in _POINTERS:
            raise
        raise FieldsRefused([FieldError(_POINTERS[refused.code], Code.FIELD_INVALID)]) from None


async def take_answer(services: Services, given: IdentificationAnswer, holder: str) -> None:
    """Takes the answer to an identification that `holder` (a secret or a session's token) began.

    Raises FieldsRefused for an answer that is none; Refused with why the identification did not work.
    """
    if given.code is None and given.error is None:
        raise FieldsRefused([FieldError("/code", Code.FIELD_REQUIRED)])
    answer = Answer(
        state=given.state,
        code=given.code or "",
        error=given.error or "",
        issuer=given.iss,
        holders=[holder],
    )
    returned = await identifications.complete(services, answer)
    if returned.refusal is not None:
        raise Refused(returned.refusal)
