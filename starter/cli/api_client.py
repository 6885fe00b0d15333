"""The commands' way to the API: HTTP alone, with the session kept between commands."""

import os
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, NoReturn
from uuid import uuid4

import httpx2
import typer

from starter.cli import session_store
from starter.cli.common import fail, load_settings, messages, print_json_error
from starter.ports import local_url

# An answer takes 5 s at most while Temporal is slow (spec section 3); the rest is the way.
_TIMEOUT = 15.0
_ATTEMPTS = 3
_UNKNOWN = "processes.outcome_unknown"
# What to do about a refusal, by command.
_COMMANDS = {
    "session.required": "Log in: fullmakt login",
    "session.expired": "Log in: fullmakt login",
    "identification.stale": "Identify: fullmakt identify",
    "identification.required": "Identify: fullmakt identify",
    "registration.already_user": "Log in: fullmakt login",
}

ApiUrl = Annotated[
    str | None,
    typer.Option("--api", envvar="FULLMAKT_API_URL", help="The API's address; by default the settings'."),
]


class Api:
    """The API as one command uses it. What it refuses ends the command, with what to do.

    `anonymous` leaves the session out. `headers` go with every request.
    """

    def __init__(self, url: str | None, *, as_json: bool = False, anonymous: bool = False) -> None:
        self.url = (url or _default_url()).rstrip("/")
        self.headers: dict[str, str] = {}
        self._as_json = as_json
        self._anonymous = anonymous

    def get(self, path: str, **query: str | int | Sequence[str] | None) -> Any:
        """What is there, as JSON."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._content(self._call("GET", path, params=given))

    def get_bytes(self, path: str, **query: str | None) -> bytes:
        """A file that is there."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, params=given).content

    def get_with_etag(self, path: str) -> tuple[Any, str]:
        """The same with its ETag, for changing it."""
        response = self._call("GET", path)
        return self._content(response), response.headers.get("ETag", "")

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Any:
        """The answer, as JSON. A repeat with the same Idempotency-Key is done once; by default a new one."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self._content(self._call("POST", path, json=dict(body or {}), headers=headers))

    def put(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        correctable: Collection[str] = (),
        if_match: str | None = None,
    ) -> Any:
        """The answer, as JSON. Refusals with a code of `correctable` end nothing: they raise Correctable.

        `if_match`: the ETag of what is changed, where it has one.
        """
        headers = {} if if_match is None else {"If-Match": if_match}
        return self._content(
            self._call("PUT", path, correctable=correctable, json=dict(body), headers=headers)
        )

    def delete(self, path: str) -> None:
        """Deletes what is there."""
        self._call("DELETE", path)

    def _call(
        self, method: str, path: str, *, correctable: Collection[str] = (), **request: Any
    ) -> httpx2.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            response = self._send(method, path, **request)
            problem = _problem(response)
            if problem is None:
                return response
            if problem.get("code") in correctable and not self._as_json:
                messages.print(_words(problem), style="red", soft_wrap=True)
                raise Correctable([each["pointer"].lstrip("/") for each in problem.get("errors", [])])
            if problem.get("code") != _UNKNOWN or attempt == _ATTEMPTS:
                self._refuse(problem)
            # The act may have happened; with the same key a repeat gets its outcome.
            messages.print("The outcome is not known yet; asking again ...")
            time.sleep(float(response.headers.get("Retry-After", "5")))
        raise AssertionError("the last attempt returns or refuses")

    def _token(self) -> str | None:
        if self._anonymous:
            return None
        return os.environ.get("FULLMAKT_TOKEN") or session_store.load(self.url)

    def _send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        token = self._token()
        headers = {"Accept-Language": "en", **self.headers, **request.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            return httpx2.request(
                method, f"{self.url}/v1{path}", headers=headers, timeout=_TIMEOUT, **request
            )
        except httpx2.ConnectError:
            fail(
                f"Nothing answers at {self.url}. Start it with `fullmakt up`, or give its address with --api."
            )
        except httpx2.TimeoutException:
            fail(f"The API at {self.url} did not answer in time. Try again.")
        except (httpx2.HTTPError, httpx2.InvalidURL):
            fail(f"There is no usable API at {self.url}.")

    def _content(self, response: httpx2.Response) -> Any:
        try:
            return response.json() if response.content else None
        except ValueError:
            fail(f"What answers at {self.url} is not this API.")

    def _refuse(self, problem: Mapping[str, Any]) -> NoReturn:
        if self._as_json:
            print_json_error(dict(problem))
            raise typer.Exit(1)
        fail(_words(problem))


class Correctable(Exception):
    """What was typed was refused, and it has been said why; `fields`: the wrong ones, as far as known."""

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__()
        self.fields = fields


def _words(problem: Mapping[str, Any]) -> str:
    lines = [str(problem["detail"])]
    lines += [f"  {each['pointer'].lstrip('/')}: {each['detail']}" for each in problem.get("errors", [])]
    if "invitation_id" in problem:
        lines.append(f"  See it: fullmakt invitations show {problem['invitation_id']}")
    if (command := _COMMANDS.get(str(problem.get("code")))) is not None:
        lines.append(f"  {command}")
    return "\n".join(lines)


def _problem(response: httpx2.Response) -> dict[str, Any] | None:
    """The refusal in a response, None for a success."""
    if response.is_success:
        return None
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and "detail" in body:
        return body
    return {"code": "unknown", "detail": f"The API answered with status {response.status_code}."}


def _default_url() -> str:
    settings = load_settings()
    if "origin" in settings.model_fields_set:
        return settings.origin_url
    return local_url(settings.api)
