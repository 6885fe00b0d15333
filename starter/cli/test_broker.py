"""`fullmakt test-broker`: the test broker by itself, for frontends that want one."""

from pathlib import Path
from typing import Annotated

import typer

from starter.cli.common import fail, load_settings, run_host
from starter.testbroker.app import Registration
from starter.testbroker.process import issuer_on, serve

app = typer.Typer()


@app.command("test-broker")
def test_broker(
    client_jwks: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="The client's public keys: the data directory's `identification-keys.public.json`, for one.",
        ),
    ],
    redirect_uri: Annotated[
        list[str],
        typer.Option(help="Where answers may go; repeat it for several. 127.0.0.1 stands for all its ports."),
    ],
    port: Annotated[int, typer.Option(help="Where to listen, on this machine alone.")] = 8400,
    client_id: Annotated[str | None, typer.Option(help="By default the one in the settings.")] = None,
) -> None:
    """Run the identification broker for tests: whoever comes may choose whom to be."""
    settings = load_settings()
    if settings.production:
        fail("The test broker believes everybody: it does not run in production.")
    chosen = client_id or settings.identification.client_id
    run_host(serve(port, Registration(issuer_on(port), chosen, client_jwks.absolute(), tuple(redirect_uri))))
