"""Removed, given up and changed authorizations among a relation's processes (spec 3.4, 3.5)."""

from datetime import timedelta

import httpx2

from domain.vocabulary import AuthorizationChangeState, Language, Role
from runtime.texts import translate
from starter.services import removals
from store.authorization_changes import AuthorizationChange
from store.database import Database
from store.users import User
from tests import factories
from tests.changing import Scene, make_scene
from tests.clock import SettableClock
from tests.frontend import Frontend
from tests.web.inviting import links
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH


async def as_user(frontend: Frontend, user: User) -> httpx2.AsyncClient:
    return await log_in(frontend.client(), user)


async def removed(frontend: Frontend, scene: Scene, actor: User) -> AuthorizationChange:
    return await removals.remove(frontend.services, actor, [await scene.one_of(scene.user)])


async def test_a_removal_as_each_reader_sees_it(sqlite_database: Database, clock: SettableClock) -> None:
    scene = await make_scene(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        change = await removed(frontend, scene, scene.manager)
        path, listed = f"/processes/{change.id}", f"/relations/{scene.relation.id}/processes"
        manager, other, user = [
            await as_user(frontend, each) for each in (scene.manager, scene.other, scene.user)
        ]
        assert links(await manager.get(listed), "/processes/.*") == [path]
        assert "Maria Provinen" in page(await manager.get(listed)).text
        shown = await manager.get(path)
        assert translate(SV, "The authorization was removed.") in page(shown).text
        assert f"· {translate(SV, 'You')}" in page(shown).text
        assert listed in page(shown).addresses
        # Others read the name of who did it; whose it was has no relation to go back to.
        for browser, back in ((other, listed), (user, "/maintenance")):
            shown = await browser.get(path)
            assert "· Åsa Mallman" in page(shown).text
            assert back in page(shown).addresses
        assert links(await user.get(path), "/relations/.*") == []
        stranger = await as_user(frontend, await factories.make_user(sqlite_database))
        assert (await stranger.get(path)).status_code == 404


async def test_it_keeps_itself_up_to_date_until_everybody_is_told(
    sqlite_database: Database, clock: SettableClock
) -> None:
    scene = await make_scene(sqlite_database, role=Role.ADMINISTRATOR)
    await factories.make_invitation(
        sqlite_database, inviter=scene.user, relation=scene.relation, email="bo@example.com", now=clock()
    )
    async with visiting(sqlite_database, clock) as frontend:
        change = await removed(frontend, scene, scene.user)
        browser = await as_user(frontend, scene.other)
        path = f"/processes/{change.id}"
        shown = await browser.get(path)
        assert "hx-get" in shown.text
        for text in (
            "The authorization was given up.",
            "Open invitations that rested on it are no longer valid.",
            "Everybody concerned is being told by e-mail",
        ):
            assert translate(SV, text) in page(shown).text
        assert "· Maria Provinen" in page(shown).text
        clock.advance(timedelta(minutes=1))
        async with sqlite_database.transaction() as session:
            row = await session.get_one(AuthorizationChange, change.id)
            row.state, row.ended_at, row.actor_id = AuthorizationChangeState.TOLD, clock(), None
        told = await browser.get(path)
        assert "hx-get" not in told.text
        assert translate(SV, "Everybody concerned was told by e-mail.") in page(told).text
        assert f"· {translate(SV, 'Customer service')}" in page(told).text
