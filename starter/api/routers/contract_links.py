"""`contract-links`: fetching one's contracts, *Update authorizations* (spec 3.3)."""

from uuid import UUID

from fastapi import APIRouter, Response

from domain.vocabulary import ContractLinkState
from starter.api.dependencies import ServicesDep, SessionDep, fresh_identification
from starter.api.registration_schemas import ContractLinkView
from starter.api.routing import refusals
from starter.services import contract_links

router = APIRouter(prefix="/contract-links", tags=["contract links"])


@router.post(
    "",
    status_code=201,
    dependencies=[fresh_identification()],
    responses={
        **refusals(401, 403),
        202: {"model": ContractLinkView, "description": "The customer registry takes longer; look again"},
    },
)
async def link_contracts(services: ServicesDep, session: SessionDep, response: Response) -> ContractLinkView:
    """Fetches the contracts under the user's personal identity code. Repeating it changes nothing."""
    result = await contract_links.begin(services, session.user)
    response.headers["Location"] = f"/v1/contract-links/{result.link.id}"
    response.status_code = 202 if result.link.state is ContractLinkState.LINKING else 201
    return ContractLinkView.of(result)


@router.get("/{link_id}", responses=refusals(401, 404))
async def show_contract_link(link_id: UUID, services: ServicesDep, session: SessionDep) -> ContractLinkView:
    """How one's own fetching stands: what is linked, and what has ended."""
    return ContractLinkView.of(await contract_links.find(services, session.user, link_id))
