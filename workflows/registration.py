"""The registration process (spec 3.2): somebody identifies, says who he is, is checked, and confirms.

What people do between is in the row first, with a signal owed to this process; so nothing that was typed is
lost while Temporal or the customer registry is down. Confirming is a decision, and so an update.

Changing what running processes do needs `workflow.patched()` and a history in `tests/replay/histories`.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.registration_checks import RegistrationChecks
    from activities.registration_messages import RegistrationMessages
    from activities.registrations import RegistrationActivities
    from domain.codes import Code, Refused
    from domain.processes import WORKFLOW_TYPE
    from domain.registrations import (
        AbandonRegistration,
        CheckDetails,
        CompleteRegistration,
        Confirm,
        ConfirmOutcome,
        LookAtRegistration,
        RegistrationProgress,
        RegistrationResult,
        RegistrationStands,
        RegistrationStart,
        RowChanged,
        SendConfirmation,
        TellOfDispute,
        TellOfRegistration,
    )
    from domain.vocabulary import ProcessKind, RegistrationState

from workflows import operators, policies
from workflows.deadline import Deadline
from workflows.steps import patiently, quickly

_WAITS_FOR = {
    RegistrationState.IDENTIFYING: "the person to identify strongly",
    RegistrationState.DETAILS: "the person's details",
    RegistrationState.CHECKING: "the customer registry",
    RegistrationState.REVIEW: "the person to confirm e-mail and details",
}


@workflow.defn(name=WORKFLOW_TYPE[ProcessKind.REGISTRATION])
class RegistrationProcess:
    """Waits for each step, does what follows from it, erases what is abandoned, tells who must know."""

    @workflow.init
    def __init__(self, start: RegistrationStart) -> None:
        self._id = start.registration_id
        self._waits = start.waits
        self._state = RegistrationState.IDENTIFYING
        self._deadline = Deadline("Deadline", start.deadline)
        self._news = False
        self._checked_revision = 0
        self._sent_generation = 0
        self._can_be_disputed = self._disputed = False
        # Held by whoever ends the registration; the first to take it wins.
        self._deciding = asyncio.Lock()

    @workflow.run
    async def run(self, start: RegistrationStart) -> RegistrationResult:
        """From the choice of customer kind to its end, and to the end of the customer's time to object."""
        while self._state.is_open:
            self._say_what_for()
            if await self._deadline.passes_before(self._moved_on):
                await self._abandon()
            elif self._news:
                await self._go_on()
        if self._state is RegistrationState.COMPLETED:
            await self._tell_of_completion()
            await self._wait_for_dispute()
        operators.say(f"Ended: {self._state}.")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return RegistrationResult(state=self._state)

    # What people do

    @workflow.signal
    def row_changed(self, news: RowChanged) -> None:
        """Somebody identified, sent details, asked for another e-mail, or objected: the row says which."""
        if isinstance(news, RowChanged):
            self._news = True

    @workflow.update
    async def confirm(self, confirm: Confirm) -> ConfirmOutcome:
        """Completes the registration with the details that were reviewed."""
        async with self._deciding:
            if not self._state.is_open:
                return ConfirmOutcome(state=self._state)
            order = CompleteRegistration(
                registration_id=self._id, revision=confirm.revision, now=workflow.now()
            )
            outcome = await quickly(RegistrationActivities.complete, order, policies.RECORD)
            if not outcome.state.is_open:
                await self._look()
            return outcome

    @confirm.validator
    def _may_confirm(self, confirm: Confirm) -> None:
        # JSON's null and raw bytes pass for any type; in a handler they would fail the task again and again.
        if not isinstance(confirm, Confirm):
            raise Refused(Code.REQUEST_INVALID)
        if not self._state.is_open:
            raise Refused(Code.REGISTRATION_NOT_READY)
        if self._deadline.passed:
            raise Refused(Code.REGISTRATION_ABANDONED)

    @workflow.query
    def progress(self) -> RegistrationProgress:
        """Where it stands, for operators and tests."""
        return RegistrationProgress(state=self._state, deadline=self._deadline.at)

    # The steps

    async def _go_on(self) -> None:
        """Does what follows from what somebody did."""
        stands = await self._look()
        if not stands.state.is_open or self._deadline.passed:
            return
        self._say_what_for()
        if stands.state is RegistrationState.CHECKING and stands.revision > self._checked_revision:
            await self._unless_news(self._check(stands.revision))
        if self._state is RegistrationState.REVIEW and stands.email_generation > self._sent_generation:
            await self._unless_news(self._send_confirmation(stands.email_generation))

    async def _check(self, revision: int) -> None:
        """Asks the registry for as long as the registration lives."""
        check = CheckDetails(registration_id=self._id, revision=revision, now=workflow.now())
        effort = policies.registry(self._deadline.at - workflow.now())
        try:
            self._take(await quickly(RegistrationChecks.check, check, effort))
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            # The registry never answered: its time is up, and the story goes on with that.
            workflow.logger.warning("registration.not_checked")
        self._checked_revision = revision

    async def _send_confirmation(self, generation: int) -> None:
        order = SendConfirmation(registration_id=self._id, generation=generation, now=workflow.now())
        try:
            await quickly(RegistrationMessages.send_confirmation, order, policies.mail(self._waits.delivery))
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("registration.confirmation_not_sent")
        self._sent_generation = generation

    async def _unless_news(self, step: Coroutine[Any, Any, None]) -> None:
        """Takes a step, or leaves it when something happens: who corrects details or address need not wait
        for what became of the wrong ones. What is left is not done; it is begun again if it still is wanted.
        """
        taking = asyncio.create_task(step)
        await workflow.wait_condition(lambda: taking.done() or self._moved_on())
        if not taking.done():
            taking.cancel()
        # Steps raise what tells that they were left, nothing else.
        with suppress(asyncio.CancelledError, FailureError):
            await taking

    async def _abandon(self) -> None:
        async with self._deciding:
            if self._state.is_open:
                order = AbandonRegistration(registration_id=self._id, now=workflow.now())
                self._take(await quickly(RegistrationActivities.abandon, order, policies.RECORD))

    async def _tell_of_completion(self) -> None:
        news = TellOfRegistration(registration_id=self._id, dispute=self._waits.dispute, now=workflow.now())
        try:
            await patiently(
                RegistrationMessages.tell_of_completion, news, policies.mail(self._waits.delivery)
            )
        except ActivityError:
            workflow.logger.warning("registration.not_told")
            await quickly(RegistrationMessages.note_untold, news, policies.RECORD)

    async def _wait_for_dispute(self) -> None:
        """The customer may object for a while: the API suspends the right at once, this only tells of it."""
        if not self._can_be_disputed:
            return
        until = Deadline("Dispute", workflow.now() + self._waits.dispute)
        operators.say(f"Completed; the customer may object until {operators.moment(until.at)}.")
        # Who objected before everybody was told gave no news of it: telling makes owed signals needless.
        await self._look()
        while not self._disputed:
            over = await until.passes_before(lambda: self._news)
            await self._look()
            if over and not self._disputed:
                return
        news = TellOfDispute(registration_id=self._id, now=workflow.now())
        try:
            await patiently(RegistrationMessages.tell_of_dispute, news, policies.mail(self._waits.delivery))
        except ActivityError:
            # The right is suspended all the same.
            workflow.logger.warning("registration.not_told")

    # Small things

    def _moved_on(self) -> bool:
        return self._news or not self._state.is_open

    async def _look(self) -> RegistrationStands:
        self._news = False
        look = LookAtRegistration(registration_id=self._id)
        return self._take(await quickly(RegistrationActivities.look, look, policies.RECORD))

    def _take(self, stands: RegistrationStands) -> RegistrationStands:
        """Takes over what the database says."""
        if stands.deadline != self._deadline.at:
            self._deadline.at = stands.deadline
            operators.show_deadline(stands.deadline)
        self._can_be_disputed, self._disputed = stands.can_be_disputed, stands.disputed
        if stands.state is not self._state:
            self._state = stands.state
            operators.show_state(self._state)
        return stands

    def _say_what_for(self) -> None:
        operators.say(f"Waits for {_WAITS_FOR[self._state]} until {operators.moment(self._deadline.at)}.")
