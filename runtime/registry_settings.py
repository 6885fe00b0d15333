"""Settings of the customer registry (`FULLMAKT_REGISTRY__*`): files, or a server of the retailer's."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, field_validator, model_validator


class Registry(BaseModel):
    """With `url`, the registry behind it is asked, and its changes are pulled; without, our own tables are.

    What the server behind `url` has to offer is in docs/customer-registry.openapi.json.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: HttpUrl | None = None
    # Sent as a bearer token.
    token: SecretStr | None = None
    # For one question and its whole answer.
    timeout: timedelta = Field(default=timedelta(seconds=10), gt=timedelta(0), le=timedelta(seconds=30))
    pull_every: timedelta = Field(default=timedelta(minutes=15), ge=timedelta(minutes=1))

    @field_validator("url")
    @classmethod
    def _url_is_safe(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url is None:
            return None
        if url.query or url.fragment or url.username or url.password:
            raise ValueError("the registry's url is a scheme, a host and perhaps a port and a path")
        if url.scheme != "https" and not _is_this_machine(url.host or ""):
            raise ValueError("the registry's url must be https, unless it is on this machine")
        return url

    @model_validator(mode="after")
    def _url_and_token_belong_together(self) -> Self:
        if (self.url is None) != (self.token is None):
            raise ValueError("the registry's url and its token belong together")
        return self


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
