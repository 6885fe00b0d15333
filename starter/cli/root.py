"""The list of commands, and finding the module of each."""

import importlib
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

_STACK = "On one machine"
_HOSTS = "In production, each a process of its own"
_OPERATORS = "For operators, on the database"
_USERS = "For users, over the API"
_SOURCES = "For developers"


@dataclass(frozen=True)
class _Entry:
    """A command or a group of commands: which module's `app` it is in, and what help says of it."""

    module: str
    panel: str
    help: str
    is_group: bool = False


_ENTRIES = {
    "up": _Entry("up", _STACK, "Run everything here until Ctrl-C: Temporal, API, worker, mailbox."),
    "demo": _Entry("demo", _STACK, "Run the main job on a fresh stack and check everything about it."),
    "test-broker": _Entry("test_broker", _STACK, "Run the identification broker for tests."),
    "setup": _Entry(
        "hosts", _HOSTS, "Prepare what the settings name: database, search attributes, schedules."
    ),
    "migrate": _Entry("hosts", _HOSTS, "Bring the database to this version's tables."),
    "api": _Entry("hosts", _HOSTS, "Serve the API."),
    "worker": _Entry("hosts", _HOSTS, "Run a worker."),
    "customers": _Entry("customers", _OPERATORS, "The customer registry: import, sample, look up.", True),
    "users": _Entry("users", _OPERATORS, "Users.", True),
    "authorizations": _Entry(
        "authorizations",
        _OPERATORS,
        "Authorizations. Operators, on the database: grant, end, list. Users, over the API: the others.",
        True,
    ),
    "service-requests": _Entry("service_requests", _OPERATORS, "What waits for customer service.", True),
    "identification-keys": _Entry(
        "identification_keys", _OPERATORS, "Our keys towards the identification broker.", True
    ),
    "identity-keys": _Entry(
        "identity_keys", _OPERATORS, "The keys that seal personal identity codes: make, rotate.", True
    ),
    "service-credentials": _Entry(
        "service_credentials", _OPERATORS, "What other e-services check authorizations with.", True
    ),
    "register": _Entry(
        "registering", _USERS, "Register: a private customer, a company, an invited person.", True
    ),
    "identify": _Entry("identifying", _USERS, "Identify strongly, with bank codes or a mobile certificate."),
    "login": _Entry("sessions", _USERS, "Log in; the session is kept for later commands."),
    "logout": _Entry("sessions", _USERS, "Log out."),
    "me": _Entry("sessions", _USERS, "Show your own details."),
    "account": _Entry(
        "account",
        _USERS,
        "Forgotten password or username, new password or address, sessions, your data.",
        True,
    ),
    "tasks": _Entry("sessions", _USERS, "List what waits for your answer: invitations, requests for rights."),
    "contracts": _Entry("contracts", _USERS, "Contracts: link one's own.", True),
    "relations": _Entry("relations", _USERS, "List the customer relations that you hold something on."),
    "rights": _Entry("rights", _USERS, "Requests for more rights: ask, show, answer, withdraw.", True),
    "events": _Entry(
        "events", _USERS, "List what you did and what concerns you, or what happened on a relation."
    ),
    "invitations": _Entry("invitations", _USERS, "Invitations: send, list, show, answer, cancel.", True),
    "processes": _Entry("processes", _USERS, "Processes: their timelines.", True),
    "emails": _Entry("emails", _SOURCES, "E-mails: look at all of them.", True),
    "pages": _Entry("pages", _SOURCES, "Pages: look at what they are made of.", True),
    "openapi": _Entry("openapi", _SOURCES, "Write the API's description, or check that it is up to date."),
}


class _Later(TyperCommand):
    """Stands for a command in the list; the real one takes over when it is called."""

    def __init__(self, name: str, entry: _Entry) -> None:
        super().__init__(name, help=entry.help, rich_help_panel=entry.panel)
        self._entry = entry

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the real command, which then does all the rest."""
        return self._real().make_context(*args, **kwargs)

    def _real(self) -> Any:
        module = importlib.import_module(f"starter.cli.{self._entry.module}")
        group = get_group(module.app)
        command = group if self._entry.is_group else group.commands[str(self.name)]
        command.name = self.name
        return command


class _Root(TyperGroup):
    """The commands in the order of the list above."""

    def list_commands(self, _: Any) -> list[str]:
        """All names."""
        return list(_ENTRIES)

    def get_command(self, _: Any, name: str) -> Any:
        """The command of a name; None when there is none."""
        entry = _ENTRIES.get(name)
        return None if entry is None else _Later(name, entry)


# Typer's own way of showing a failure would print the values of variables.
app = typer.Typer(cls=_Root, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.callback()
def fullmakt() -> None:
    """Giving, getting and losing access to an energy retailer's e-services."""
