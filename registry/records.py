"""What the registry says of a customer: everything under one customer number, in normal form (spec 6).

The fields keep the rules of the file's columns (`registry.rules`). Nothing of a customer is in what an error
or a `repr` says.
"""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from domain.vocabulary import Commodity, CustomerKind
from registry import rules

# In a validation's context: whether identity codes 900-999, which belong to nobody, are accepted.
TEMPORARY_CODES = "temporary_codes"


def _identity_code(value: str, info: ValidationInfo) -> str:
    allowed = info.context is None or info.context[TEMPORARY_CODES]
    return rules.identity_code(value, allow_temporary=allowed)


_Text = AfterValidator(rules.printable)
CustomerNumber = Annotated[str, _Text, AfterValidator(rules.customer_number)]
Name = Annotated[str, _Text, AfterValidator(rules.name)]
BusinessId = Annotated[str, _Text, AfterValidator(rules.business_id)]
Email = Annotated[str, _Text, AfterValidator(rules.email)]
ContractNumber = Annotated[str, _Text, AfterValidator(rules.contract_number)]
IdentityCode = Annotated[str, _Text, AfterValidator(_identity_code)]


class _Record(BaseModel):
    # What a registry says beyond this is its own affair.
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


class RegistryContract(_Record):
    """A contract. `ends_on` is its last day; None while no end is known."""

    contract_number: ContractNumber
    starts_on: date
    ends_on: date | None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise rules.Wrong("ends_on is before starts_on")
        return self

    def runs_on(self, day: date) -> bool:
        """Whether it has not ended before a day."""
        return self.ends_on is None or self.ends_on >= day


class RegistryRelation(_Record):
    """A customer's relation for one commodity, with its contracts, ended ones too."""

    commodity: Commodity
    contracts: Annotated[tuple[RegistryContract, ...], Field(min_length=1, max_length=1000, strict=False)]

    def runs_on(self, day: date) -> bool:
        """Whether any of its contracts has not ended before a day."""
        return any(contract.runs_on(day) for contract in self.contracts)


class RegistryCustomer(_Record):
    """One customer number. `personal_identity_code` is there only when the registry sent it."""

    customer_number: CustomerNumber
    kind: CustomerKind
    name: Name = Field(repr=False)
    business_id: BusinessId | None
    personal_identity_code: IdentityCode | None = Field(default=None, repr=False)
    contact_email: Email | None = Field(default=None, repr=False)
    relations: Annotated[tuple[RegistryRelation, ...], Field(max_length=len(Commodity), strict=False)]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        company = self.kind is CustomerKind.COMPANY
        if company is (self.business_id is None):
            raise rules.Wrong("business_id is for companies, and all of them")
        if company and self.personal_identity_code is not None:
            raise rules.Wrong("personal_identity_code is for private customers")
        return self

    @model_validator(mode="after")
    def _nothing_is_said_twice(self) -> Self:
        commodities = [relation.commodity for relation in self.relations]
        contracts = [each.contract_number for relation in self.relations for each in relation.contracts]
        for said in (commodities, contracts):
            if len(set(said)) < len(said):
                raise rules.Wrong("a commodity or a contract is there more than once")
        return self


class KeptCustomer(RegistryCustomer):
    """A customer as our own tables have it: there is nothing to bring in."""
