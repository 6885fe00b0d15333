"""Who has no bank codes: customer service's contact, and a form by which it gets in touch (spec 3.2, O2)."""

from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Refused
from domain.text import COVER_MESSAGE_LENGTH
from runtime.texts import N_, translate
from starter.services import identifications, service_requests
from starter.web.forms import Form
from starter.web.routing import page
from starter.web.visit import Visit

_HELP = "/registrations/help"
_SENT = "/registrations/help/sent"
_NO_WAY_TO_ANSWER = N_("Give an e-mail address or a telephone number, so that customer service can answer.")


def routes() -> list[BaseRoute]:
    """For everybody, logged in or not."""
    return [
        page(_HELP, get=_show, post=_ask, login=False),
        page(_SENT, get=_say_that_it_was_sent, login=False),
    ]


async def _show(visit: Visit) -> Response:
    return await _help_page(visit, Form())


async def _ask(visit: Visit) -> Response:
    posted = visit.posted
    try:
        await service_requests.ask_without_means(
            visit.services,
            name=posted.get("name", ""),
            email=posted.get("email", ""),
            phone=posted.get("phone", ""),
            message=posted.get("message", ""),
            source=visit.source,
        )
    except Refused as refused:
        return await _help_page(visit, _again(visit, refused))
    return visit.redirect(_SENT)


def _again(visit: Visit, refused: Refused) -> Form:
    """What was posted, with what is wrong: neither address nor number is needed, but one of them is."""
    form = visit.refused(refused)
    if form.value("email") or form.error("email") is None:
        return form
    return replace(form, errors={**form.errors, "email": translate(visit.language, _NO_WAY_TO_ANSWER)})


async def _help_page(visit: Visit, form: Form) -> Response:
    return await visit.page(
        "customer_registrations/help.html",
        form=form,
        means=identifications.offered(visit.services),
        limit=COVER_MESSAGE_LENGTH,
    )


async def _say_that_it_was_sent(visit: Visit) -> Response:
    return await visit.page("customer_registrations/help_sent.html")
