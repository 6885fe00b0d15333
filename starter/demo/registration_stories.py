"""The three registrations: a private customer, a company's first user, and a later one who is disputed."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from domain.vocabulary import CustomerKind, Language, Message, ProcessKind, ServiceRequestKind
from starter.demo.mailbox import Expected
from starter.demo.people import NEW_COMPANY, Person
from starter.demo.registering import begin
from starter.demo.stage import Stage
from starter.demo.stories import Play
from starter.demo.story import Story
from store import audit, authorizations, identifications, service_requests
from store.audit import Event

# Whom the registry has as the company's contact; the installation's language is Swedish.
_CONTACT = Person(NEW_COMPANY.name, "", "", NEW_COMPANY.contact_email, Language.SWEDISH)
# What the audit events say, and who did it.
_STEPS: Mapping[Event, tuple[str, str]] = MappingProxyType(
    {
        Event.REGISTRATION_STARTED: ("The registration began.", "person"),
        Event.REGISTRATION_IDENTIFIED: ("The person identified strongly.", "person"),
        Event.REGISTRATION_MISMATCHED: ("The company's details did not match.", "registry"),
        Event.REGISTRATION_MATCHED: ("The company's details matched.", "registry"),
        Event.REGISTRATION_EMAIL_CONFIRMED: ("The e-mail address was confirmed.", "person"),
        Event.AUTHORIZATION_GRANTED: ("The authorization was given.", "process"),
        Event.REGISTRATION_COMPLETED: ("The registration was completed.", "person"),
        Event.REGISTRATION_DISPUTED: ("The company said: this was not us.", "company"),
        Event.AUTHORIZATION_SUSPENDED: ("The authorization was suspended.", "process"),
    }
)


async def private_customer(stage: Stage, story: Story) -> None:
    """From the bank to both contracts."""
    marten = stage.cast.marten
    registering = await begin(stage.frontend, marten, CustomerKind.PRIVATE)
    story.kind, story.process_id = ProcessKind.REGISTRATION, registering.id
    skipped = await registering.send_details()
    story.check("nobody gets further without identifying", skipped.refusal[1] == "registration.not_ready")
    identified = (await registering.identify()).must(200)
    masked = f"{marten.identity_code[:7]}••••"
    story.check("the code is shown masked", identified["person"]["personal_identity_code"] == masked)
    completed = await registering.complete((await registering.send_details()).must(200), stage.mailbox)

    link_id = completed["contract_link_id"]
    link_mails = await stage.mailbox.wait_for(link_id, [Message.CONTRACTS_LINKED])
    session = await stage.frontend.log_in(marten)
    link = (await session.get(f"/contract-links/{link_id}")).must(200)
    held = (await session.get("/customer-relations")).must(200)["items"]
    both = {("100007", "electricity"), ("100007", "district_heating")}
    linked = {(each["customer_number"], each["commodity"]) for each in link["linked"]}
    story.check("electricity and heating are linked", linked == both)
    seen = {(each["customer_number"], each["commodity"]) for each in held}
    story.check("he owns both", seen == both and all(each["my_roles"] == ["owner"] for each in held))
    again = await (await begin(stage.frontend, marten, CustomerKind.PRIVATE)).identify()
    story.check("one code, one user", again.refusal == (410, "registration.already_user"))
    async with stage.database.reading() as reading:
        kept = await identifications.identity_of(reading, UUID(completed["user_id"]))
    sealed = kept is not None and marten.identity_code not in kept.identity_sealed
    story.check("the database keeps the code sealed", sealed)
    await _conclude(
        stage,
        story,
        [
            Expected(Message.EMAIL_CONFIRMATION, marten),
            Expected(Message.REGISTRATION_COMPLETED, marten),
        ],
    )
    told = [Expected(Message.CONTRACTS_LINKED, marten).is_met_by(each) for each in link_mails]
    story.check("he was told once which contracts were linked", told == [True])
    story.mails = [*story.mails, *link_mails]


async def first_of_a_company(stage: Stage, story: Story) -> None:
    """Details that do not match say no more than that; the right ones make an administrator."""
    bo = stage.cast.bo
    registering = await begin(stage.frontend, bo, CustomerKind.COMPANY)
    story.kind, story.process_id = ProcessKind.REGISTRATION, registering.id
    (await registering.identify()).must(200)
    refused = [
        await registering.send_details(NEW_COMPANY, company_name="Helt Annat Ab"),
        await registering.send_details(NEW_COMPANY, customer_number="299999"),
    ]
    code = (422, "registration.details_do_not_match")
    story.check("what does not match is refused", all(each.refusal == code for each in refused))
    story.check("and never said which", refused[0].body == refused[1].body)
    reviewed = (await registering.send_details(NEW_COMPANY)).must(200)
    unconfirmed = await registering.call("POST", "/confirm", {"revision": reviewed["revision"]})
    not_confirmed = (409, "registration.email_not_confirmed")
    story.check("the e-mail address comes first", unconfirmed.refusal == not_confirmed)
    completed = await registering.complete(reviewed, stage.mailbox)
    story.check("the company's first user is administrator", completed["role"] == "administrator")
    session = await stage.frontend.log_in(bo)
    held = (await session.get("/customer-relations")).must(200)["items"]
    manages = [each["my_levels"]["users"] == "write" for each in held]
    story.check("of electricity and heating, with the right to manage users", manages == [True, True])
    await _conclude(
        stage,
        story,
        [
            Expected(Message.EMAIL_CONFIRMATION, bo),
            Expected(Message.REGISTRATION_COMPLETED, bo),
            Expected(Message.REGISTRATION_NOTICE, _CONTACT),
        ],
    )


async def disputed(stage: Stage, story: Story) -> None:
    """A later user only looks; the administrator is told, and says that it was not them."""
    bo, noa = stage.cast.bo, stage.cast.noa
    registering = await begin(stage.frontend, noa, CustomerKind.COMPANY)
    story.kind, story.process_id = ProcessKind.REGISTRATION, registering.id
    (await registering.identify()).must(200)
    reviewed = (await registering.send_details(NEW_COMPANY)).must(200)
    completed = await registering.complete(reviewed, stage.mailbox)
    story.check("a later user is viewer", completed["role"] == "viewer")
    session = await stage.frontend.log_in(noa)
    held = (await session.get("/customer-relations")).must(200)["items"]
    sees = {each["commodity"] for each in held}
    story.check("who sees both relations", sees == {"electricity", "district_heating"})

    mails = await stage.mailbox.wait_for(registering.id, [Message.REGISTRATION_NOTICE] * 2)
    links = [link for mail in mails if mail.to == bo.email for link in mail.links]
    token = {"token": next((link for link in links if "/disputes/open/" in link), "").rpartition("/")[2]}
    told = (await stage.frontend.post("/registration-dispute-lookups", token)).must(200)
    story.check("the administrator reads who it was", told["person_name"] == noa.full_name)
    (await stage.frontend.post("/registration-disputes", token)).must(200)
    after = (await session.get("/customer-relations")).must(200)["items"]
    story.check("the viewer sees nothing any more", not after)
    async with stage.database.reading() as reading:
        suspended = await authorizations.of_process(reading, UUID(registering.id))
        waiting = await service_requests.waiting(reading, limit=100)
    story.check(
        "both authorizations are suspended", [bool(each.suspended_at) for each in suspended] == [True] * 2
    )
    about = [each.kind for each in waiting if str(each.registration_id) == registering.id]
    story.check("customer service looks into it", about == [ServiceRequestKind.NOT_US])
    await _conclude(
        stage,
        story,
        [
            Expected(Message.EMAIL_CONFIRMATION, noa),
            Expected(Message.REGISTRATION_COMPLETED, noa),
            Expected(Message.REGISTRATION_NOTICE, _CONTACT),
            Expected(Message.REGISTRATION_NOTICE, bo),
            Expected(Message.REGISTRATION_SUSPENDED, noa),
        ],
    )


async def _conclude(stage: Stage, story: Story, expected: Sequence[Expected]) -> None:
    """Checks the e-mails, and fills in the timeline from the audit events."""
    story.mails = await stage.mailbox.wait_for(story.process_id, [each.message for each in expected])
    story.check_mails(expected)
    async with stage.database.reading() as reading:
        events = await audit.of_process(reading, UUID(story.process_id))
    told = [(each, *_STEPS[each.event]) for each in events if each.event in _STEPS]
    story.steps = [
        {"at": each.at.isoformat(), "event": each.event, "text": text, "by": by} for each, text, by in told
    ]


REGISTRATIONS: Mapping[str, Play] = {
    "e  A private customer registers": private_customer,
    "f  A company's first user registers": first_of_a_company,
    "g  A company's later user registers, and is disputed": disputed,
}
