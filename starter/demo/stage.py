"""What a story is played on: an API, its mailbox, people with rights, and a directory of its own."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from domain.vocabulary import Commodity
from registry import import_customers
from runtime.clock import system_clock
from runtime.keys import Keys
from runtime.settings import Address, Settings, Smtp
from runtime.texts import project_root
from starter import operators
from starter.demo.frontend import Frontend
from starter.demo.mailbox import Mailbox
from starter.demo.people import COMPANY, E_SERVICE, HOME, Cast, EService, Person, Place
from starter.running import HostError
from starter.services import Services
from starter.stack import alone_in
from store.database import Database

_MARKER = ".fullmakt-demo"


@dataclass(frozen=True)
class Stage:
    """Everything that a story needs."""

    frontend: Frontend
    mailbox: Mailbox
    cast: Cast
    # To check what nobody is shown.
    database: Database
    # Another one of the retailer's, which asks before it opens.
    e_service: EService


class DemoSettings(Settings):
    """The defaults, whatever the environment and `.env` say: each demo is the same."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code alone."""
        return (init_settings,)


def demo_settings(directory: Path, *, free_ports: bool = False) -> Settings:
    """The settings of a demo with its data in `directory`."""
    if not free_ports:
        return DemoSettings(data_directory=directory, service_credentials=[E_SERVICE.credential])
    return DemoSettings(
        data_directory=directory,
        service_credentials=[E_SERVICE.credential],
        api=Address(port=0),
        api_metrics=Address(port=0),
        smtp=Smtp(port=0),
        stack_temporal_port=0,
        stack_temporal_ui_port=0,
        stack_mail_port=0,
        stack_broker_port=0,
    )


def emptied(directory: Path) -> None:
    """Makes the demo's directory, empty. Raises HostError for one that the demo did not make."""
    marker = directory / _MARKER
    if directory.is_dir() and any(directory.iterdir()):
        if not marker.is_file():
            raise HostError(f"{directory} is not empty and was not made by the demo; nothing was removed.")
        with alone_in(directory):  # another demo may be at work in it
            pass
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker.write_text("Made by `fullmakt demo`, which empties this directory when it starts.\n")


async def furnish(services: Services, people: Mapping[Person, Place | None]) -> None:
    """Imports the sample registry and makes users, as operators do; with a place, its first right too."""
    now, settings = system_clock(), services.settings
    await import_customers(
        services.database,
        project_root() / "data" / "customers.sample.csv",
        keys=Keys(settings.secret_key.get_secret_value()),
        allow_temporary=True,
        today=now.astimezone(ZoneInfo(settings.retailer.time_zone)).date(),
        now=now,
        progress=_silent,
    )
    for person, place in people.items():
        await operators.create_user(
            services.database,
            email=person.email,
            username=person.username,
            first_name=person.first_name,
            last_name=person.last_name,
            language=person.language,
            password=person.password,
            now=now,
        )
        if place is not None:
            await _grant(services, person, place.customer_number, place.commodity)


async def _grant(services: Services, person: Person, customer_number: str, commodity: Commodity) -> None:
    await operators.grant(
        services.database,
        username=person.username,
        customer_number=customer_number,
        commodity=commodity,
        now=system_clock(),
    )


def inviters(cast: Cast) -> Mapping[Person, Place]:
    """Those who hold the first rights: by contract at home, by customer service in the company."""
    return {cast.maija: HOME, cast.asa: COMPANY}


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Shows no progress: the sample is imported in a moment."""
