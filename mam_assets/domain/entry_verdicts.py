"""What a verdict says of each line of a catalogue and of the series or author itself, as it is written beside them.

Belongs here: from works to lines and counts. Does not belong here: the verdict (gaps), rows (store).
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


class OwnerCounts(NamedTuple):
    """What is counted of a series or an author. ``percentage`` 0..100; ``collected`` as in `Snapshot`; ``refused`` are
    lines of other people."""

    owner_id: int
    total: int
    owned: int
    missing: int
    upcoming: int
    percentage: float
    status: str
    collected: bool
    refused: int


def owner_counts(snapshot: Snapshot, verdict: SeriesVerdict | AuthorVerdict) -> OwnerCounts:
    """The counts of one verdict."""
    return OwnerCounts(
        snapshot.owner_id,
        verdict.total,
        verdict.owned_count,
        verdict.missing_count,
        verdict.upcoming_count,
        float(verdict.percentage),
        verdict.status,
        snapshot.collected,
        len(verdict.refused) if isinstance(verdict, AuthorVerdict) else 0,
    )


def changed_entries(snapshot: Snapshot, verdict: SeriesVerdict | AuthorVerdict) -> list[tuple[int, EntryVerdict]]:
    """The lines whose verdict is not the one that stands there."""
    stored = snapshot.stored
    return [(row_id, told) for row_id, told in entry_verdicts(snapshot, verdict).items() if stored.get(row_id) != told]


def entry_verdicts(snapshot: Snapshot, verdict: SeriesVerdict | AuthorVerdict) -> dict[int, EntryVerdict]:
    """Row id → verdict, for every line."""
    found: dict[int, EntryVerdict] = {}
    for work in verdict.works:
        _add_work(found, snapshot, work)
    for refused in verdict.refused if isinstance(verdict, AuthorVerdict) else ():
        row_id = snapshot.rows[refused.entry.source, refused.entry.source_key]
        found[row_id] = EntryVerdict(
            "primary", WorkStatus.NOT_WANTED.value, refused.reason.code, refused.reason.evidence, None, None, False, {}
        )
    return found


def _add_work(found: dict[int, EntryVerdict], snapshot: Snapshot, work: JudgedWork) -> None:
    book_id = work.owned_book_ids[0] if work.owned_book_ids else None
    speaker = snapshot.rows[work.entry.source, work.entry.source_key]
    told = (
        disagreements((work.entry, *work.also), series_name=snapshot.name if snapshot.is_series else None)
        if work.also
        else {}
    )
    reason = work.reason
    found[speaker] = EntryVerdict(
        work.kind.value, work.status.value, reason.code, reason.evidence, None, book_id, work.counted, told
    )
    for other in work.also:
        row_id = snapshot.rows[other.source, other.source_key]
        words = f"the same work as {work.entry.title!r} ({work.entry.source})"
        found[row_id] = EntryVerdict(
            work.kind.value, WorkStatus.NOT_WANTED.value, SAME_WORK, words, speaker, book_id, False, {}
        )
