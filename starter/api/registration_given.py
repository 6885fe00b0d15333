"""What the API takes for identification, registrations and service requests."""

from typing import Annotated

from pydantic import Field, StringConstraints

from domain.vocabulary import CustomerKind, Language
from starter.api.given import Given, Line, Password

# An answer's parameters are as long as the broker makes them.
_Parameter = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class RegistrationBeginning(Given):
    """What is registered. `language`: of e-mails; by default the reader's."""

    kind: CustomerKind
    language: Language | None = None


class IdentificationBeginning(Given):
    """By what, and where the broker sends the browser back to: by default to our own pages.

    Other addresses are those in the settings, and those of commands on the same machine
    (`http://127.0.0.1:<any port>/callback`, when set up).
    """

    means: Line = Field(description="An id of `GET /v1/identification-means`.", examples=["nordea"])
    redirect_uri: Line | None = Field(default=None, examples=["http://127.0.0.1:49152/callback"])


class IdentificationAnswer(Given):
    """What came back to the redirect address in its query: `state`, `code` or `error`, and `iss`."""

    state: _Parameter
    code: _Parameter | None = None
    error: _Parameter | None = None
    iss: _Parameter | None = None


class RegistrationDetails(Given):
    """The details. A company's for a company; a user's for somebody who has none; the rest for all.

    A password that is left out stays as it was sent before.
    """

    company_name: Line | None = Field(default=None, examples=["Exempel Fastigheter Ab"])
    business_id: Line | None = Field(default=None, examples=["9000000-3"])
    customer_number: Line | None = Field(
        default=None, description="On the electricity bill.", examples=["200001"]
    )
    first_name: Line | None = None
    last_name: Line | None = None
    email: Line | None = None
    username: Line | None = None
    password: Password | None = None
    terms_version: Line
    declared_accurate: bool = Field(description="The details are correct and current.")
    declared_right_to_see: bool | None = Field(
        default=None, description="The person has the right to see this company's data."
    )


class Confirmation(Given):
    """Which details were reviewed."""

    revision: int = Field(ge=0, le=2**31 - 1)


class HelpWanted(Given):
    """Somebody who has no means of identification. An e-mail address or a telephone number is needed."""

    name: Line
    email: Line | None = None
    phone: Line | None = None
    message: Annotated[str, StringConstraints(max_length=60_000)] | None = None
