"""Registering over the API: people whom the test broker lets be anybody, and customers to be found.

person = Person(frontend)                      # a code and an address that nobody else has
await person.begin("company")                  # POST /v1/registrations; the secret goes along from now on
await person.identify()                        # to the broker and back
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx2

from domain.vocabulary import Commodity, CustomerKind
from runtime.keys import Keys
from starter.testbroker import visitor
from store.customers import Contract, Customer, CustomerRelation
from store.database import Database
from tests.factories import KEYS, PASSWORD
from tests.frontend import Frontend
from tests.smtp_server import ScriptedSmtpServer

TERMS = "2026-11"
# Exempel Fastigheter Ab's; several customer numbers may share one.
BUSINESS_ID, COMPANY = "9000000-3", "Kvarnbackens Bageri Ab"
_NUMBERS = count(1)
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def new_identity_code() -> str:
    """A code of a test person, 900-999, that no other test has."""
    born = date(1930, 1, 1) + timedelta(days=random.randrange(25_000))  # noqa: S311 - no secret
    day, number = born.strftime("%d%m%y"), 900 + next(_NUMBERS) % 100
    return f"{day}-{number}{_CHECK[int(f'{day}{number}') % 31]}"


async def make_customer(
    database: Database,
    *commodities: Commodity,
    identity_code: str | None = None,
    keys: Keys = KEYS,
    ended: Commodity | None = None,
) -> tuple[Customer, Mapping[Commodity, CustomerRelation]]:
    """A customer of the registry with contracts: a company, or the person with a code."""
    number = next(_NUMBERS)
    customer = Customer(
        id=uuid4(),
        customer_number=f"{random.randrange(30_000_000, 89_999_999)}",  # noqa: S311 - no secret
        kind=CustomerKind.COMPANY if identity_code is None else CustomerKind.PRIVATE,
        name=COMPANY if identity_code is None else "Sanna Salo",
        business_id=BUSINESS_ID if identity_code is None else None,
        identity_index=None if identity_code is None else keys.identity_index(identity_code),
        contact_email=f"kontakt{number}.{uuid4().hex[:6]}@example.org" if identity_code is None else None,
    )
    relations = {
        each: CustomerRelation(id=uuid4(), customer_id=customer.id, commodity=each)
        for each in commodities or (Commodity.ELECTRICITY,)
    }
    async with database.transaction() as session:
        session.add(customer)
        await session.flush()
        session.add_all(relations.values())
        await session.flush()
        session.add_all(
            Contract(
                contract_number=uuid4().hex[:16],
                relation_id=relation.id,
                starts_on=date(2020, 1, 1),
                ends_on=date(2026, 6, 30) if commodity is ended else None,
            )
            for commodity, relation in relations.items()
        )
    return customer, relations


def answer_in(address: str) -> dict[str, str]:
    """What a broker's redirect says, as a frontend hands it over."""
    return dict(parse_qsl(urlsplit(address).query, strict_parsing=True))


async def link_in(smtp: ScriptedSmtpServer, address: str, path: str, count: int = 1) -> str:
    """The token of the link below `path` in the latest of so many e-mails to an address."""
    taken = await smtp.taken(to=address, count=count)
    message = message_from_bytes(taken[-1].raw, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    [token] = set(re.findall(rf"https?://\S+/{path}/open/([A-Za-z0-9_-]{{43}})", str(body.get_content())))
    return str(token)


@dataclass
class Person:
    """Somebody who registers, at an API of a live stack."""

    frontend: Frontend
    identity_code: str = field(default_factory=new_identity_code)
    first_name: str = "Sanna"
    last_name: str = "Salo"
    email: str = field(default_factory=lambda: f"sanna.{uuid4().hex[:10]}@example.com")
    username: str = field(default_factory=lambda: f"sanna.{uuid4().hex[:8]}")
    id: str = ""
    secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.client = self.frontend.client()

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def path(self) -> str:
        """Of the registration."""
        return f"/v1/registrations/{self.id}"

    async def begin(self, kind: str, client: httpx2.AsyncClient | None = None, **body: Any) -> dict[str, Any]:
        """Begins; with a client that has a session, as that user."""
        self.client = client or self.client
        response = await self.client.post("/v1/registrations", json={"kind": kind, **body})
        assert response.status_code == 201, response.text
        begun: dict[str, Any] = response.json()
        self.id, self.secret = begun["id"], begun["secret"]
        assert response.headers["location"] == self.path
        self.client.headers["Registration-Secret"] = self.secret
        return begun

    async def authorization(self, **body: Any) -> str:
        """Where the browser is sent."""
        response = await self.client.post(f"{self.path}/identification", json={"means": "nordea", **body})
        assert response.status_code == 201, response.text
        return str(response.json()["authorization_url"])

    async def be_at_the_bank(self, authorization_url: str) -> dict[str, str]:
        """What comes back through the browser."""
        address = await visitor.identify_with(
            self.identity_code, self.first_name, self.last_name, authorization_url
        )
        return answer_in(address)

    async def identify(self) -> httpx2.Response:
        """To the broker and back."""
        answer = await self.be_at_the_bank(await self.authorization())
        return await self.client.post(f"{self.path}/identification/callback", json=answer)

    async def identify_again(self, session: httpx2.AsyncClient, means: str = "op") -> httpx2.Response:
        """The same for a session."""
        begun = await session.post("/v1/me/identification", json={"means": means})
        assert begun.status_code == 201, begun.text
        answer = await self.be_at_the_bank(begun.json()["authorization_url"])
        return await session.post("/v1/me/identification/callback", json=answer)

    def details(self, customer: Customer | None = None, *, user: bool = True) -> dict[str, Any]:
        """Good details: a user's, and the company's."""
        body: dict[str, Any] = {"terms_version": TERMS, "declared_accurate": True}
        if user:
            body |= {
                "first_name": self.first_name,
                "last_name": self.last_name,
                "email": self.email,
                "username": self.username,
                "password": PASSWORD,
            }
        if customer is not None:
            body |= {
                "company_name": customer.name,
                "business_id": customer.business_id,
                "customer_number": customer.customer_number,
                "declared_right_to_see": True,
            }
        return body

    async def put(self, details: Mapping[str, Any]) -> httpx2.Response:
        """Sends details."""
        return await self.client.put(f"{self.path}/details", json=dict(details))

    async def confirm(self, revision: int) -> httpx2.Response:
        """Completes it."""
        return await self.client.post(f"{self.path}/confirm", json={"revision": revision})

    async def register(self, smtp: ScriptedSmtpServer, customer: Customer | None = None) -> dict[str, Any]:
        """All of it; the completed registration."""
        await self.begin("private" if customer is None else "company")
        assert (await self.identify()).status_code == 200
        reviewed = await self.put(self.details(customer))
        assert reviewed.status_code == 200, reviewed.text
        token = await link_in(smtp, self.email, "email-confirmations")
        assert (await self.client.post("/v1/email-confirmations", json={"token": token})).status_code == 200
        completed = await self.confirm(reviewed.json()["revision"])
        assert completed.status_code == 200, completed.text
        done: dict[str, Any] = completed.json()
        return done

    async def log_in(self) -> httpx2.AsyncClient:
        """A session of the registered user."""
        return await self.frontend.log_in(self.username)
