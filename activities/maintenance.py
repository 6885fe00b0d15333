"""What schedules run: the outbox's remains, and erasing what need not be kept."""

from datetime import datetime, timedelta

from temporalio import activity

from domain.processes import Drained, DrainOutbox, HousekeepingDone, KeepHouse
from domain.vocabulary import RegistrationState
from runtime.outbox import Outbox
from runtime.settings import Retention
from store import drafts, identifications, invitations, limits, registrations, sessions
from store.audit import Event
from store.database import Database

_BATCH = 500
# For a process to end a registration by itself, however far it is behind.
_PROCESSES_TIME = timedelta(days=1)


class Maintenance:
    """Needs no person and no process; every run is complete in itself."""

    def __init__(self, *, database: Database, outbox: Outbox, retention: Retention) -> None:
        self._database = database
        self._outbox = outbox
        self._retention = retention

    @activity.defn(name="DrainOutbox")
    async def drain_outbox(self, order: DrainOutbox) -> Drained:
        """Delivers to Temporal what has been left in the outbox."""
        drained = await self._outbox.drain(timedelta(seconds=order.older_than_seconds))
        activity.metric_meter().create_gauge(
            "fullmakt_outbox_depth", "Acts owed to Temporal; more than a few for minutes is an alert"
        ).set(drained.left)
        return drained

    @activity.defn(name="KeepHouse")
    async def keep_house(self, order: KeepHouse) -> HousekeepingDone:
        """Erases refused invitees' data, expired drafts and identifications, old sessions, counters, keys."""
        purged = 0
        while batch := await self._purge_invitations(order.now):
            purged += batch
        while await self._end_registrations(order.now):
            activity.heartbeat()
        async with self._database.transaction() as session:
            await drafts.forget_expired(session, order.now)
            await identifications.forget_expired(session, order.now)
            await sessions.forget_before(session, order.now - self._retention.sessions)
            await limits.forget_before(
                session, keys=order.now - self._retention.idempotency_keys, counters=order.now
            )
        return HousekeepingDone(purged_invitations=purged)

    async def _end_registrations(self, now: datetime) -> int:
        """Ends those that their processes forgot (Temporal restored from a backup, say)."""
        async with self._database.transaction() as session:
            forgotten = await registrations.overdue(session, now - _PROCESSES_TIME, _BATCH)
            for registration in forgotten:
                registrations.end(session, registration, RegistrationState.ABANDONED, at=now)
            return len(forgotten)

    async def _purge_invitations(self, now: datetime) -> int:
        async with self._database.transaction() as session:
            due = await invitations.to_purge(session, now - self._retention.refused_invitations, _BATCH)
            for invitation in due:
                invitation.purge(now)
                invitations.record(session, invitation, Event.INVITATION_PURGED, at=now)
            return len(due)
