"""What a verdict says of each line of a catalogue, as it is written beside the line.

Belongs here: from works to lines. Does not belong here: the verdict (gaps), rows (store).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mam_assets.domain.disagreements import disagreements
from mam_assets.domain.gaps import AuthorVerdict, JudgedWork, SeriesVerdict, WorkStatus
from mam_assets.domain.wanting import Snapshot

SAME_WORK = "same_work"


class EntryVerdict(NamedTuple):
    """``rule`` is the code and ``reason`` the words of why it has this status; ``same_as`` the row that speaks for the
    very work; ``disagreements`` stand with that row."""

    kind: str
    status: str
    rule: str
    reason: str
    same_as: int | None
    book_id: int | None
    counted: bool
    disagreements: Mapping[str, Any]


def entry_verdicts(snapshot: Snapshot, verdict: SeriesVerdict | AuthorVerdict) -> dict[int, EntryVerdict]:
    """Row id → verdict, for every line."""
    found: dict[int, EntryVerdict] = {}
    for work in verdict.works:
        found |= _of_work(snapshot, work)
    for refused in verdict.refused if isinstance(verdict, AuthorVerdict) else ():
        row_id = snapshot.rows[refused.entry.source, refused.entry.source_key]
        found[row_id] = EntryVerdict(
            "primary", WorkStatus.NOT_WANTED.value, refused.reason.code, refused.reason.evidence, None, None, False, {}
        )
    return found


def _of_work(snapshot: Snapshot, work: JudgedWork) -> dict[int, EntryVerdict]:
    book_id = work.owned_book_ids[0] if work.owned_book_ids else None
    speaker = snapshot.rows[work.entry.source, work.entry.source_key]
    told = (
        disagreements((work.entry, *work.also), series_name=snapshot.name if snapshot.is_series else None)
        if work.also
        else {}
    )
    reason = work.reason
    found = {
        speaker: EntryVerdict(
            work.kind.value, work.status.value, reason.code, reason.evidence, None, book_id, work.counted, told
        )
    }
    for other in work.also:
        row_id = snapshot.rows[other.source, other.source_key]
        words = f"the same work as {work.entry.title!r} ({work.entry.source})"
        found[row_id] = EntryVerdict(
            work.kind.value, WorkStatus.NOT_WANTED.value, SAME_WORK, words, speaker, book_id, False, {}
        )
    return found
