"""By what the retailer's other e-services are known here (spec section 4): a name and a secret.

Secrets are made here, 32 random bytes each, and kept as hashes: whoever reads the settings cannot use them.
A service may have several at once, so that they can be replaced without anybody noticing.
"""

import hmac
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runtime.keys import TOKEN_LENGTH, new_token, token_hash

_NAME = r"^[A-Za-z0-9_-]{1,40}$"
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")


class ServiceCredential(BaseModel):
    """One secret of one service; `secret_hash` is the SHA-256 in lower-case hexadecimal digits."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=_NAME)
    secret_hash: str = Field(pattern=r"^[0-9a-f]{64}$")


def new_service_credential(name: str) -> tuple[str, ServiceCredential]:
    """A new secret and its entry of the setting. Raises ValueError for a name other than A-Z a-z 0-9 _ -."""
    if not re.fullmatch(_NAME, name):
        raise ValueError("a name has 1 to 40 characters of A-Z, a-z, 0-9, _ and -")
    secret = new_token()
    return secret, ServiceCredential(name=name, secret_hash=token_hash(secret))


def _distinct(credentials: list[ServiceCredential]) -> list[ServiceCredential]:
    """Refuses a secret that is there twice, under whatever names; tells the places, not the values."""
    places: dict[str, int] = {}
    for place, each in enumerate(credentials, start=1):
        if each.secret_hash in places:
            raise ValueError(f"service credential {place} has the secret of {places[each.secret_hash]}")
        places[each.secret_hash] = place
    return credentials


# As JSON in the environment.
ServiceCredentials = Annotated[list[ServiceCredential], AfterValidator(_distinct)]


def is_known(credentials: Sequence[ServiceCredential], name: str, secret: str) -> bool:
    """Whether a service of this name has this secret.

    Takes as long for a wrong secret as for a right one, and looks at all. What was not made here is no
    secret, whatever the setting says: weak ones are of no use.
    """
    given = token_hash(secret)
    matching = [hmac.compare_digest(each.secret_hash, given) for each in credentials if each.name == name]
    return any(matching) and _SECRET.fullmatch(secret) is not None
