"""`fullmakt service-credentials`: what the retailer's other e-services check authorizations with (spec 4)."""

from typing import Annotated

import typer

from runtime.service_credentials import new_service_credential
from starter.cli.common import AsJson, console, fail, print_json

app = typer.Typer(help="What other e-services check authorizations with.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Makes `new` a command of its own even while it is the only one."""


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The e-service's name, for example reports.")],
    as_json: AsJson = False,
) -> None:
    """Print a new secret for an e-service, and its entry for the setting; the secret is kept nowhere."""
    try:
        secret, credential = new_service_credential(name)
    except ValueError as error:
        fail(f"{error}.")
    if as_json:
        print_json({"name": name, "secret": secret, "entry": credential.model_dump()})
        return
    console.print(f"For {name} alone, shown this once:\n{secret}\n", soft_wrap=True)
    console.print("For the list in FULLMAKT_SERVICE_CREDENTIALS:", soft_wrap=True)
    console.print(credential.model_dump_json(), soft_wrap=True)
