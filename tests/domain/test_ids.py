"""How things are named: the same thing the same way, and no free text in a name (attack A42)."""

import re
from uuid import UUID

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.ids import message_id, update_id, workflow_id
from domain.vocabulary import Message, ProcessKind

ANNA = UUID("6a2f41a3-c54c-4ce8-b30b-9a5c5c1f4a11")
_UPDATE = re.compile(r"accept-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_names_do_not_change() -> None:
    """They are in histories and in mailboxes; another name would be a second update, a second e-mail."""
    assert workflow_id(ProcessKind.INVITATION, ANNA) == f"invitation-{ANNA}"
    assert update_id("accept", ANNA, "k1") == "accept-cd7dd716-0eea-5f68-99e2-24c3aef1dc7a"
    assert message_id(ANNA, Message.INVITATION, 1) == UUID("42b0eeaa-b040-5036-a84c-8f4cc8559aa6")


@settings(deadline=None)
@given(st.text())
def test_an_update_id_holds_nothing_of_the_key(key: str) -> None:
    assert _UPDATE.fullmatch(update_id("accept", ANNA, key.replace("\ud800", "")))


@settings(deadline=None)
@given(st.uuids(), st.uuids(), st.text(max_size=5), st.text(max_size=5))
def test_another_actor_act_or_key_is_another_update(
    actor: UUID, other: UUID, key: str, other_key: str
) -> None:
    assume(actor != other and key != other_key)
    names = {
        update_id("accept", actor, key),
        update_id("accept", other, key),
        update_id("accept", actor, other_key),
        update_id("decline", actor, key),
    }
    assert len(names) == 4
    assert update_id("accept", UUID(str(actor)), key) in names


@settings(deadline=None)
@given(st.uuids(), st.uuids())
def test_each_e_mail_has_its_own_message_id(process: UUID, other: UUID) -> None:
    assume(process != other)
    names = {
        message_id(each, kind, number) for each in (process, other) for kind in Message for number in (1, 2)
    }
    assert len(names) == 2 * len(Message) * 2
