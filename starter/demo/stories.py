"""The four invitations on the real server: accepted by a new and a registered person, declined, cancelled."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from domain.vocabulary import Message
from starter.demo.mailbox import Expected
from starter.demo.people import COMPANY, HOME
from starter.demo.stage import Stage
from starter.demo.story import Story

Play = Callable[[Stage, Story], Awaitable[None]]


async def accepted_by_somebody_new(stage: Stage, story: Story) -> None:
    """From the link in the e-mail over registration to the authorization."""
    cast, visitor = stage.cast, stage.frontend
    maija = await visitor.log_in(cast.maija)
    made = await maija.invite(
        cast.aino, HOME, role="relation_user", message="Hei Aino!\nTästä näet sähkömme.\nMaija"
    )
    story.process_id = made["id"]
    link = await stage.mailbox.link(made["id"])
    token = link.rpartition("/")[2]

    opened = await visitor.http.get(link)
    hidden = opened.status_code == HTTPStatus.SEE_OTHER and token not in opened.headers["location"]
    still = (await visitor.post("/invitation-lookups", {"token": token})).must(200)
    story.check("opening the link takes the token out of the address, and changes nothing", hidden)
    story.check("the invitation waits for somebody who is not registered", still["state"] == "pending")
    refused = await visitor.post(f"/invitations/{made['id']}/accept", {"token": token})
    story.check("the token logs nobody in", refused.refusal == (401, "session.required"))

    (await visitor.register(cast.aino, token)).must(201)
    aino = await visitor.log_in(cast.aino)
    accepted = (await aino.post(f"/invitations/{made['id']}/accept", {"token": token})).must(200)
    again = await aino.post(f"/invitations/{made['id']}/accept")
    story.check("accepting again gets the same answer", (again.status, again.body) == (200, accepted))
    story.check(
        "she is a user of the relation", (await maija.roles(HOME)).get(cast.aino.email) == {"relation_user"}
    )
    too_late = await maija.post(f"/invitations/{made['id']}/cancel")
    story.check("cancelling afterwards is refused", too_late.refusal == (409, "invitation.ended"))
    await story.conclude(
        maija,
        stage.mailbox,
        "accepted",
        [
            Expected(Message.INVITATION, cast.aino),
            Expected(Message.AUTHORIZATION_GRANTED, cast.aino),
            Expected(Message.INVITATION_ACCEPTED, cast.maija),
        ],
    )


async def accepted_from_to_handle(stage: Stage, story: Story) -> None:
    """A registered person: the name is suggested, the invitation waits under To handle."""
    cast = stage.cast
    asa, aino = await stage.frontend.log_in(cast.asa), await stage.frontend.log_in(cast.aino)
    relation_id = await asa.relation_id(COMPANY)
    suggestions = f"/customer-relations/{relation_id}/name-suggestions"
    before = (await asa.post(suggestions, {"email": cast.aino.email})).must(200)
    story.check("her name is not told to strangers", before["first_name"] is None)
    seen = await aino.get("/me")
    change = {"name_suggestion_allowed": True}
    (await aino.call("PATCH", "/me", change, **{"If-Match": seen.headers["etag"]})).must(200)
    after = (await asa.post(suggestions, {"email": cast.aino.email})).must(200)
    told = (after["first_name"], after["last_name"])
    story.check("once she allows it, it is suggested", told == (cast.aino.first_name, cast.aino.last_name))

    made = await asa.invite(cast.aino, COMPANY, role="viewer", message="Hei! Voit nyt seurata kulutustamme.")
    story.process_id = made["id"]
    waiting = (await aino.get("/me/tasks")).must(200)["items"]
    story.check("it waits under To handle", [each["id"] for each in waiting] == [made["id"]])
    (await aino.post(f"/invitations/{made['id']}/accept")).must(200)
    story.check("To handle is empty again", not (await aino.get("/me/tasks")).must(200)["items"])
    story.check(
        "she is a viewer of the company's relation",
        (await asa.roles(COMPANY)).get(cast.aino.email) == {"viewer"},
    )
    body = {
        "email": cast.aino.email,
        "first_name": "A",
        "last_name": "M",
        "cover_message": "?",
        "role": "viewer",
    }
    twice = await asa.post(f"/customer-relations/{relation_id}/invitations", body)
    story.check("she cannot be invited to what she has", twice.refusal == (409, "authorization.exists"))
    await story.conclude(
        asa,
        stage.mailbox,
        "accepted",
        [
            Expected(Message.INVITATION, cast.aino),
            Expected(Message.AUTHORIZATION_GRANTED, cast.aino),
            Expected(Message.INVITATION_ACCEPTED, cast.asa),
        ],
    )


async def declined(stage: Stage, story: Story) -> None:
    """Somebody registers and says no; a new invitation is then possible, and is left waiting."""
    cast = stage.cast
    maija = await stage.frontend.log_in(cast.maija)
    made = await maija.invite(
        cast.emma, HOME, role="relation_user", message="Hi Emma, do you want to see this?"
    )
    story.process_id = made["id"]
    token = (await stage.mailbox.link(made["id"])).rpartition("/")[2]
    (await stage.frontend.register(cast.emma, token)).must(201)
    emma = await stage.frontend.log_in(cast.emma)
    (await emma.post(f"/invitations/{made['id']}/decline")).must(200)
    regret = await emma.post(f"/invitations/{made['id']}/accept")
    story.check("accepting afterwards is refused", regret.refusal == (410, "invitation.declined"))
    story.check("she holds nothing", cast.emma.email not in await maija.roles(HOME))
    await story.conclude(
        maija,
        stage.mailbox,
        "declined",
        [Expected(Message.INVITATION, cast.emma), Expected(Message.INVITATION_DECLINED, cast.maija)],
    )
    await maija.invite(cast.emma, HOME, role="relation_user", message="Think about it. You have a week.")
    waiting = (await emma.get("/me/tasks")).must(200)["items"]
    story.check("she can be invited again, and that one is left waiting", len(waiting) == 1)


async def cancelled(stage: Stage, story: Story) -> None:
    """The inviter takes it back; the invitee is told, and the link says so."""
    cast, visitor = stage.cast, stage.frontend
    asa = await visitor.log_in(cast.asa)
    made = await asa.invite(
        cast.goran, COMPANY, role="relation_user", message="Hej Göran, här är våra fakturor."
    )
    story.process_id = made["id"]
    token = (await stage.mailbox.link(made["id"])).rpartition("/")[2]
    maija = await visitor.log_in(cast.maija)
    hidden = await maija.get(f"/invitations/{made['id']}")
    story.check("for others it does not exist", hidden.refusal == (404, "not_found"))
    (await asa.post(f"/invitations/{made['id']}/cancel")).must(200)
    found = (await visitor.post("/invitation-lookups", {"token": token})).must(200)
    story.check("the link says that it was cancelled", found["state"] == "cancelled")
    late = await visitor.register(cast.goran, token)
    story.check("registering with it is refused", late.refusal == (410, "invitation.cancelled"))
    await story.conclude(
        asa,
        stage.mailbox,
        "cancelled",
        [Expected(Message.INVITATION, cast.goran), Expected(Message.INVITATION_CANCELLED, cast.goran)],
    )


INVITATIONS: Mapping[str, Play] = {
    "a  Accepted by somebody new": accepted_by_somebody_new,
    "b  Accepted by a registered person, from To handle": accepted_from_to_handle,
    "c  Declined": declined,
    "d  Cancelled": cancelled,
}
