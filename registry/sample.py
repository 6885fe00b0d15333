"""The sample registry for demonstrations and tests: 300 invented customers, the same ones every time.

Nobody is real: identity codes have individual numbers 900-999 (given to no person), business IDs begin with
9 (none are issued), addresses are at example.com and example.org. `data/customers.sample.csv` is this.

The first ones are well known, and documents may count on them:

| number | customer | contracts |
|---|---|---|
| 100001 | Maija Virtanen | electricity and district heating |
| 100002 | Erik Lindqvist | electricity |
| 100003 | Aino Korhonen | electricity, ended in 2024 |
| 100004, 100005 | Göran Öhman (one person, two numbers) | electricity; electricity (the summer house) |
| 200001 | Exempel Fastigheter Ab | electricity |
| 200002 | Exempel Fastigheter Ab (the same business ID) | district heating |
| 200003 | Esimerkki Asunnot Oy | electricity (two contracts) and district heating |
"""

import csv
import io
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

from registry.rows import COLUMNS

T = TypeVar("T")
_PRIVATE_CUSTOMERS = 220
_COMPANIES = 80


def _words(text: str) -> Sequence[str]:
    return text.split()


_FIRST_NAMES = _words(
    """
    Aino Anna Anders Annika Antti Bengt Birgitta Camilla Eero Elina Emilia Erik Eva Fredrik Göran
    Gunilla Hanna Heikki Helmi Henrik Ilkka Ingrid Jari Johan Jukka Kaarina Karin Kerttu Kristina
    Lars Leena Linnéa Maija Margareta Markku Mårten Märta Mikael Niklas Olavi Örjan Outi Pekka Päivi
    Riitta Sari Sofia Stig Sven Tapio Timo Tuula Ulla Väinö Åke Åsa
    """
)
_LAST_NAMES = _words(
    """
    Ahlgren Andersson Backström Björklund Blomqvist Enbom Engström Eriksson Forsman Grönroos Hakala
    Hämäläinen Heikkinen Heinonen Holmström Hyvönen Järvinen Jokinen Karlsson Kärkkäinen Ketola
    Koivisto Korhonen Koskinen Lahtinen Laine Lehtonen Lindqvist Lindström Lönnroth Mäkelä Mäkinen
    Mattsson Mustonen Nieminen Nurmi Nyberg Öhman Österberg Pitkänen Rantanen Räsänen Saarinen
    Salminen Sjöblom Söderholm Strömberg Sundström Tuominen Turunen Väisänen Virtanen Wikström Åberg
    Åkerlund
    """
)
_COMPANY_NAMES = (
    "Björkgårdens Bageri",
    "Fiktiva Fastigheter",
    "Havtornets Handelsträdgård",
    "Keksitty Kirjapaino",
    "Kuusenkävyn Kahvila",
    "Låtsas Logistik",
    "Mallin Metalli",
    "Påhittade Plåtslageriet",
    "Saaren Sähkötyöt",
    "Skärgårdens Snickeri",
    "Tähtitarhan Päiväkoti",
    "Vesirajan Veneveistämö",
)
_TOWNS = ("Borgå", "Ekenäs", "Espoo", "Hangö", "Järvenpää", "Kirkkonummi", "Kyrkslätt", "Lovisa", "Sibbo")

_ELECTRICITY, _HEATING = "electricity", "district_heating"
# What a customer has: (commodity, first day, last day) for each contract.
_PATTERNS: Sequence[Sequence[tuple[str, str, str]]] = (
    ((_ELECTRICITY, "2021-03-01", ""),),
    ((_ELECTRICITY, "2019-06-15", ""), (_HEATING, "2019-06-15", "")),
    ((_ELECTRICITY, "2023-11-01", ""),),
    ((_ELECTRICITY, "2018-01-01", "2024-05-31"),),
    ((_HEATING, "2016-09-01", ""),),
    ((_ELECTRICITY, "2020-02-01", "2023-01-31"), (_ELECTRICITY, "2023-02-01", "")),
    ((_ELECTRICITY, "2022-08-01", ""), (_HEATING, "2015-10-01", "2022-07-31")),
    ((_ELECTRICITY, "2024-01-01", "2039-12-31"),),
)
_KNOWN_PRIVATE = (
    ("Maija", "Virtanen", 1, 1),
    ("Erik", "Lindqvist", 0, 2),
    ("Aino", "Korhonen", 3, 3),
    ("Göran", "Öhman", 0, 4),
    ("Göran", "Öhman", 2, 4),
)
_KNOWN_COMPANIES = (
    ("Exempel Fastigheter Ab", 0, 1),
    ("Exempel Fastigheter Ab", 4, 1),
    ("Esimerkki Asunnot Oy", None, 2),
)
_TWO_METERS = (*_PATTERNS[5], _PATTERNS[4][0])


def sample_csv() -> str:
    """The file's text: the header and one row a contract, comma-separated, lines ending in a line feed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_private_customers())
    writer.writerows(_companies())
    return text.getvalue()


def identity_code(person: int) -> str:
    """A personal identity code with a valid check character that belongs to nobody; `person` from 1."""
    year, month, day = 1935 + person * 37 % 67, 1 + person * 7 % 12, 1 + person * 11 % 28
    number = f"{day:02}{month:02}{year % 100:02}{900 + person % 100}"
    century = "-" if year < 2000 else "A"  # noqa: PLR2004 - the year in which the sign changes
    return f"{number[:6]}{century}{number[6:]}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(number) % 31]}"


def business_id(company: int) -> str:
    """A business ID with a valid check digit from a range that is not issued; `company` from 1."""
    weights = (7, 9, 10, 5, 8, 4, 2)
    valid = 0
    for number in range(9_000_000, 10_000_000):
        rest = sum(w * int(digit) for w, digit in zip(weights, str(number), strict=True)) % 11
        valid += rest != 1  # such numbers have no check digit
        if valid == company:
            return f"{number}-{(11 - rest) % 11}"
    raise ValueError("There are not so many")


def _private_customers() -> Iterator[tuple[str, ...]]:
    for index in range(_PRIVATE_CUSTOMERS):
        number = str(100001 + index)
        if index < len(_KNOWN_PRIVATE):
            first, last, pattern, person = _KNOWN_PRIVATE[index]
            contracts, email = _PATTERNS[pattern], _address(f"{first}.{last}", "example.com")
        else:
            first, last = _pick(_FIRST_NAMES, "first", number), _pick(_LAST_NAMES, "last", number)
            contracts, person = _pick(_PATTERNS, "contracts", number), index
            domain = _pick(("example.com", "example.org", ""), "domain", number)
            email = _address(f"{first}.{last}.{number}", domain)
        customer = (number, "private", f"{first} {last}", "", identity_code(person), email)
        yield from _rows(customer, contracts)


def _companies() -> Iterator[tuple[str, ...]]:
    for index in range(_COMPANIES):
        number = str(200001 + index)
        if index < len(_KNOWN_COMPANIES):
            name, pattern, company = _KNOWN_COMPANIES[index]
            contracts = _TWO_METERS if pattern is None else _PATTERNS[pattern]
        else:
            # Every tenth has two customer numbers under one business ID.
            company = index - 1 if index % 10 == 9 else index  # noqa: PLR2004 - the last of ten
            form = _pick(("Ab", "Oy"), "form", str(company))
            name = (
                f"{_pick(_COMPANY_NAMES, 'name', str(company))} {_pick(_TOWNS, 'town', str(company))} {form}"
            )
            contracts = _pick(_PATTERNS, "contracts", number)
        email = _address(f"kontakt.{number}", _pick(("example.com", "example.org"), "domain", number))
        yield from _rows((number, "company", name, business_id(company), "", email), contracts)


def _rows(customer: tuple[str, ...], contracts: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, ...]]:
    for place, (commodity, starts_on, ends_on) in enumerate(contracts, 1):
        number = f"{'E' if commodity == _ELECTRICITY else 'V'}{customer[0]}-{place}"
        yield (*customer, commodity, number, starts_on, ends_on)


def _pick(options: Sequence[T], what: str, number: str) -> T:
    """One of the options, always the same for the same number."""
    return options[zlib.crc32(f"{what}/{number}".encode()) % len(options)]


def _address(words: str, domain: str) -> str:
    """An address of plain letters, or none without a domain."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return f"{plain}@{domain}" if domain else ""
