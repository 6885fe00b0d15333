"""Processes that began with earlier code go on with this one (F21, F22; docs/adr/0007)."""

import base64
import json
from enum import StrEnum
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from domain.vocabulary import (
    AccountLinkState,
    AuthorizationChangeState,
    ContractLinkState,
    ErasureState,
    InvitationState,
    ProcessKind,
    RegistrationState,
    RightsRequestState,
)
from runtime.failures import DATA_CONVERTER
from tests.replay.record import HISTORIES, NAMES
from tests.replay.variants import Patched, PatchedRegistration, Reordered, ReorderedRegistration
from worker.bootstrap import WORKFLOWS

FILES = sorted(HISTORIES.glob("*.json"))
OTHERS = tuple(f"{kind}_" for kind in ProcessKind if kind is not ProcessKind.INVITATION)
# Each change of a process, with the histories of that process.
INVITATIONS = [file for file in FILES if not file.stem.startswith(OTHERS)]
REGISTRATIONS = [file for file in FILES if file.stem.startswith(ProcessKind.REGISTRATION)]
ENDS: set[StrEnum] = {
    *(state for state in InvitationState if not state.is_open),
    *(state for state in RegistrationState if not state.is_open),
    *(state for state in ContractLinkState if state is not ContractLinkState.LINKING),
    AuthorizationChangeState.TOLD,
    *(state for state in AccountLinkState if state is not AccountLinkState.OPEN),
    *(state for state in RightsRequestState if state is not RightsRequestState.OPEN),
    ErasureState.CANCELLED,
    ErasureState.DONE,
}


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(file.stem, file.read_text())


def replayer(*workflows: type) -> Replayer:
    return Replayer(workflows=workflows, data_converter=DATA_CONVERTER)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_every_history_replays(file: Path) -> None:
    await replayer(*WORKFLOWS).replay_workflow(history(file))


def test_every_ending_has_a_history() -> None:
    assert {file.stem for file in FILES} >= set(NAMES)
    text = "".join(file.read_text() for file in FILES)
    assert all(_result_of(state) in text for state in ENDS)


def _result_of(state: StrEnum) -> str:
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


def changed(of_invitations: type, of_registrations: type) -> pytest.MarkDecorator:
    """Every history, with the changed process that it is of."""
    cases = [(of_invitations, file) for file in INVITATIONS]
    cases += [(of_registrations, file) for file in REGISTRATIONS]
    return pytest.mark.parametrize(("process", "file"), cases, ids=[file.stem for _, file in cases])


@changed(Reordered, ReorderedRegistration)
async def test_a_reordered_process_fails(process: type, file: Path) -> None:
    with pytest.raises(Exception, match=r"TMPRL1100|[Nn]ondeterminism"):
        await replayer(process).replay_workflow(history(file))


@changed(Patched, PatchedRegistration)
async def test_a_step_behind_patched_leaves_running_processes_alone(process: type, file: Path) -> None:
    await replayer(process).replay_workflow(history(file))
