"""*Update authorizations*: fetching the contracts under one's personal identity code (spec 3.3)."""

from datetime import timedelta
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from domain.vocabulary import ContractLinkState
from starter.services import contract_links, own_identity
from starter.web.pages.identifying import identity_of
from starter.web.paths import identify_path
from starter.web.routing import page
from starter.web.visit import Visit

_NEW = "/contract-links/new"
_ONE = "/contract-links/{link_id:uuid}"
# How often a page without scripts asks again.
_REFRESH = timedelta(seconds=5)


def routes() -> list[BaseRoute]:
    """The question whether the code is right, what to do when it is not, and what comes of it."""
    return [
        page(_NEW, get=_ask, post=_begin, fresh=True),
        page("/contract-links/not-mine", get=_explain),
        page(_ONE, get=_show),
    ]


async def _ask(visit: Visit) -> Response:
    """Shows whose contracts will be fetched. Who has no strong identity yet identifies first."""
    identity = await identity_of(visit)
    if identity is None:
        return visit.redirect(identify_path(_NEW))
    return await visit.page(
        "contract_links/new.html",
        section="maintenance",
        masked_code=identity.masked_code,
        verified_name=await own_identity.verified_name(visit.services, visit.user),
    )


async def _explain(visit: Visit) -> Response:
    """*Not mine*: how to identify as oneself."""
    return await visit.page("contract_links/not_mine.html", section="maintenance", again=identify_path(_NEW))


async def _begin(visit: Visit) -> Response:
    """Fetches them. Again: one that is under way goes on."""
    try:
        result = await contract_links.begin(visit.services, visit.user)
    except Refused as refused:
        if refused.code is Code.IDENTIFICATION_REQUIRED:
            return visit.redirect(identify_path(_NEW))
        raise
    return visit.redirect(f"/contract-links/{result.link.id}")


async def _show(visit: Visit) -> Response:
    """How it stands. While the registry takes long, the page looks again by itself."""
    link_id: UUID = visit.request.path_params["link_id"]
    result = await contract_links.find(visit.services, visit.user, link_id)
    response = await visit.page("contract_links/link.html", section="maintenance", result=result)
    if result.link.state is ContractLinkState.LINKING and not visit.has_script:
        response.headers["Refresh"] = str(int(_REFRESH.total_seconds()))
    return response
