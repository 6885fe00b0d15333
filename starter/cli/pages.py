"""`fullmakt pages gallery`: every part that pages are made of, for eyes."""

import asyncio
from typing import Annotated

import typer

from domain.vocabulary import Language
from runtime.http import AddressInUse, serving
from runtime.settings import Address
from starter.cli.common import console, fail, run_host
from starter.ports import local_url
from starter.web.gallery import create_gallery

app = typer.Typer(help="Pages: look at what they are made of.", no_args_is_help=True)


@app.callback()
def pages() -> None:
    """Pages: look at what they are made of."""


@app.command()
def gallery(
    port: Annotated[int, typer.Option(help="Where to serve it on this machine; 0 for any free port.")] = 8010,
    language: Annotated[Language, typer.Option(help="The language to begin with.")] = Language.SWEDISH,
) -> None:
    """Serve a gallery of everything that pages are made of, in every state, until Ctrl-C."""
    run_host(_serve(Address(host="127.0.0.1", port=port), language))


async def _serve(address: Address, language: Language) -> None:
    try:
        async with serving(create_gallery(language), address, what="The gallery") as port:
            console.print(local_url(Address(host=address.host, port=port)), soft_wrap=True)
            await asyncio.Event().wait()
    except AddressInUse:
        fail(f"Port {address.port} is in use. Choose another one with --port.")
