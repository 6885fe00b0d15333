"""What the API takes about one's account."""

from starter.api.given import Given, Line, Password, Token


class KnownBy(Given):
    """The address of somebody who has forgotten something."""

    email: Line


class NewPassword(Given):
    """A new password, by the token of a link."""

    token: Token
    password: Password


class PasswordChange(Given):
    """A new password, by the one that it replaces."""

    current_password: Password
    password: Password


class EmailChange(Given):
    """A new address; the password shows that it is the user himself who wants it."""

    email: Line
    password: Password
