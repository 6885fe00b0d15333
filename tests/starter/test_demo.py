"""The demo's own rules; its five stories are run by `make demo`."""

from pathlib import Path

import pytest
from rich.console import Console

from domain.vocabulary import Message
from starter.demo import Demo
from starter.demo.frontend import BrokenOff, Reply
from starter.demo.mailbox import Expected, Mail
from starter.demo.people import Cast
from starter.demo.stage import demo_settings, emptied
from starter.demo.story import Story
from starter.running import HostError
from starter.stack import alone_in
from tests.factories import LONG_AGO


def test_only_what_the_demo_made_is_emptied(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "diary.txt").write_text("dear")

    with pytest.raises(HostError, match="nothing was removed"):
        emptied(mine)

    assert (mine / "diary.txt").read_text() == "dear"


def test_what_the_demo_made_is_emptied_unless_another_demo_uses_it(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    emptied(directory)
    (directory / "temporal.db").touch()

    with alone_in(directory), pytest.raises(HostError, match="Another stack"):
        emptied(directory)
    assert (directory / "temporal.db").exists()

    emptied(directory)
    assert not (directory / "temporal.db").exists()


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FULLMAKT_WAITS__ACCEPTANCE", "PT1S")
    monkeypatch.setenv("FULLMAKT_DATABASE_URL", "postgresql://production")

    settings = demo_settings(tmp_path)

    assert settings.waits.acceptance.days == 7
    assert settings.database_url.startswith("sqlite")


def test_passwords_are_of_this_run_alone_and_not_shown_by_chance() -> None:
    one, other = Cast(), Cast()

    assert one.emma.password != other.emma.password
    assert one.emma.password not in repr(one)


def test_an_email_counts_for_the_right_reader_in_her_language() -> None:
    emma = Cast().emma
    mail = Mail(Message.INVITATION, emma.email, "en", "Invitation", LONG_AGO, [])

    assert Expected(Message.INVITATION, emma).is_met_by(mail)
    assert not Expected(Message.INVITATION_REMINDER, emma).is_met_by(mail)
    assert not Expected(Message.INVITATION, Cast().aino).is_met_by(mail)


def test_an_unexpected_answer_breaks_a_story_off_with_its_code() -> None:
    reply = Reply("POST /v1/sessions", 401, {"code": "session.bad_credentials"}, {})

    with pytest.raises(BrokenOff, match=r"POST /v1/sessions answered 401 session\.bad_credentials"):
        reply.must(201)


async def test_one_wrong_expectation_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def play(demo: Demo, _: object) -> None:
        story = Story("x  A story")
        story.check("the earth is round", True)
        story.check("it is the centre of all", False)
        demo._stories.append(story)

    monkeypatch.setattr(Demo, "_play", play)
    monkeypatch.setattr("starter.demo.run.log_to_file", lambda _: None)
    demo = Demo(tmp_path / "demo", Console(), stays_up=True)

    await demo.run()

    assert not demo.passed
    assert "1 of 2 expectations do not hold:\n  x: it is the centre of all" in capsys.readouterr().out
