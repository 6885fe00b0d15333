"""Posted forms: read strictly, checked to be ours, and shown again with what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request

from domain.codes import Code, Refused
from domain.vocabulary import Language
from runtime.texts import translate
from starter.http.statuses import retry_after, status_of
from starter.http.texts import DETAILS
from starter.services.refusals import FieldsRefused

MEDIA_TYPE = "application/x-www-form-urlencoded"
TOKEN_FIELD = "form_token"  # noqa: S105 - the field's name
_MOST_FIELDS = 100
_NEVER_SHOWN_AGAIN = frozenset({"password", TOKEN_FIELD})


@dataclass(frozen=True)
class Form:
    """A form as a page shows it: what was typed, what is wrong with which field, and with the whole."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    general: str | None = None
    status: HTTPStatus = HTTPStatus.OK
    # What the answer says besides: when to try again.
    headers: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """What was typed; an empty text at first."""
        return self.values.get(name, "")

    def error(self, name: str) -> str | None:
        """What is wrong with a field, in the reader's language."""
        return self.errors.get(name)


def refused_form(
    language: Language, values: Mapping[str, str], refusal: Refused, fields: Mapping[Code, str]
) -> Form:
    """The form again, after a refusal. `fields`: at which field to show the codes that are about one.

    Raises the refusal itself when it is about the page and not about what was typed (403, 404).
    """
    status = status_of(refusal.code)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
        raise refusal
    kept = {name: value for name, value in values.items() if name not in _NEVER_SHOWN_AGAIN}
    if isinstance(refusal, FieldsRefused):
        codes: dict[str, Code] = {}
        for each in refusal.errors:  # of several about one field, the first
            codes.setdefault(each.pointer.removeprefix("/"), each.code)
    elif refusal.code in fields:
        codes = {fields[refusal.code]: refusal.code}
    else:
        words, headers = translate(language, DETAILS[refusal.code]), retry_after(refusal)
        return Form(kept, general=words, status=status, headers=headers)
    errors = {name: translate(language, DETAILS[code]) for name, code in codes.items()}
    return Form(kept, errors, status=status, headers=retry_after(refusal))


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a posted form. Raises Refused(`request.malformed`) for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Refused(Code.REQUEST_MALFORMED)
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise Refused(Code.REQUEST_MALFORMED) from None
    # Browsers send line breaks as CR LF.
    fields = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if len(fields) != len(pairs):
        raise Refused(Code.REQUEST_MALFORMED)
    return fields


def refuse_other_sites(request: Request, origin: str) -> None:
    """Refuses what was sent from another site, as far as browsers tell (case A21).

    Raises Refused(`form.foreign`).
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_foreign = site not in {"same-origin", "none"}
    else:
        # Under our Referrer-Policy browsers say "null" even to ourselves.
        is_foreign = request.headers.get("origin", origin) not in {origin, "null"}
    if is_foreign:
        raise Refused(Code.FORM_FOREIGN)


def refuse_without_token(fields: Mapping[str, str], token: str) -> None:
    """Refuses a form that was not shown in this session. Raises Refused(`form.outdated`)."""
    if not compare_digest(fields.get(TOKEN_FIELD, "").encode(), token.encode()):
        raise Refused(Code.FORM_OUTDATED)
