"""The invitation process (spec 3.1): somebody is invited, and has 7 days to answer.

Changing what running processes do needs `workflow.patched()` and a history in `tests/replay/histories`.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.invitation_messages import InvitationMessages
    from activities.invitations import InvitationActivities
    from domain.codes import Code, Refused
    from domain.invitations import (
        Act,
        BeginRegistration,
        Decision,
        DecisionOutcome,
        DeliverInvitation,
        EndInvitation,
        ExtendDeadline,
        GrantAuthorization,
        InvitationProgress,
        InvitationResult,
        InvitationStart,
        LookAtInvitation,
        RegistrationBegun,
        RemindInvitee,
        RightLost,
        RowEnded,
        TellOfEnd,
    )
    from domain.processes import WORKFLOW_TYPE
    from domain.vocabulary import DeliveryState, InvitationState, ProcessKind

from workflows import operators, policies
from workflows.deadline import Deadline
from workflows.steps import patiently, quickly

_ENDS = {Act.DECLINE: InvitationState.DECLINED, Act.CANCEL: InvitationState.CANCELLED}
# How far the search attribute may be from the truth before it is worth a change of its own.
_NOTABLE = timedelta(minutes=1)


@workflow.defn(name=WORKFLOW_TYPE[ProcessKind.INVITATION])
class InvitationProcess:
    """Sends, reminds, waits for an answer, ends, and tells everybody concerned."""

    @workflow.init
    def __init__(self, start: InvitationStart) -> None:
        self._id = start.invitation_id
        self._waits = start.waits
        self._state = InvitationState.PENDING
        self._delivery = DeliveryState.QUEUED
        # Until when an answer is taken; a registration moves it, the plain deadline stays.
        self._deadline = Deadline("Deadline", start.deadline)
        self._plain_deadline = start.deadline
        self._reminder = Deadline("Reminder", start.deadline)
        self._reminded = False
        self._decided_by: UUID | None = None
        # Held by whoever ends the invitation; the first to take it wins.
        self._deciding = asyncio.Lock()

    @workflow.run
    async def run(self, start: InvitationStart) -> InvitationResult:
        """From the confirmed invitation to its end."""
        await self._send()
        if await self._reminder.passes_before(self._has_ended):
            await self._remind()
        if await self._deadline.passes_before(self._has_ended):
            await self._end(InvitationState.EXPIRED)
        await self._tell_everybody()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return InvitationResult(state=self._state)

    # What people do

    @workflow.update
    async def decide(self, decision: Decision) -> DecisionOutcome:
        """Accepts, declines or cancels. Decisions at the same time are taken one after the other."""
        async with self._deciding:
            if self._has_ended():
                return self._outcome()
            if decision.act is Act.ACCEPT:
                return await self._grant(decision.actor_id)
            return await self._record_end(_ENDS[decision.act], decision.actor_id)

    @decide.validator
    def _may_decide(self, decision: Decision) -> None:
        _refuse_unless(isinstance(decision, Decision))
        self._refuse_when_over()

    @workflow.update
    async def begin_registration(self, begin: BeginRegistration) -> RegistrationBegun:
        """The invitee registers: who began in time has an hour to finish."""
        if workflow.now() < self._plain_deadline:
            self._deadline.at = max(self._deadline.at, workflow.now() + self._waits.registration)
        deadline, began = self._deadline.at, self._state is InvitationState.PENDING
        self._state = InvitationState.REGISTERING
        extension = ExtendDeadline(invitation_id=self._id, deadline=deadline, now=workflow.now())
        await quickly(InvitationActivities.extend_deadline, extension, policies.RECORD)
        if began and not self._has_ended():
            operators.show_state(self._state)
        return RegistrationBegun(deadline=deadline)

    @begin_registration.validator
    def _may_register(self, begin: BeginRegistration) -> None:
        _refuse_unless(isinstance(begin, BeginRegistration))
        self._refuse_when_over()

    @workflow.signal
    async def right_lost(self, news: RightLost) -> None:
        """The inviter may no longer manage the relation's users: the invitation falls."""
        if isinstance(news, RightLost):
            await self._end(InvitationState.VOID)

    @workflow.signal
    async def row_ended(self, _: RowEnded) -> None:
        """The row shows an end. Temporal forgets an update whose worker died; its transaction stays."""
        async with self._deciding:
            if not self._has_ended():
                look = LookAtInvitation(invitation_id=self._id)
                self._settle(await quickly(InvitationActivities.look, look, policies.RECORD))

    @workflow.query
    def progress(self) -> InvitationProgress:
        """Where it stands, for operators and tests."""
        return InvitationProgress(
            state=self._state,
            delivery=self._delivery,
            deadline=self._deadline.at,
            reminded=self._reminded,
        )

    # The steps

    async def _send(self) -> None:
        operators.say("Sending the invitation.")
        sending = asyncio.create_task(self._deliver())
        await workflow.wait_condition(lambda: sending.done() or self._has_ended())
        if not sending.done():
            sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    async def _deliver(self) -> None:
        order = DeliverInvitation(
            invitation_id=self._id, now=workflow.now(), acceptance=self._waits.acceptance
        )
        try:
            delivered = await quickly(InvitationMessages.deliver, order, policies.mail(self._waits.delivery))
        except FailureError as error:
            if is_cancelled_exception(error):
                return
            self._delivery = DeliveryState.FAILED
            await self._end(InvitationState.UNDELIVERABLE)
            return
        self._delivery = delivered.state
        if delivered.state is DeliveryState.FAILED:
            await self._end(InvitationState.UNDELIVERABLE)
            return
        self._plain_deadline = delivered.deadline
        self._reminder.at = delivered.at + self._waits.reminder_after
        late = delivered.at - order.now > _NOTABLE
        self._deadline.at = delivered.deadline
        if late and not self._has_ended():
            operators.show_deadline(delivered.deadline)
        operators.say(
            f"Waits for the invitee's answer until {operators.moment(self._deadline.at)};"
            f" reminds at {operators.moment(self._reminder.at)}."
        )

    async def _remind(self) -> None:
        reminder = RemindInvitee(invitation_id=self._id, now=workflow.now())
        self._reminded = True
        try:
            await quickly(InvitationMessages.remind, reminder, policies.mail(self._waits.delivery))
        except ActivityError:
            # The invitation itself arrived; a lost reminder ends nothing.
            workflow.logger.warning("invitation.reminder_not_sent")
        operators.say(f"Reminded; waits for the answer until {operators.moment(self._deadline.at)}.")

    async def _grant(self, user_id: UUID) -> DecisionOutcome:
        grant = GrantAuthorization(invitation_id=self._id, user_id=user_id, now=workflow.now())
        outcome = await quickly(InvitationActivities.grant, grant, policies.RECORD)
        return self._settle(outcome)

    async def _end(self, state: InvitationState) -> None:
        async with self._deciding:
            if not self._has_ended():
                await self._record_end(state, None)

    async def _record_end(self, state: InvitationState, actor_id: UUID | None) -> DecisionOutcome:
        end = EndInvitation(invitation_id=self._id, state=state, actor_id=actor_id, now=workflow.now())
        outcome = await quickly(InvitationActivities.end, end, policies.RECORD)
        return self._settle(outcome)

    def _settle(self, outcome: DecisionOutcome) -> DecisionOutcome:
        """Takes over what the database says; it may know of an end that nobody told this process."""
        if not outcome.state.is_open:
            self._state, self._decided_by = outcome.state, outcome.decided_by
            operators.show_state(self._state)
            operators.say(f"Ended: {outcome.state}; telling everybody concerned.")
        return outcome

    async def _tell_everybody(self) -> None:
        news = TellOfEnd(invitation_id=self._id, state=self._state, now=workflow.now())
        # Behind somebody's decision nothing local: his answer must not wait for a mail server.
        call = patiently if self._decided_by else quickly
        try:
            await call(InvitationMessages.tell_of_end, news, policies.mail(self._waits.delivery))
        except ActivityError:
            workflow.logger.warning("invitation.end_not_told")
        operators.say(f"Ended: {self._state}.")

    # Small things

    def _has_ended(self) -> bool:
        return not self._state.is_open

    def _refuse_when_over(self) -> None:
        if self._has_ended():
            raise Refused(Code.INVITATION_ENDED)
        if self._deadline.passed:
            raise Refused(Code.INVITATION_EXPIRED)

    def _outcome(self) -> DecisionOutcome:
        return DecisionOutcome(state=self._state, decided_by=self._decided_by)


def _refuse_unless(typed: bool) -> None:
    """JSON's null and raw bytes pass for any type; in a handler they would fail the task again and again."""
    if not typed:
        raise Refused(Code.REQUEST_INVALID)
