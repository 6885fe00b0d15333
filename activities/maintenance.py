"""What schedules run: the outbox's remains, and erasing what need not be kept."""

from datetime import datetime, timedelta
from functools import partial

from temporalio import activity

from domain.processes import Drained, DrainOutbox, HousekeepingDone, KeepHouse
from domain.vocabulary import AccountLinkState, RegistrationState, RightsRequestState
from runtime.outbox import Outbox
from runtime.settings import Retention
from store import (
    account_links,
    drafts,
    identifications,
    invitations,
    limits,
    registrations,
    retention,
    rights_requests,
    sessions,
)
from store.audit import Event
from store.database import Database
from store.retention import Forget

_BATCH = 500
# For a process to end a registration or a request by itself, however far it is behind.
_PROCESSES_TIME = timedelta(days=1)
# The same for an account's link, which is told of for a day besides.
_LINKS_TIME = timedelta(days=2)


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
        while await self._erase_account_links(order.now):
            activity.heartbeat()
        while await self._end_rights_requests(order.now):
            activity.heartbeat()
        # First what is short-lived: some of it points to what goes after it.
        async with self._database.transaction() as session:
            await drafts.forget_expired(session, order.now)
            await identifications.forget_expired(session, order.now)
            await sessions.forget_before(session, order.now - self._retention.sessions)
            await account_links.forget_before(session, order.now - self._retention.account_links)
            await limits.forget_before(
                session, keys=order.now - self._retention.idempotency_keys, counters=order.now
            )
        contacts = partial(retention.contacts, now=order.now)
        await self._forget(contacts, order.now - self._retention.service_requests)
        for forget in retention.PROCESSES:
            await self._forget(forget, order.now - self._retention.processes)
        for forget in retention.HISTORY:
            await self._forget(forget, order.now - self._retention.history)
        return HousekeepingDone(purged_invitations=purged)

    async def _forget(self, forget: Forget, before: datetime) -> None:
        """In batches, until nothing is left that is older."""
        taken = _BATCH
        while taken == _BATCH:
            async with self._database.transaction() as session:
                taken = await forget(session, before, _BATCH)
            activity.heartbeat()

    async def _end_registrations(self, now: datetime) -> int:
        """Ends those that their processes forgot (Temporal restored from a backup, say)."""
        async with self._database.transaction() as session:
            forgotten = await registrations.overdue(session, now - _PROCESSES_TIME, _BATCH)
            for registration in forgotten:
                registrations.end(session, registration, RegistrationState.ABANDONED, at=now)
            return len(forgotten)

    async def _end_rights_requests(self, now: datetime) -> int:
        """The same for requests for more rights."""
        async with self._database.transaction() as session:
            forgotten = await rights_requests.overdue(session, now - _PROCESSES_TIME, _BATCH)
            for request in forgotten:
                rights_requests.end(session, request, RightsRequestState.EXPIRED, at=now)
            return len(forgotten)

    async def _erase_account_links(self, now: datetime) -> int:
        """Erases the addresses that their processes forgot."""
        async with self._database.transaction() as session:
            forgotten = await account_links.forgotten(session, now - _LINKS_TIME, _BATCH)
            for link in forgotten:
                if link.state is AccountLinkState.OPEN:
                    account_links.expire(session, link, now)
                account_links.erase(link)
            return len(forgotten)

    async def _purge_invitations(self, now: datetime) -> int:
        async with self._database.transaction() as session:
            due = await invitations.to_purge(
                session,
                refused_before=now - self._retention.refused_invitations,
                accepted_before=now - self._retention.accepted_invitations,
                limit=_BATCH,
            )
            for invitation in due:
                invitation.purge(now)
                invitations.record(session, invitation, Event.INVITATION_PURGED, at=now)
            return len(due)
