"""The activities behind a removal or a change of levels: however often they run, once (spec 3.4)."""

from datetime import timedelta
from email import message_from_bytes
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.authorization_changes import AuthorizationChangeActivities
from activities.notifications import Notifier, Sender
from domain.authorization_changes import (
    AuthorizationChangeWaits,
    CloseAuthorizationChange,
    TellOfAuthorizationChange,
)
from domain.codes import Code, Refused
from domain.vocabulary import AuthorizationChangeState, Message
from emails.brand import brand
from store import authorization_acts, customers
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.database import Database
from tests import factories
from tests.activities.running import NOW, attempt, everything, times_of
from tests.changing import Scene, make_scene, received
from tests.harness import make_settings
from tests.smtp_server import ACCEPT, Reply, ScriptedSmtpServer
from worker.bootstrap import smtp_mailer

SECOND = timedelta(seconds=1)
REMOVED, REMOVED_NOTICE = Message.AUTHORIZATION_REMOVED, Message.AUTHORIZATION_REMOVED_NOTICE


def activities_of(database: Database, smtp: ScriptedSmtpServer) -> AuthorizationChangeActivities:
    settings = make_settings(database, smtp)
    notifier = Notifier(
        database=database,
        mailer=smtp_mailer(settings.smtp, settings.mail_domain),
        brand=brand(settings),
        sender=Sender(address=settings.smtp.sender, domain=settings.mail_domain),
    )
    return AuthorizationChangeActivities(database=database, notifier=notifier, origin=settings.origin_url)


async def remove_a_manager(scene: Scene) -> AuthorizationChange:
    """By customer service; the manager who is left must know."""
    async with scene.database.transaction() as session:
        relation = await customers.relation_alone(session, scene.relation.id)
        assert relation is not None
        held = await session.get_one(Authorization, await scene.one_of(scene.manager))
        return await authorization_acts.end(
            session, relation, [held], actor=None, waits=AuthorizationChangeWaits(), now=NOW
        )


async def test_told_twice_is_told_once(database: Database, smtp: ScriptedSmtpServer) -> None:
    scene = await make_scene(database)
    change = await remove_a_manager(scene)
    tell = activities_of(database, smtp).tell
    news = TellOfAuthorizationChange(change_id=change.id, now=NOW)
    await attempt(tell, news)
    before = await everything(database)
    await attempt(tell, news, after=SECOND)

    assert await everything(database) == before
    assert received(smtp, change.id, scene.manager.email) == [REMOVED]
    assert received(smtp, change.id, scene.other.email) == [REMOVED_NOTICE]
    assert len(smtp.messages) == 2


async def test_who_is_not_taken_holds_up_nobody_and_is_told_later(
    database: Database, smtp: ScriptedSmtpServer
) -> None:
    scene = await make_scene(database)
    change = await remove_a_manager(scene)
    smtp.behave(scene.manager.email, Reply(451))
    tell = activities_of(database, smtp).tell
    news = TellOfAuthorizationChange(change_id=change.id, now=NOW)
    with pytest.raises(ApplicationError, match="mail"):
        await attempt(tell, news)
    assert received(smtp, change.id, scene.other.email) == [REMOVED_NOTICE]

    smtp.behave(scene.manager.email, ACCEPT)
    await attempt(tell, news, after=SECOND)
    assert received(smtp, change.id, scene.manager.email) == [REMOVED]
    assert received(smtp, change.id, scene.other.email) == [REMOVED_NOTICE]


async def test_closed_twice_is_closed_once(database: Database, smtp: ScriptedSmtpServer) -> None:
    scene = await make_scene(database)
    change = await remove_a_manager(scene)
    close = activities_of(database, smtp).close
    await attempt(close, CloseAuthorizationChange(change_id=change.id, now=NOW + SECOND))
    await attempt(close, CloseAuthorizationChange(change_id=change.id, now=NOW + 2 * SECOND))

    [kept] = await scene.changes()
    assert (kept.state, kept.ended_at) == (AuthorizationChangeState.TOLD, NOW + SECOND)
    assert await times_of(database, "authorization.change_told") == [NOW + SECOND]


async def test_what_does_not_exist_is_refused(database: Database, smtp: ScriptedSmtpServer) -> None:
    does, nothing = activities_of(database, smtp), uuid4()
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await attempt(does.tell, TellOfAuthorizationChange(change_id=nothing, now=NOW))
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await attempt(does.close, CloseAuthorizationChange(change_id=nothing, now=NOW))


async def test_several_managers_are_told_each(database: Database, smtp: ScriptedSmtpServer) -> None:
    scene = await make_scene(database)
    managers = [scene.other, *[await factories.make_manager(database, scene.relation) for _ in range(2)]]
    change = await remove_a_manager(scene)
    news = TellOfAuthorizationChange(change_id=change.id, now=NOW)
    await attempt(activities_of(database, smtp).tell, news)
    for manager in managers:
        assert received(smtp, change.id, manager.email) == [REMOVED_NOTICE]
    assert len({message_from_bytes(each.raw)["Message-ID"] for each in smtp.messages}) == 4
