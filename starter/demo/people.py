"""Who takes part. Their passwords are made at random for each run."""

import secrets
from dataclasses import dataclass, field

from domain.vocabulary import Commodity, Language
from runtime.service_credentials import ServiceCredential, new_service_credential


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
    # For those who identify strongly; 900-999, which nobody real has.
    identity_code: str = field(default="", repr=False)

    @property
    def full_name(self) -> str:
        """First and last name; a company has one name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class EService:
    """One of the retailer's other e-services; its secret is made for this run."""

    secret: str = field(repr=False)
    credential: ServiceCredential = field(repr=False)


@dataclass(frozen=True)
class Place:
    """A customer relation of the sample file."""

    customer_number: str
    commodity: Commodity


@dataclass(frozen=True)
class Company:
    """A company of the sample file, with the address that the registry has for it."""

    name: str
    business_id: str
    customer_number: str
    contact_email: str


NEW_COMPANY = Company("Esimerkki Asunnot Oy", "9000001-1", "200003", "kontakt.200003@example.org")
# Nobody of the stories registers it.
OPEN_COMPANY = Company("Keksitty Kirjapaino Borgå Ab", "9000005-4", "200006", "kontakt.200006@example.com")
HOME = Place("100001", Commodity.ELECTRICITY)
COMPANY = Place("200001", Commodity.ELECTRICITY)
E_SERVICE = EService(*new_service_credential("invoices"))


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
    # Register by strong identification; Mårten has the customer number 100007.
    marten: Person = field(
        default_factory=lambda: Person(
            *("Mårten", "Virtanen", "marten", "marten.virtanen@example.com", Language.SWEDISH),
            identity_code="110756-906D",
        )
    )
    bo: Person = field(
        default_factory=lambda: Person(
            *("Bo", "Boman", "bo.boman", "bo.boman@example.com", Language.SWEDISH),
            identity_code="251166-9633",
        )
    )
    noa: Person = field(
        default_factory=lambda: Person(
            *("Noa", "Åkerlund", "noa", "noa.akerlund@example.com", Language.FINNISH),
            identity_code="290204A967J",
        )
    )
    # Administrator by invitation, for a while.
    nina: Person = field(
        default_factory=lambda: Person(
            *("Nina", "Ström", "nina", "nina.strom@example.org", Language.FINNISH),
            identity_code="150388-9149",
        )
    )
    # Lives on the time-skipping server, and never answers.
    britta: Person = field(
        default_factory=lambda: Person(
            "Britta", "Nyberg", "britta", "britta.nyberg@example.com", Language.SWEDISH
        )
    )
