"""Who takes part. Their passwords are made at random for each run."""

import secrets
from dataclasses import dataclass, field

from domain.vocabulary import Commodity, Language


def _password() -> str:
    # Of three kinds whatever chance gives, and safe to paste into a shell.
    return f"Aa1-{secrets.token_urlsafe(9)}"


@dataclass(frozen=True)
class Person:
    """Somebody with a name, an address and a language."""

    first_name: str
    last_name: str
    username: str
    email: str
    language: Language
    password: str = field(default_factory=_password, repr=False)

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class Place:
    """A customer relation of the sample file."""

    customer_number: str
    commodity: Commodity


HOME = Place("100001", Commodity.ELECTRICITY)
COMPANY = Place("200001", Commodity.ELECTRICITY)


@dataclass(frozen=True)
class Cast:
    """Everybody, with passwords for this run."""

    # Owner of HOME and administrator of COMPANY, made by the operator.
    maija: Person = field(
        default_factory=lambda: Person(
            "Maija", "Virtanen", "maija", "maija.virtanen@example.com", Language.SWEDISH
        )
    )
    asa: Person = field(
        default_factory=lambda: Person("Åsa", "Lindroos", "asa", "asa.lindroos@example.com", Language.SWEDISH)
    )
    # Registers through her invitation, and is asked again later.
    aino: Person = field(
        default_factory=lambda: Person(
            "Aino", "Mäkelä", "aino.makela@example.com", "aino.makela@example.com", Language.FINNISH
        )
    )
    emma: Person = field(
        default_factory=lambda: Person(
            "Emma", "Sjöblom", "emma", "emma.sjoblom@example.com", Language.ENGLISH
        )
    )
    goran: Person = field(
        default_factory=lambda: Person("Göran", "Öhman", "goran", "goran.ohman@example.org", Language.SWEDISH)
    )
    # Lives on the time-skipping server, and never answers.
    britta: Person = field(
        default_factory=lambda: Person(
            "Britta", "Nyberg", "britta", "britta.nyberg@example.com", Language.SWEDISH
        )
    )
