"""Builds what processes need, and the worker that runs them. Tests pass other parts, never other code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig

from activities.account_letters import AccountLetters
from activities.account_links import AccountLinkActivities
from activities.account_messages import AccountMessages
from activities.authorization_changes import AuthorizationChangeActivities
from activities.clients.smtp import Mailer, SmtpMailer, SmtpSecurity, SmtpSettings
from activities.contract_links import ContractLinkActivities
from activities.erasures import ErasureActivities
from activities.invitation_letters import InvitationLetters
from activities.invitation_messages import InvitationMessages
from activities.invitations import InvitationActivities
from activities.maintenance import Maintenance
from activities.notifications import Notifier, Sender
from activities.registration_checks import RegistrationChecks
from activities.registration_letters import RegistrationLetters
from activities.registration_messages import RegistrationMessages
from activities.registrations import RegistrationActivities
from activities.registry import RegistryActivities
from activities.rights_requests import RightsRequestActivities
from emails.brand import brand
from registry.client import CustomerRegistry
from runtime.identity_vault import IdentityVault
from runtime.keys import Keys
from runtime.outbox import Outbox
from runtime.settings import Settings, Smtp
from store.database import Database
from worker.interceptors import LogIds
from workflows.account_link import AccountLinkProcess
from workflows.authorization_change import AuthorizationChangeProcess
from workflows.contract_ends import ContractEndsProcess
from workflows.contract_link import ContractLinkProcess
from workflows.erasure import ErasureProcess
from workflows.housekeeping import HousekeepingProcess
from workflows.invitation import InvitationProcess
from workflows.outbox import DrainOutboxProcess
from workflows.registration import RegistrationProcess
from workflows.registry_pull import RegistryPullProcess
from workflows.rights_request import RightsRequestProcess

WORKFLOWS: Sequence[type] = (
    InvitationProcess,
    RegistrationProcess,
    ContractLinkProcess,
    AuthorizationChangeProcess,
    RightsRequestProcess,
    ErasureProcess,
    AccountLinkProcess,
    DrainOutboxProcess,
    HousekeepingProcess,
    RegistryPullProcess,
    ContractEndsProcess,
)
DEPLOYMENT = "fullmakt"

# A killed worker's tasks go to another one after this; shorter costs replays when workers are merely busy.
_STICKY = timedelta(seconds=3)
_GRACE = timedelta(seconds=30)


@dataclass(frozen=True)
class Parts:
    """What activities depend on. `outbox` carries its own clock and Temporal client."""

    settings: Settings
    database: Database
    mailer: Mailer
    outbox: Outbox
    registry: CustomerRegistry


def smtp_mailer(smtp: Smtp, own_name: str) -> Mailer:
    """The mail server of the settings; `own_name` is what we call ourselves there."""
    return SmtpMailer(
        SmtpSettings(
            host=smtp.host,
            port=smtp.port,
            security=SmtpSecurity(smtp.security),
            username=smtp.username,
            password=smtp.password,
            own_name=own_name,
            timeout=smtp.timeout,
        )
    )


def activities(parts: Parts) -> Sequence[Callable[..., Any]]:
    """All activities of all processes."""
    settings, database = parts.settings, parts.database
    keys = Keys(settings.secret_key.get_secret_value())
    notifier = Notifier(
        database=database,
        mailer=parts.mailer,
        brand=brand(settings),
        sender=Sender(address=settings.smtp.sender, domain=settings.mail_domain),
    )
    invitations = InvitationActivities(database)
    messages = InvitationMessages(
        database, notifier, InvitationLetters(keys=keys, origin=settings.origin_url)
    )
    zone = ZoneInfo(settings.retailer.time_zone)
    vault = IdentityVault(settings.identity_keys)
    registrations = RegistrationActivities(database=database, vault=vault, link_waits=settings.contract_link)
    checks = RegistrationChecks(
        database=database,
        registry=parts.registry,
        keys=keys,
        mismatches_per_day=settings.registration_limits.mismatches_per_person_and_day,
        zone=zone,
    )
    registration_messages = RegistrationMessages(
        database,
        notifier,
        RegistrationLetters(keys=keys, origin=settings.origin_url, fallback=settings.default_language),
    )
    links = ContractLinkActivities(
        database=database,
        registry=parts.registry,
        vault=vault,
        keys=keys,
        notifier=notifier,
        origin=settings.origin_url,
        zone=zone,
    )
    changes = AuthorizationChangeActivities(database=database, notifier=notifier, origin=settings.origin_url)
    account_links = AccountLinkActivities(database)
    account_messages = AccountMessages(
        database, notifier, AccountLetters(keys=keys, origin=settings.origin_url)
    )
    requests = RightsRequestActivities(database=database, notifier=notifier, origin=settings.origin_url)
    erasing = ErasureActivities(
        database=database,
        notifier=notifier,
        origin=settings.origin_url,
        change_waits=settings.authorization_change,
    )
    registry = RegistryActivities(database=database, registry=parts.registry, keys=keys, zone=zone)
    maintenance = Maintenance(database=database, outbox=parts.outbox, retention=settings.retention)
    return [
        invitations.grant,
        invitations.end,
        invitations.look,
        invitations.extend_deadline,
        messages.deliver,
        messages.remind,
        messages.tell_of_end,
        registrations.look,
        registrations.abandon,
        registrations.complete,
        checks.check,
        registration_messages.send_confirmation,
        registration_messages.tell_of_completion,
        registration_messages.note_untold,
        registration_messages.tell_of_dispute,
        links.link,
        links.give_up,
        links.tell,
        account_links.look,
        account_links.expire,
        account_links.close,
        account_messages.send,
        changes.tell,
        changes.close,
        requests.ask,
        requests.look,
        requests.expire,
        requests.tell_of_end,
        erasing.tell,
        erasing.look,
        erasing.begin,
        erasing.erase,
        registry.pull,
        registry.end_contracts,
        maintenance.drain_outbox,
        maintenance.keep_house,
    ]


def worker(client: Client, parts: Parts) -> Worker:
    """The worker: `async with` runs it. Drains for 30 s when it is stopped.

    With `worker_build_id` set it takes part in Temporal's Worker Versioning; every process then moves to the
    newest version by itself, by the worker's default and not a process's own.
    """
    settings = parts.settings
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=activities(parts),
        interceptors=[LogIds()],
        max_cached_workflows=settings.maximum_cached_workflows,
        sticky_queue_schedule_to_start_timeout=_STICKY,
        graceful_shutdown_timeout=_GRACE,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        deployment_config=_deployment(settings),
    )


def _deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    if settings.worker_build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=settings.worker_build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )
