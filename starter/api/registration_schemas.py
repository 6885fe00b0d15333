"""What the API gives about identification, registrations, contract links."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from domain.codes import Code
from domain.vocabulary import ContractLinkState, CustomerKind, Language, RegistrationState, Role
from runtime.identification_means import IdentificationMeans as MeansFound
from runtime.identification_means import MeansKind
from starter.api.schemas import OwnDetails, RelationLabel
from starter.services import contract_links, identifications, own_identity
from starter.services.registration_links import Disputable
from starter.services.registration_progress import NextStep, Progress
from store.customers import CustomerRelation
from store.registrations import Registration
from store.users import User

_MASKED = "120872-••••"


class IdentificationMeans(BaseModel):
    """A bank, or the mobile certificate; the name is in the reader's language."""

    id: str = Field(examples=["nordea"])
    kind: MeansKind
    name: str

    @classmethod
    def of(cls, found: MeansFound, language: Language) -> Self:
        """From the setting."""
        return cls(id=found.id, kind=found.kind, name=found.names[language])


class OfferedMeans(BaseModel):
    """What one can identify with, in the order to show it; nothing when it is not set up here."""

    items: list[IdentificationMeans]


class BegunIdentification(BaseModel):
    """Where the person's browser goes. It comes back to the redirect address with the answer's parameters."""

    authorization_url: str
    expires_at: datetime

    @classmethod
    def of(cls, begun: identifications.Begun) -> Self:
        """From the use case's."""
        return cls(authorization_url=begun.authorization_url, expires_at=begun.expires_at)


class StrongIdentification(BaseModel):
    """A user's strong identity. What asks for a fresh identification is open until `fresh_until`."""

    personal_identity_code: str = Field(description="Its date; the rest is masked.", examples=[_MASKED])
    identified_at: datetime
    fresh_until: datetime | None = Field(description="Null: this session has none that is fresh.")

    @classmethod
    def of(cls, found: own_identity.OwnIdentity) -> Self:
        """From the use case's."""
        return cls(
            personal_identity_code=found.masked_code,
            identified_at=found.identified_at,
            fresh_until=found.fresh_until,
        )


class Me(OwnDetails):
    """A user, as he sees himself; with his strong identity, if he has one."""

    strong_identification: StrongIdentification | None

    @classmethod
    def seen(cls, user: User, identity: own_identity.OwnIdentity | None) -> Self:
        """From the row and the use case's."""
        return cls(
            **OwnDetails.of(user).model_dump(),
            strong_identification=None if identity is None else StrongIdentification.of(identity),
        )


class KeptDetails(BaseModel):
    """The details as they are kept. What does not belong to this registration is null."""

    company_name: str | None = None
    business_id: str | None = None
    customer_number: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    username: str | None = None


class VerifiedPerson(BaseModel):
    """Who identified."""

    personal_identity_code: str = Field(description="Its date; the rest is masked.", examples=[_MASKED])
    first_name: str
    last_name: str


class RegistrationEmail(BaseModel):
    """The address that was typed. `failed`: the e-mail could not be delivered; correct the address."""

    confirmed: bool
    failed: bool


class RegistrationView(BaseModel):
    """A registration. What was typed, and who identified, is erased with its end."""

    id: UUID
    kind: CustomerKind
    state: RegistrationState
    deadline: datetime = Field(description="Until when it waits for the next step.")
    next_step: NextStep | None = Field(
        description="What is missing. `check`: the customer registry answers. Null once it has ended."
    )
    adds_to_user: bool = Field(description="Whether it adds a company to a user who exists.")
    person: VerifiedPerson | None
    details: KeptDetails | None
    revision: int = Field(description="Of the details; confirming names the one that was reviewed.")
    refusal: Code | None = Field(description="Why the last details were not taken.")
    email: RegistrationEmail | None = Field(description="Null when no address has to be confirmed.")
    user_id: UUID | None = Field(description="Whose it is, once completed.")
    role: Role | None = Field(description="What it gave on the company's relations.")
    contract_link_id: UUID | None = Field(description="The linking of a private customer's contracts.")

    @classmethod
    def of(cls, progress: Progress) -> Self:
        """From the use case's."""
        row = progress.registration
        completed = progress.state is RegistrationState.COMPLETED
        details = KeptDetails(**row.details) if progress.state.is_open and row.details else None
        return cls(
            id=row.id,
            kind=row.kind,
            state=progress.state,
            deadline=row.deadline,
            next_step=progress.next_step,
            adds_to_user=not row.makes_user,
            person=_person(row, progress.masked_code),
            details=details,
            revision=row.revision,
            refusal=row.refusal if progress.state.is_open else None,
            email=RegistrationEmail(confirmed=progress.email_confirmed, failed=progress.email_failed)
            if row.makes_user and details is not None
            else None,
            user_id=row.user_id if completed else None,
            role=row.role,
            contract_link_id=row.contract_link_id,
        )


def _person(row: Registration, masked_code: str | None) -> VerifiedPerson | None:
    if masked_code is None:
        return None
    return VerifiedPerson(
        personal_identity_code=masked_code,
        first_name=row.verified_first_name,
        last_name=row.verified_last_name,
    )


class BegunRegistration(RegistrationView):
    """A new registration; the secret is shown this once, and goes into `Registration-Secret` from now on."""

    secret: str

    @classmethod
    def begun(cls, progress: Progress, secret: str) -> Self:
        """From the use case's."""
        return cls(**RegistrationView.of(progress).model_dump(), secret=secret)


class EmailConfirmation(BaseModel):
    """What a link confirms: this address, in a registration that waits until the deadline."""

    kind: CustomerKind
    company_name: str | None
    email: str
    confirmed: bool
    deadline: datetime

    @classmethod
    def of(cls, row: Registration) -> Self:
        """From the row of an open registration."""
        return cls(
            kind=row.kind,
            company_name=row.details.get("company_name"),
            email=row.details["email"],
            confirmed=row.email_confirmed_at is not None,
            deadline=row.deadline,
        )


class RegistrationDispute(BaseModel):
    """Who registered a company, as its people see it. `disputed_at`: since when the right is suspended."""

    person_name: str = Field(description="As the strong identification gave it.")
    company_name: str
    business_id: str | None
    customer_number: str
    role: Role | None
    registered_at: datetime | None
    disputed_at: datetime | None

    @classmethod
    def of(cls, found: Disputable, person_name: str) -> Self:
        """From the use case's."""
        return cls(
            person_name=person_name,
            company_name=found.customer.name,
            business_id=found.customer.business_id,
            customer_number=found.customer.customer_number,
            role=found.registration.role,
            registered_at=found.registration.ended_at,
            disputed_at=found.registration.disputed_at,
        )


class LinkedRelation(RelationLabel):
    """One of a person's own relations."""

    customer_number: str

    @classmethod
    def found(cls, relation: CustomerRelation) -> Self:
        """From the row."""
        return cls(
            **RelationLabel.of(relation).model_dump(), customer_number=relation.customer.customer_number
        )


class ContractLinkView(BaseModel):
    """The fetching of a person's contracts: what is in force and open to him now, and what has ended."""

    id: UUID
    state: ContractLinkState
    linked: list[LinkedRelation]
    closed: list[LinkedRelation]
    created_at: datetime
    deadline: datetime = Field(description="Until when the customer registry is tried.")
    ended_at: datetime | None

    @classmethod
    def of(cls, result: contract_links.Result) -> Self:
        """From the use case's."""
        link = result.link
        return cls(
            id=link.id,
            state=link.state,
            linked=[LinkedRelation.found(each) for each in result.linked],
            closed=[LinkedRelation.found(each) for each in result.closed],
            created_at=link.created_at,
            deadline=link.deadline,
            ended_at=link.ended_at,
        )
