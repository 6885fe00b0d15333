"""What is given is levelled, taken away again, and given up; the last administrator stays."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from sqlalchemy import select

from domain.vocabulary import AuthorizationChangeKind, Message, ProcessKind
from starter.demo.frontend import BrokenOff, Frontend
from starter.demo.mailbox import Expected
from starter.demo.people import COMPANY, HOME, Person
from starter.demo.stage import Stage
from starter.demo.stories import Play
from starter.demo.story import Story
from starter.testbroker import visitor
from store.authorization_changes import AuthorizationChange
from store.invitations import Invitation


async def levelled_and_removed(stage: Stage, story: Story) -> None:
    """An administrator by invitation, who has less from one request to the next, and then nothing."""
    cast = stage.cast
    asa, nina, nina_id = await _invited_administrator(stage, story)
    relation_id = await asa.relation_id(COMPANY)
    held_id = await _authorization_of(asa, relation_id, cast.nina)
    sees = [each["subpage"] for each in (await nina.get("/me/services")).must(200)["items"]]
    story.check("she sees the invoices", "invoices" in sees)
    asked = (nina_id, relation_id, "invoices", "read")
    story.check("and the other e-services may let her", await _allows(stage, asked))

    seen = await asa.get(f"/authorizations/{held_id}")
    body = {"levels": {**seen.must(200)["levels"], "invoices": "none"}}
    tag = {"If-Match": seen.headers["etag"]}
    (await asa.call("PUT", f"/authorizations/{held_id}/levels", body, **tag)).must(200)
    story.check("levels lowered: the very next check says no", not await _allows(stage, asked))
    twice = await asa.call("PUT", f"/authorizations/{held_id}/levels", body, **tag)
    changed = (412, "authorization.changed_meanwhile")
    story.check("who saw it as it was before is told to look again", twice.refusal == changed)

    falling = await nina.invite(cast.goran, COMPANY, role="relation_user", message="Hei!", invoices="none")
    shown = (await asa.get(f"/authorizations/{held_id}/removal")).must(200)
    named = [each["invitee_name"] for each in shown["falling_invitations"]]
    story.check("the preview names the invitation that will fall", named == [cast.goran.full_name])
    removed = (await asa.post(f"/authorizations/{held_id}/removal")).must(201)
    story.kind, story.process_id = ProcessKind.AUTHORIZATION_CHANGE, removed["id"]
    asked = (nina_id, relation_id, "consumption", "read")
    story.check("removed: the very next check says no", not await _allows(stage, asked))
    story.check("and to her it is gone", not (await nina.get("/customer-relations")).must(200)["items"])
    for path in (f"/customer-relations/{relation_id}", f"/authorizations/{held_id}"):
        story.check(f"{path.split('/')[1]}: 404", (await nina.get(path)).refusal == (404, "not_found"))
    await stage.mailbox.wait_for(falling["id"], [Message.INVITATION_VOID])
    async with stage.database.reading() as reading:
        fallen = await reading.get_one(Invitation, UUID(falling["id"]))
    story.check("her open invitation is void", fallen.state == "void")
    await _told_of_levels(stage, story, nina_id)
    await _conclude(
        stage,
        story,
        asa,
        [
            Expected(Message.AUTHORIZATION_REMOVED, cast.nina),
            Expected(Message.AUTHORIZATION_REMOVED_NOTICE, cast.asa),
        ],
    )


async def given_up(stage: Stage, story: Story) -> None:
    """One's own goes without asking anybody; but somebody has to manage the users."""
    cast = stage.cast
    asa, aino = await stage.frontend.log_in(cast.asa), await stage.frontend.log_in(cast.aino)
    own_id = await _own_authorization(aino, await aino.relation_id(COMPANY))
    given = (await aino.post(f"/authorizations/{own_id}/removal")).must(201)
    story.kind, story.process_id = ProcessKind.AUTHORIZATION_CHANGE, given["id"]
    story.check("it is her own act", given["kind"] == AuthorizationChangeKind.GIVEN_UP)
    story.check("the company has one user less", cast.aino.email not in await asa.roles(COMPANY))
    last = await asa.post(f"/authorizations/{await _own_authorization(asa, given['relation']['id'])}/removal")
    refused = (409, "authorization.last_manager")
    story.check("the last administrator cannot give up his own", last.refusal == refused)
    maija = await stage.frontend.log_in(cast.maija)
    home = await _own_authorization(maija, await maija.relation_id(HOME))
    by_contract = await maija.post(f"/authorizations/{home}/removal")
    refused = (409, "authorization.by_contract")
    story.check("what comes with the contract stays", by_contract.refusal == refused)
    await _conclude(
        stage,
        story,
        asa,
        [
            Expected(Message.AUTHORIZATION_GIVEN_UP, cast.aino),
            Expected(Message.AUTHORIZATION_GIVEN_UP_NOTICE, cast.asa),
        ],
    )


async def _invited_administrator(stage: Stage, story: Story) -> tuple[Frontend, Frontend, str]:
    """Åsa, Nina whom she makes administrator, and Nina's id."""
    nina = stage.cast.nina
    asa = await stage.frontend.log_in(stage.cast.asa)
    made = await asa.invite(nina, COMPANY, role="administrator", message="Hei Nina, hoida sinä laskut.")
    token = (await stage.mailbox.link(made["id"])).rpartition("/")[2]
    (await stage.frontend.register(nina, token)).must(201)
    hers = await stage.frontend.log_in(nina)
    early = await hers.post(f"/invitations/{made['id']}/accept")
    required = early.refusal[1] == "identification.required"
    story.check("an administrator has to identify strongly first", required)
    begun = (await hers.post("/me/identification", {"means": "nordea"})).must(201)
    address = await visitor.identify_with(
        nina.identity_code, nina.first_name, nina.last_name, begun["authorization_url"]
    )
    answer = dict(parse_qsl(urlsplit(address).query))
    (await hers.post("/me/identification/callback", answer)).must(200)
    (await hers.post(f"/invitations/{made['id']}/accept")).must(200)
    return asa, hers, (await hers.get("/me")).must(200)["id"]


async def _allows(stage: Stage, asked: tuple[str, str, str, str]) -> bool:
    """What another e-service of the retailer is told: (user, relation, subpage, level)."""
    names = ("user_id", "relation_id", "subpage", "level")
    return await stage.frontend.check(stage.e_service, dict(zip(names, asked, strict=True)))


async def _authorization_of(manager: Frontend, relation_id: str, person: Person) -> str:
    for each in (await manager.get(f"/customer-relations/{relation_id}/users")).must(200)["items"]:
        if each["email"] == person.email:
            return str(each["authorization_id"])
    raise BrokenOff("The invited person holds nothing")


async def _own_authorization(of: Frontend, relation_id: str) -> str:
    own = (await of.get(f"/customer-relations/{relation_id}")).must(200)["my_authorizations"]
    return str(own[0]["id"])


async def _told_of_levels(stage: Stage, story: Story, user_id: str) -> None:
    """The earlier change has a process of its own, whose e-mail belongs to this story, too."""
    async with stage.database.reading() as reading:
        query = select(AuthorizationChange.id).where(
            AuthorizationChange.user_id == UUID(user_id),
            AuthorizationChange.kind == AuthorizationChangeKind.LEVELS,
        )
        change_id = (await reading.scalars(query)).one()
    mails = await stage.mailbox.wait_for(str(change_id), [Message.AUTHORIZATION_LEVELS_CHANGED])
    told = [Expected(Message.AUTHORIZATION_LEVELS_CHANGED, stage.cast.nina).is_met_by(each) for each in mails]
    story.check("she was told once of her new levels", told == [True])


async def _conclude(stage: Stage, story: Story, manager: Frontend, expected: list[Expected]) -> None:
    story.mails = await stage.mailbox.wait_for(story.process_id, [each.message for each in expected])
    story.check_mails(expected)
    story.steps = (await manager.get(f"/processes/{story.process_id}")).must(200)["steps"]


REMOVALS: Mapping[str, Play] = {
    "h  Levels lowered, then removed": levelled_and_removed,
    "i  Given up; the last administrator stays": given_up,
}
