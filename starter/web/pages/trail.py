"""What happened: on a relation, and to oneself; and who sees one's data (spec 3.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.codes import Code, Refused
from emails.labels import label
from starter.http import trail_export
from starter.http.event_texts import actor_text, event_text
from starter.services import audit_trail, data_access
from starter.services.audit_trail import Entry
from starter.web.pages import relations
from starter.web.pages.relation_words import levels_in_words
from starter.web.routing import page
from starter.web.visit import Visit
from store.authorizations import Authorization
from store.customers import CustomerRelation

PAGE_SIZE = 30


def routes() -> list[BaseRoute]:
    """A relation's events and one's own, as pages and as files; who sees one's data."""
    return [
        page("/relations/{relation_id:uuid}/events", get=_of_relation),
        page("/relations/{relation_id:uuid}/events.csv", get=_file_of_relation),
        page("/account/events", get=_own),
        page("/account/events.csv", get=_own_file),
        page("/account/access", get=_access),
    ]


@dataclass(frozen=True)
class ShownEntry:
    """An event in the reader's words. `who` is a name, or a word for who has none."""

    at: datetime
    what: str
    who: str
    by_reader: bool
    whose: str | None
    role: str | None


async def _of_relation(visit: Visit) -> Response:
    found = await relations.managing(visit, visit.request.path_params["relation_id"])
    entries = await audit_trail.of_relation(
        visit.services, visit.user, found.relation.id, before=_before(visit), limit=PAGE_SIZE + 1
    )
    return await relations.tab_page(
        visit,
        "trail/of_relation.html",
        found,
        "events",
        entries=_page_of(visit, entries),
        older=_older(entries),
    )


async def _own(visit: Visit) -> Response:
    entries = await audit_trail.of_user(
        visit.services, visit.user, before=_before(visit), limit=PAGE_SIZE + 1
    )
    return await visit.page(
        "trail/own.html", section="account", entries=_page_of(visit, entries), older=_older(entries)
    )


async def _file_of_relation(visit: Visit) -> Response:
    relation_id: UUID = visit.request.path_params["relation_id"]
    entries = await audit_trail.of_relation(
        visit.services, visit.user, relation_id, before=None, limit=trail_export.MOST
    )
    return _file(visit, entries)


async def _own_file(visit: Visit) -> Response:
    entries = await audit_trail.of_user(visit.services, visit.user, before=None, limit=trail_export.MOST)
    return _file(visit, entries)


def _file(visit: Visit, entries: Sequence[Entry]) -> Response:
    return Response(
        trail_export.csv_of(entries, visit.language, visit.zone),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="events.csv"'},
    )


@dataclass(frozen=True)
class ShownHolding:
    """What somebody else holds, in words."""

    authorization: Authorization
    levels: Sequence[str]


@dataclass(frozen=True)
class ShownRelation:
    """Who else is on a relation; `managed`: the reader manages its users."""

    relation: CustomerRelation
    managed: bool
    others: Sequence[ShownHolding]


async def _access(visit: Visit) -> Response:
    found = await data_access.of_user(visit.services, visit.user)
    shown = [
        ShownRelation(
            each.relation,
            each.managed,
            [ShownHolding(held, levels_in_words(visit.language, held.levels)) for held in each.others],
        )
        for each in found.relations
    ]
    return await visit.page(
        "trail/access.html",
        section="account",
        relations=shown,
        by_customer_service=[_shown(visit, each) for each in found.by_customer_service],
    )


def _before(visit: Visit) -> UUID | None:
    """The event after which the page goes on. Raises Refused(`field.invalid`)."""
    given = visit.request.query_params.get("before")
    try:
        return None if given is None else UUID(given)
    except ValueError:
        raise Refused(Code.FIELD_INVALID) from None


def _page_of(visit: Visit, entries: Sequence[Entry]) -> Sequence[ShownEntry]:
    return [_shown(visit, each) for each in entries[:PAGE_SIZE]]


def _older(entries: Sequence[Entry]) -> UUID | None:
    return entries[PAGE_SIZE - 1].id if len(entries) > PAGE_SIZE else None


def _shown(visit: Visit, entry: Entry) -> ShownEntry:
    language = visit.language
    return ShownEntry(
        at=entry.at,
        what=event_text(language, entry.event),
        who=entry.actor_name or actor_text(language, entry.actor),
        by_reader=entry.by_reader,
        whose=entry.whose,
        role=None if entry.role is None else label(language, entry.role),
    )
