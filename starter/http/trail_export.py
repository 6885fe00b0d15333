"""The audit trail as a file: CSV that spreadsheets open, one event a line (spec 3.7)."""

import csv
import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from domain.vocabulary import Language
from emails.labels import label
from runtime.texts import N_, translate
from starter.http.event_texts import actor_text, event_text
from starter.services.audit_trail import Entry

# As many as a person may look through; older ones are read page by page.
MOST = 10_000
_COLUMNS = (N_("Time"), N_("What"), N_("Who"), N_("Whose"), N_("Role"), N_("Process"))
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(entries: Sequence[Entry], language: Language, zone: ZoneInfo) -> bytes:
    """UTF-8 with a byte order mark, commas, a head line in the reader's language; times in `zone`."""
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow([translate(language, each) for each in _COLUMNS])
    for each in entries:
        lines.writerow(
            [
                each.at.astimezone(zone).isoformat(timespec="seconds"),
                event_text(language, each.event),
                _plain(each.actor_name or actor_text(language, each.actor)),
                _plain(each.whose or ""),
                "" if each.role is None else label(language, each.role),
                "" if each.process_id is None else str(each.process_id),
            ]
        )
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _plain(words: str) -> str:
    """What a person wrote, so that no spreadsheet calculates with it."""
    return f"'{words}" if words.startswith(_FORMULA) else words
