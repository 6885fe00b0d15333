"""What the pages about one's user account share: too many tries, and links that are over."""

from dataclasses import replace
from datetime import timedelta

from starlette.responses import Response

from domain.codes import Code, Refused
from runtime.texts import N_, absolute_time, translate
from starter.http.statuses import status_of
from starter.services.refusals import TooMany
from starter.web.forms import Form
from starter.web.visit import Visit

_WHEN = N_("There have been too many attempts. You can try again on %(moment)s.")
# Times are shown in whole minutes; the one that has begun is waited for too.
_MINUTE = timedelta(minutes=1)
# Why a link may lead to nothing any more.
_TO_NOTHING = frozenset({Code.NOT_FOUND, Code.LINK_USED, Code.EMAIL_IN_USE})


def again(visit: Visit, refused: Refused) -> Form:
    """The form after a refusal; after too many tries, with when the next one is possible.

    Raises what `Visit.refused` raises, and the refusal itself when the session has ended meanwhile.
    """
    if refused.code is Code.SESSION_EXPIRED:
        raise refused
    form = visit.refused(refused)
    if not isinstance(refused, TooMany):
        return form
    moment = absolute_time(visit.now + refused.retry_after + _MINUTE, visit.language, visit.zone)
    return replace(form, general=translate(visit.language, _WHEN, moment=moment))


async def link_over(visit: Visit, refused: Refused, ask_again: str) -> Response:
    """A link leads to nothing any more: why that may be, and where to ask for another (`ask_again`, a path).

    Raises the refusal when it says something else.
    """
    if refused.code not in _TO_NOTHING:
        raise refused
    return await visit.page(
        "account/link_over.html", status=status_of(refused.code), code=refused.code, ask_again=ask_again
    )
