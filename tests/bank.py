"""A bank in the tests' own process: people identify there without a browser.

    maija = new_person("Maija", "Virtanen")
    begun = await identifications.begin_for_registration(services, ...)
    code = bank.identify(begun.authorization_url, maija)  # what a browser brings back, with the state
    ...
    bank.down = True                                      # from now on nobody gets anywhere

It holds whoever asks to the protocol: a code is worth something once, with the nonce, the verifier and the
address of the request that it answers. The protocol itself is tested in `tests/identification`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from stdnum.fi import hetu

from domain.codes import Code, Refused
from starter.identification.provider import AuthorizationRequest, Callback, Identity

_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_NUMBERS = count()


@dataclass(frozen=True)
class Person:
    """Somebody with bank codes. Individual numbers of 900-999 belong to nobody real."""

    first_name: str
    last_name: str
    code: str


def new_person(first_name: str = "Maija", last_name: str = "Virtanen") -> Person:
    """Somebody that no other test knows."""
    days, individual = divmod(next(_NUMBERS), 100)
    months, day = divmod(days, 28)
    year, month = divmod(months, 12)
    digits, individual = f"{day + 1:02}{month + 1:02}{60 + year:02}", 900 + individual
    code = f"{digits}-{individual}{_CHECKS[int(f'{digits}{individual}') % len(_CHECKS)]}"
    assert hetu.is_valid(code, allow_temporary=True)
    return Person(first_name, last_name, code)


@dataclass
class Bank:
    """An `IdentityProvider`. `asked` counts the exchanges of a code for an identity."""

    down: bool = False
    asked: int = 0
    _requests: dict[str, AuthorizationRequest] = field(default_factory=dict)
    _signed: dict[str, tuple[AuthorizationRequest, Person]] = field(default_factory=dict)

    def identify(self, url: str, person: Person) -> str:
        """The person identifies at the address that he was sent to; returns the code."""
        code = uuid4().hex
        self._signed[code] = self._requests[state_of(url)], person
        return code

    # What is asked of it

    def public_keys(self) -> Mapping[str, Any]:
        """As `IdentityProvider.public_keys`: it needs none."""
        return {"keys": []}

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """As `IdentityProvider.authorization_url`."""
        self._refuse_when_down()
        if request.means_id != "nordea":
            raise Refused(Code.NOT_FOUND)
        self._requests[request.state] = request
        return f"https://bank.example.com/authorize?{urlencode({'state': request.state})}"

    async def identity(self, callback: Callback) -> Identity:
        """As `IdentityProvider.identity`."""
        self._refuse_when_down()
        self.asked += 1
        request, person = self._signed.pop(callback.code, (None, None))
        if request is None or person is None or not _answers(callback, request):
            raise Refused(Code.IDENTIFICATION_FAILED)
        return Identity(
            personal_identity_code=person.code,
            first_name=person.first_name,
            last_name=person.last_name,
            level="http://ftn.ficora.fi/2017/loatest2",
            identified_at=datetime.now(UTC),
        )

    def _refuse_when_down(self) -> None:
        if self.down:
            raise Refused(Code.IDENTIFICATION_UNAVAILABLE)


def _answers(callback: Callback, request: AuthorizationRequest) -> bool:
    return (callback.nonce, callback.code_verifier, callback.redirect_uri) == (
        request.nonce,
        request.code_verifier,
        request.redirect_uri,
    )


def state_of(url: str) -> str:
    """The `state` with which the bank sends somebody back."""
    [state] = parse_qs(urlsplit(url).query)["state"]
    return state
