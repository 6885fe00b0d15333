"""The main job on a whole live stack: over HTTP, to the mailbox and back."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import uuid4

import pytest

from domain.roles import ROLE_LEVELS
from domain.vocabulary import Level, Message, Role, Subpage
from store.customers import CustomerRelation
from store.users import User
from tests import factories
from tests.fixtures.api import LiveStack
from tests.frontend import MESSAGE, field_codes, invite, refusal, registration
from tests.smtp_server import TakenMessage


def read(taken: TakenMessage) -> str:
    """The text that a person reads."""
    message = message_from_bytes(taken.raw, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_of(taken: TakenMessage) -> str:
    [link] = set(re.findall(r"https?://\S+/invitations/open/\S+", read(taken)))
    return str(link)


class Company:
    """A company's relation, its administrator, and somebody to invite."""

    def __init__(self, live: LiveStack, relation: CustomerRelation, inviter: User) -> None:
        self.live, self.frontend = live, live.frontend
        self.relation, self.inviter = relation, inviter
        self.invited = f"ny.{uuid4().hex[:8]}@example.com"

    async def mail(self, address: str, count: int = 1) -> list[TakenMessage]:
        return await self.live.smtp.taken(to=address, count=count)


@pytest.fixture
async def company(live_stack: LiveStack) -> Company:
    relation = await factories.make_relation(live_stack.frontend.database)
    inviter = await factories.make_manager(live_stack.frontend.database, relation)
    return Company(live_stack, relation, inviter)


async def test_somebody_new_is_invited_registers_and_accepts(company: Company) -> None:
    inviter = await company.frontend.log_in(company.inviter)

    made = await invite(inviter, company.relation.id, email=company.invited)
    assert (made["state"], made["email"], made["cover_message"]) == ("pending", company.invited, MESSAGE)
    shown = await inviter.get(f"/v1/invitations/{made['id']}")
    assert shown.json()["id"] == made["id"]

    [mail] = await company.mail(company.invited)
    link = link_of(mail)
    assert link.startswith(company.live.stack.api_url)
    assert MESSAGE in read(mail)
    token = link.rpartition("/")[2]

    anybody = company.frontend.client()
    located = await anybody.post("/v1/invitation-lookups", json={"token": token})
    assert located.status_code == 200
    assert located.json()["recipient_is_registered"] is False
    assert located.json()["inviter_name"] == company.inviter.full_name
    terms = (await anybody.get("/v1/terms")).json()["version"]
    registered = await anybody.post(
        "/v1/invitation-registrations", json=registration(token, terms_version=terms)
    )
    assert registered.status_code == 201, registered.text
    assert registered.json()["email"] == company.invited

    bo = await company.frontend.log_in(registered.json()["username"])
    [task] = (await bo.get("/v1/me/tasks")).json()["items"]
    assert (task["id"], task["state"]) == (made["id"], "registering")
    assert (await bo.get("/v1/customer-relations")).json()["items"] == []
    accepted = await bo.post(f"/v1/invitations/{made['id']}/accept", json={"token": token})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    [relation] = (await bo.get("/v1/customer-relations")).json()["items"]
    assert (relation["id"], relation["my_roles"]) == (str(company.relation.id), ["relation_user"])
    assert relation["my_levels"] == {
        str(page): str(level) for page, level in ROLE_LEVELS[Role.RELATION_USER].items()
    }

    assert (await company.frontend.ended(made["id"])).state == "accepted"
    assert len(await company.mail(company.invited, 2)) == 2
    assert len(await company.mail(company.inviter.email)) == 1
    assert (await bo.get("/v1/me/tasks")).json()["items"] == []
    timeline = (await inviter.get(f"/v1/processes/{made['id']}", headers={"Accept-Language": "en"})).json()
    assert [(step["event"], step["by"]) for step in timeline["steps"]] == [
        ("invitation.created", "inviter"),
        ("invitation.sent", "process"),
        ("invitation.registering", "invitee"),
        ("user.registered", "invitee"),
        ("authorization.granted", "inviter"),
        ("invitation.accepted", "invitee"),
    ]
    assert (timeline["waiting_for"], timeline["until"]) == (None, None)


async def test_a_registered_person_accepts_from_the_tasks(company: Company) -> None:
    anna = await factories.make_user(company.frontend.database)
    inviter = await company.frontend.log_in(company.inviter)
    made = await invite(inviter, company.relation.id, email=anna.email.upper(), levels={"reports": "read"})
    [mail] = await company.mail(anna.email.upper().replace("EXAMPLE.COM", "example.com"))
    token = link_of(mail).rpartition("/")[2]

    client = await company.frontend.log_in(anna)
    located = await client.post("/v1/invitation-lookups", json={"token": token})
    assert located.json()["recipient_is_registered"] is True
    again = await client.post("/v1/invitation-registrations", json=registration(token))
    assert refusal(again) == (409, "user.exists")
    [task] = (await client.get("/v1/me/tasks")).json()["items"]
    accepted = await client.post(f"/v1/invitations/{task['id']}/accept")
    assert accepted.status_code == 200

    users = (await inviter.get(f"/v1/customer-relations/{company.relation.id}/users")).json()["items"]
    [added] = [each for each in users if each["user_id"] == str(anna.id)]
    assert added["levels"] == {
        **{str(page): str(level) for page, level in ROLE_LEVELS[Role.RELATION_USER].items()},
        Subpage.REPORTS.value: Level.READ.value,
    }
    assert (await company.frontend.ended(made["id"])).state == "accepted"


@pytest.mark.parametrize(
    ("act", "state", "told"),
    [
        ("decline", "declined", Message.INVITATION_DECLINED),
        ("cancel", "cancelled", Message.INVITATION_CANCELLED),
    ],
)
async def test_declined_or_cancelled(company: Company, act: str, state: str, told: Message) -> None:
    anna = await factories.make_user(company.frontend.database)
    inviter, invitee = await company.frontend.log_in(company.inviter), await company.frontend.log_in(anna)
    made = await invite(inviter, company.relation.id, email=anna.email)
    await company.mail(anna.email)
    await company.frontend.sent(made["id"])
    path = f"/v1/invitations/{made['id']}"

    done = await (invitee if act == "decline" else inviter).post(f"{path}/{act}")

    assert (done.status_code, done.json()["state"]) == (200, state)
    assert (await company.frontend.ended(made["id"])).state == state
    if told is Message.INVITATION_DECLINED:
        assert len(await company.mail(company.inviter.email)) == 1
        assert len(await company.mail(anna.email)) == 1
    else:
        assert len(await company.mail(anna.email, 2)) == 2
    assert refusal(await invitee.post(f"{path}/accept")) == (410, f"invitation.{state}")
    assert (await inviter.get(path)).json()["state"] == state
    # An end blocks nothing.
    assert (await invite(inviter, company.relation.id, email=anna.email))["id"] != made["id"]


async def test_a_refused_registration_leaves_the_invitation_open(company: Company) -> None:
    inviter = await company.frontend.log_in(company.inviter)
    made = await invite(inviter, company.relation.id, email=company.invited)
    token = link_of((await company.mail(company.invited))[0]).rpartition("/")[2]
    anybody = company.frontend.client()

    wrong = registration(
        token,
        first_name=" ",
        username="other@example.com",
        password="Kort1!",
        terms_version="2019-01",
        declared_accurate=False,
    )
    assert field_codes(await anybody.post("/v1/invitation-registrations", json=wrong)) == {
        "/first_name": "field.required",
        "/username": "username.foreign_address",
        "/password": "password.too_short",
        "/terms_version": "terms.outdated",
        "/declared_accurate": "declaration.missing",
    }
    taken = registration(token, username=company.inviter.username.upper())
    assert field_codes(await anybody.post("/v1/invitation-registrations", json=taken)) == {
        "/username": "user.username_taken"
    }
    for password, code in {
        "aaaaaaaa1": "password.too_few_kinds",
        "Password1!": "password.common",
        "Aa1!" * 33: "password.too_long",
        company.invited.capitalize(): "password.common",
    }.items():
        response = await anybody.post(
            "/v1/invitation-registrations", json=registration(token, password=password)
        )
        assert field_codes(response) == {"/password": code}
    for username in ("ab", "a b c", "a\u0000b", "<script>", "bo\u202eboman", "x" * 255):
        response = await anybody.post(
            "/v1/invitation-registrations", json=registration(token, username=username)
        )
        assert field_codes(response) == {"/username": "username.invalid"}
    assert (await inviter.get(f"/v1/invitations/{made['id']}")).json()["state"] == "pending"

    own = registration(token, username=company.invited)
    assert (await anybody.post("/v1/invitation-registrations", json=own)).status_code == 201
