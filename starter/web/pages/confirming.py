"""The last phase of inviting: everything once more, the very e-mail, and *Approve* (spec 3.1, step 1)."""

import hashlib
import json

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from domain import roles
from domain.codes import Code, Refused
from emails.labels import role_on
from emails.render import RenderedEmail
from starter.services import invitations, previews
from starter.services.invitation_checks import FIELDS, Phase, draft_of
from starter.web.forms import Form
from starter.web.pages import inviting_flow
from starter.web.pages.inviting_flow import DRAFT, PATHS, Flow, flow_page, in_flow
from starter.web.pages.relation_words import levels_in_words
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
        page(f"{DRAFT}/{PATHS[None]}", get=in_flow(None, _review), post=in_flow(None, _approve), fresh=True),
        page(f"{DRAFT}/email", get=in_flow(None, _email)),
    ]


async def _review(visit: Visit, flow: Flow) -> Response:
    """Everything once more, with the e-mail as it will be sent; or why it cannot be."""
    form = Form()
    if inviting_flow.is_to_be_checked(visit):
        form = inviting_flow.refused(visit, {}, Refused(Code.DRAFT_CHANGED_MEANWHILE))
    try:
        email = await _preview(visit, flow)
    except Refused as refusal:
        form = inviting_flow.refused(visit, {}, refusal)
        return await _confirmation(visit, flow, None, form, refusal)
    return await _confirmation(visit, flow, email, form)


async def _approve(visit: Visit, flow: Flow) -> Response:
    """Sends what was reviewed and nothing else. A second time leads to the same invitation."""
    if "back" in visit.posted:
        return visit.redirect(flow.address(inviting_flow.before(None)))
    if visit.posted.get("reviewed") != _fingerprint(flow):
        return visit.redirect(inviting_flow.checked_address(flow.draft.id, None))
    reviewed = draft_of(flow.draft.data)
    try:
        invitation = await invitations.create_from_draft(
            visit.services, visit.user, flow.draft.id, reviewed=reviewed
        )
    except Refused as refusal:
        if refusal.code is Code.DRAFT_CHANGED_MEANWHILE:
            return visit.redirect(inviting_flow.checked_address(flow.draft.id, None))
        # The page says why: showing the e-mail is refused for the same reasons as sending it.
        return visit.redirect(flow.address(None))
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
        role=role_on(visit.language, described.role, flow.standing.relation.commodity),
        is_role_chosen=len(flow.standing.roles_to_give) > 1,
        levels=levels_in_words(visit.language, described.levels),
        needs_identification=roles.needs_strong_identification(described.levels),
        email=email,
        days=visit.services.settings.waits.acceptance.days,
    )
