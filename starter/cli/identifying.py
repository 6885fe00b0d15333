"""`fullmakt identify`, and identifying strongly as a part of other commands: by a browser, and back here."""

import queue
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl, urlsplit

import typer

from starter.cli import showing
from starter.cli.api_client import Api, ApiUrl
from starter.cli.common import AsJson, choice, console, fail, messages, print_json

app = typer.Typer()

MeansId = Annotated[
    str | None, typer.Option("--means", help="The bank or certificate, by its id: nordea, for example.")
]
Browser = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open a browser, or only print the address for one.")
]

# Loopback addresses of any port are registered with this path (RFC 8252, 7.3).
_PATH = "/callback"
_PARAMETERS = frozenset({"state", "code", "error", "iss"})
_PAGE = b"You have been here. Close this window, and go on at the command line.\n"


@app.command()
def identify(
    means: MeansId = None, browser: Browser = True, api: ApiUrl = None, as_json: AsJson = False
) -> None:
    """Identify strongly, with bank codes or a mobile certificate, as the user who is logged in."""
    client = Api(api, as_json=as_json)
    client.get("/me")
    me = identified(client, "/me", means, browser=browser)
    if as_json:
        print_json(me)
        return
    console.print("You have identified strongly.")
    showing.details(showing.identification(me["strong_identification"]))


def identified(client: Api, path: str, means: str | None, *, browser: bool) -> Any:
    """Lets somebody identify for what is at `path`, and returns that as it stands then."""
    chosen = means or _asked_means(client)
    with _listening() as here:
        begun = client.post(f"{path}/identification", {"means": chosen, "redirect_uri": here.address})
        messages.print("Identify with your browser at this address:")
        messages.print(begun["authorization_url"], soft_wrap=True)
        if browser:
            webbrowser.open(begun["authorization_url"])
        answer = here.answer(datetime.fromisoformat(begun["expires_at"]))
    return client.post(f"{path}/identification/callback", answer)


def _asked_means(client: Api) -> str:
    offered = client.get("/identification-means")["items"]
    if not offered:
        fail("Strong identification is not set up here.")
    return str(offered[choice("What do you identify with", [each["name"] for each in offered])]["id"])


class _Listener(ThreadingHTTPServer):
    """Takes the broker's answer from the browser on this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: queue.Queue[Mapping[str, str]] = queue.Queue()

    @property
    def address(self) -> str:
        """Where browsers come back to."""
        return f"http://127.0.0.1:{self.server_port}{_PATH}"

    def answer(self, until: datetime) -> Mapping[str, str]:
        """What came back; when nobody does in time, the command ends."""
        try:
            return self.answers.get(timeout=max(0.0, (until - datetime.now(UTC)).total_seconds()))
        except queue.Empty:
            fail("Nobody came back from the identification in time. Start again.")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        listener = cast(_Listener, self.server)
        parts = urlsplit(self.path)
        # A page of another site that knows the port only by its own name is none of ours.
        if parts.path != _PATH or self.headers.get("Host") != f"127.0.0.1:{listener.server_port}":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        given = dict(parse_qsl(parts.query))
        if "state" in given:
            listener.answers.put({name: given[name] for name in given if name in _PARAMETERS})
        self.send_response(HTTPStatus.OK)
        for name, value in (
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(_PAGE))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, *_: Any) -> None:
        """Nothing: the address holds the answer."""


@contextmanager
def _listening() -> Iterator[_Listener]:
    with _Listener() as listener:
        serving = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        try:
            yield listener
        finally:
            listener.shutdown()
            serving.join()
