"""A tiny site with a page for everything that a watched visit must notice, and a form that is in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from runtime.http import serving
from runtime.settings import Address

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "img-src 'self' http://localhost:*"
)
_STYLE = """body { color: #222; background: #fff; transition: color 0.2s, background-color 0.2s }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #111 } a, .pale { color: #9cf } }
.pale { color: #bbb }
.grey { color: #555 }
"""
_FORM = """<form method="post" action="/form">
<p><label for="name">Namn</label> <input id="name" name="name" autocomplete="off"></p>
<p><label for="password">Lösenord</label> <input id="password" name="password" type="password"
    autocomplete="off"> <button type="button" aria-label="Visa lösenord">Visa</button></p>
<fieldset><legend>Hur?</legend>
<p><label><input type="radio" name="how" value="post"> Med post</label></p>
<p><label><input type="radio" name="how" value="mail"> Med e-post</label></p></fieldset>
<p><label><input type="checkbox" name="agreed" value="yes"> Jag godkänner</label></p>
<p><button>Spara</button></p></form>
<p><a href="/">Tillbaka</a></p><p id="script"></p><script src="/script.js"></script>"""

_PAGES = {
    "/": "<p>Välkommen.</p><p><a href='/form'>Till formuläret</a></p>",
    "/form": _FORM,
    "/thrown": "<script src='/throws.js'></script>",
    "/logged": "<script src='/logs.js'></script>",
    "/inline-script": "<script>document.title = 'changed'</script>",
    "/inline-style": "<p style='color: red'>Rött</p>",
    "/missing-picture": "<img src='/nowhere.png' alt='Ingen'>",
    "/pale-when-light": "<p class='pale'>Blek</p>",
    "/grey-when-dark": "<p class='grey'>Grå</p>",
    "/unnamed-field": "<input name='name'>",
    "/small-targets": "<p><button class='small'>A</button><button class='small'>B</button></p>",
}
_STYLES = {"/small-targets": ".small { width: 12px; height: 12px; padding: 0; margin: 0; border: 0 }"}
_SCRIPTS = {
    "/script.js": "document.getElementById('script').textContent = 'Med JavaScript'",
    "/throws.js": "throw new Error('thrown by a script')",
    "/logs.js": "console.error('logged by a script')",
}


def _html(content: str, *, path: str = "", status: int = 200) -> HTMLResponse:
    style = f"/style.css?for={path}" if path in _STYLES else "/style.css"
    return HTMLResponse(
        f"<!doctype html><html lang='sv'><head><title>Sida</title><link rel='icon' href='/picture'>"
        f"<link rel='stylesheet' href='{style}'></head>"
        f"<body><main><h1>Sida</h1>{content}</main></body></html>",
        status,
        {"Content-Security-Policy": _POLICY},
    )


async def _page(request: Request) -> Response:
    path = request.url.path
    return _html(_PAGES[path], path=path)


async def _posted(request: Request) -> Response:
    body = (await request.body()).decode()
    if "agreed=yes" not in body:
        return _html("<p>Du måste godkänna.</p>", status=422)
    answer = RedirectResponse("/done", 303)
    answer.set_cookie("posted", body)
    return answer


async def _done(request: Request) -> Response:
    language = request.headers["accept-language"]
    return _html(f"<p>Sparat: {request.cookies['posted']}</p><p>Språk: {language}</p>")


async def _elsewhere(request: Request) -> Response:
    return _html(f"<img src='http://localhost:{request.url.port}/picture' alt='Annanstans'>")


async def _broken(_request: Request) -> Response:
    return _html("<p>Tekniskt fel.</p>", status=500)


async def _style(request: Request) -> Response:
    return Response(_STYLE + _STYLES.get(request.query_params.get("for", ""), ""), media_type="text/css")


async def _script(request: Request) -> Response:
    return Response(_SCRIPTS[request.url.path], media_type="text/javascript")


async def _picture(_request: Request) -> Response:
    return Response("<svg xmlns='http://www.w3.org/2000/svg'/>", media_type="image/svg+xml")


def _application() -> Starlette:
    pages = [Route(path, _page) for path in _PAGES]
    scripts = [Route(path, _script) for path in _SCRIPTS]
    return Starlette(
        routes=[
            Route("/form", _posted, methods=["POST"]),
            *pages,
            *scripts,
            Route("/done", _done),
            Route("/elsewhere", _elsewhere),
            Route("/broken", _broken),
            Route("/style.css", _style),
            Route("/picture", _picture),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=100)],
    )


@asynccontextmanager
async def sample_site() -> AsyncIterator[str]:
    """Serves it on this machine; yields its origin."""
    async with serving(_application(), Address(port=0), what="The sample site") as port:
        yield f"http://127.0.0.1:{port}"
