"""The last phase of inviting: everything once more, the very e-mail, and *Approve* (spec 3.1, step 1)."""

import hashlib
import json

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from emails.render import RenderedEmail
from starter.services import invitations, previews
from starter.services.invitation_checks import FIELDS, Phase, draft_of
from starter.web.forms import Form
from starter.web.pages import inviting_flow
from starter.web.pages.inviting_flow import DRAFT, PATHS, Flow, flow_page, in_flow
from starter.web.pages.relation_words import levels_in_words, role_on
from starter.web.routing import page
from starter.web.visit import Visit

# The e-mail as its reader gets it: its own styles and pictures, no scripts, in our own frame alone.
_EMAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups;"
    " frame-ancestors 'self'"
)


def routes() -> list[BaseRoute]:
    """The confirmation, and the e-mail in it."""
    return [
        page(f"{DRAFT}/{PATHS[None]}", get=in_flow(None, _review), post=in_flow(None, _approve)),
        page(f"{DRAFT}/email", get=in_flow(None, _email)),
    ]


async def _review(visit: Visit, flow: Flow) -> Response:
    return await _with_email(visit, flow, Form())


async def _approve(visit: Visit, flow: Flow) -> Response:
    """Sends what was reviewed and nothing else. A second time leads to the same invitation."""
    if "back" in visit.posted:
        return visit.redirect(flow.address(inviting_flow.before(None)))
    if visit.posted.get("reviewed") != _fingerprint(flow):
        changed = Refused(Code.DRAFT_CHANGED_MEANWHILE)
        return await _with_email(visit, flow, visit.refused(changed))
    reviewed = draft_of(flow.draft.data)
    try:
        invitation = await invitations.create_from_draft(
            visit.services, visit.user, flow.draft.id, reviewed=reviewed
        )
    except Refused as refused:
        return await _confirmation(visit, flow, None, visit.refused(refused), refused)
    return visit.redirect(f"/invitations/{invitation.id}/sent")


def _fingerprint(flow: Flow) -> str:
    """Of what was typed in the draft: the same as long as nothing is changed."""
    typed = [flow.draft.data.get(name, "") for phase in Phase for name in FIELDS[phase]]
    return hashlib.sha256(json.dumps(typed).encode()).hexdigest()


async def _email(visit: Visit, flow: Flow) -> Response:
    email = await _preview(visit, flow)
    return HTMLResponse(email.html, headers={"Content-Security-Policy": _EMAIL_POLICY})


async def _preview(visit: Visit, flow: Flow) -> RenderedEmail:
    described = draft_of(flow.draft.data)
    return await previews.preview(visit.services, visit.user, flow.standing.relation.id, described)


async def _with_email(visit: Visit, flow: Flow, form: Form) -> Response:
    """Everything once more, with the e-mail as it will be sent; or why it cannot be."""
    try:
        email = await _preview(visit, flow)
    except Refused as refused:
        return await _confirmation(visit, flow, None, visit.refused(refused), refused)
    return await _confirmation(visit, flow, email, form)


async def _confirmation(
    visit: Visit, flow: Flow, email: RenderedEmail | None, form: Form, refusal: Refused | None = None
) -> Response:
    described = draft_of(flow.draft.data)
    return await flow_page(
        visit,
        "inviting/confirmation.html",
        flow,
        None,
        form,
        refusal,
        fingerprint=_fingerprint(flow),
        hrefs=[flow.address(phase) for phase in PATHS],
        email_address=f"/invitation-drafts/{flow.draft.id}/email",
        described=described,
        role=role_on(visit.language, described.role, flow.standing.relation),
        levels=levels_in_words(visit.language, described.levels),
        email=email,
        days=visit.services.settings.waits.acceptance.days,
    )
