"""What the API takes. Unknown fields are refused; texts are checked by the use cases."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.text import COVER_MESSAGE_LENGTH
from domain.vocabulary import Language, Level, Role, Subpage
from runtime.keys import TOKEN_LENGTH

# Generous bounds: the use cases name what is too long for them.
Line = Annotated[str, StringConstraints(max_length=1000)]
Password = Annotated[str, StringConstraints(max_length=1000), Field(json_schema_extra={"format": "password"})]
Token = Annotated[
    str, StringConstraints(pattern=rf"^[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}$"), Field(description="From the link.")
]


class Given(BaseModel):
    """Base of what the API takes."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LogIn(Given):
    """Credentials."""

    username: Line
    password: Password


class NewInvitation(Given):
    """An invitation. `levels` overrides the role's default levels, subpage by subpage."""

    email: Line
    first_name: Line
    last_name: Line
    cover_message: Annotated[
        str,
        StringConstraints(max_length=60_000),
        Field(description=f"Plain text, {COVER_MESSAGE_LENGTH} characters at most."),
    ]
    role: Role
    language: Language | None = Field(
        default=None, description="Of the e-mail, for somebody who is not a user; by default the inviter's."
    )
    levels: dict[Subpage, Level] = Field(default_factory=dict)


class NameQuery(Given):
    """Whose name to suggest."""

    email: Line


class Answer(Given):
    """An answer to an invitation; with the link's token it is told whose invitation it is."""

    token: Token | None = None


class LinkToken(Given):
    """A link's token."""

    token: Token


class InvitationRegistration(Given):
    """A new user, by the token of an invitation."""

    invitation_token: Token
    first_name: Line
    last_name: Line
    username: Line
    password: Password
    language: Language
    terms_version: Line
    declared_accurate: bool


class OwnDetailsChange(Given):
    """What to change; what is left out stays."""

    first_name: Line | None = None
    last_name: Line | None = None
    language: Language | None = None
    name_suggestion_allowed: bool | None = None
