"""Processes that began with earlier code go on with this one (F21, F22; docs/adr/0007)."""

import base64
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from domain.vocabulary import InvitationState
from runtime.failures import DATA_CONVERTER
from tests.replay.record import HISTORIES
from tests.replay.scenarios import SCENARIOS
from tests.replay.variants import Patched, Reordered
from worker.bootstrap import WORKFLOWS

FILES = sorted(HISTORIES.glob("*.json"))


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"invitation-{file.stem}", file.read_text())


def replayer(*workflows: type) -> Replayer:
    return Replayer(workflows=workflows, data_converter=DATA_CONVERTER)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_every_history_replays(file: Path) -> None:
    await replayer(*WORKFLOWS).replay_workflow(history(file))


def test_every_ending_has_a_history() -> None:
    assert {file.stem for file in FILES} >= set(SCENARIOS)
    ends = {state for state in InvitationState if not state.is_open}
    text = "".join(file.read_text() for file in FILES)
    assert all(_result_of(state) in text for state in ends)


def _result_of(state: InvitationState) -> str:
    """How the result of a process that ended so stands in a history: JSON, base64."""
    return base64.b64encode(json.dumps({"state": state}, separators=(",", ":")).encode()).decode()


def test_histories_name_no_machine() -> None:
    for file in FILES:
        identities = {
            value
            for event in json.loads(file.read_text())["events"]
            for attributes in event.values()
            if isinstance(attributes, dict) and (value := attributes.get("identity"))
        }
        assert identities <= {"recorder"}, file.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_reordered_process_fails(file: Path) -> None:
    with pytest.raises(Exception, match=r"TMPRL1100|[Nn]ondeterminism"):
        await replayer(Reordered).replay_workflow(history(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_step_behind_patched_leaves_running_processes_alone(file: Path) -> None:
    await replayer(Patched).replay_workflow(history(file))
