"""Somebody who registers: over the API, by way of the test broker's pages and the link in an e-mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from domain.vocabulary import CustomerKind, Message
from starter.demo.frontend import Frontend, Reply
from starter.demo.mailbox import Mailbox
from starter.demo.people import Company, Person
from starter.testbroker import visitor


@dataclass(frozen=True)
class Registering:
    """One person's registration under way; only who has the secret goes on with it."""

    frontend: Frontend
    person: Person
    id: str
    secret: str

    async def call(self, method: str, path: str = "", body: Any = None) -> Reply:
        """One request about it."""
        return await self.frontend.call(
            method, f"/registrations/{self.id}{path}", body, **{"Registration-Secret": self.secret}
        )

    async def identify(self) -> Reply:
        """To the bank and back, as a browser goes."""
        begun = (await self.call("POST", "/identification", {"means": "nordea"})).must(201)
        who = self.person
        address = await visitor.identify_with(
            who.identity_code, who.first_name, who.last_name, begun["authorization_url"]
        )
        answer = dict(parse_qsl(urlsplit(address).query))
        return await self.call("POST", "/identification/callback", answer)

    async def send_details(self, company: Company | None = None, **changes: str) -> Reply:
        """Everything that is typed."""
        terms = (await self.frontend.get("/terms")).must(200)
        body: dict[str, Any] = {
            "first_name": self.person.first_name,
            "last_name": self.person.last_name,
            "email": self.person.email,
            "username": self.person.username,
            "password": self.person.password,
            "terms_version": terms["version"],
            "declared_accurate": True,
        }
        if company is not None:
            body |= {
                "company_name": company.name,
                "business_id": company.business_id,
                "customer_number": company.customer_number,
                "declared_right_to_see": True,
            }
        return await self.call("PUT", "/details", body | changes)

    async def complete(self, reviewed: Mapping[str, Any], mailbox: Mailbox) -> dict[str, Any]:
        """Opens the link in the e-mail, and confirms what was reviewed."""
        token = (await mailbox.link(self.id, Message.EMAIL_CONFIRMATION)).rpartition("/")[2]
        (await self.frontend.post("/email-confirmations", {"token": token})).must(200)
        confirmed = await self.call("POST", "/confirm", {"revision": reviewed["revision"]})
        completed: dict[str, Any] = confirmed.must(200)
        return completed


async def begin(frontend: Frontend, person: Person, kind: CustomerKind) -> Registering:
    """Begins a registration; e-mails will be in the person's language."""
    begun = (await frontend.post("/registrations", {"kind": kind, "language": person.language})).must(201)
    return Registering(frontend, person, begun["id"], begun["secret"])
