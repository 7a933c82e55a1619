"""A merge of two series undone, whatever was merged upon it.

Belongs here: in which order merges are taken back and made again, and what is held apart from then on. Does not belong
here: merging (series_identity), what goes back and what stays (series_giving_back).

What a merge moved is told as of its own time, so that only the last one into a series can be undone by it alone. An
older one is reached by taking the later ones back, newest first, and making them again when it is undone.

No function commits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from mam_assets.store.series_giving_back import Restored, give_back
from mam_assets.store.series_identity import NoSuchMerge, alone, keep_apart, merge_again


def unmerge(connection: Connection, merge_id: int, *, by: str | None, now: datetime) -> Restored:
    """Undo a merge: the dropped series is made again, with its number where that is free, and gets back its names, its
    catalogue, its gaps and its books. What has changed since holds: a book that left the kept series comes not back,
    one whose place was mended keeps the new place, and one that came later under the dropped name goes along.

    Merges that were made upon this one stand: they are taken back, and made again without it. The series is never again
    merged by a rule with the one that it was merged into, nor with any that it was one with when it was undone. Raises
    NoSuchMerge where there is none of that id, or it was undone."""
    alone(connection)
    row = _merge(connection, merge_id)
    if row is None:
        raise NoSuchMerge(f"there is no merge {merge_id}; `mam series list` shows them.")
    if row.rule == "held_apart":
        raise NoSuchMerge(
            f"{merge_id} is no merge: it notes that {row.dropped_name!r} is another series. "
            "`mam series merge` makes the two one."
        )
    if row.undone_at is not None:
        raise NoSuchMerge(
            f"merge {merge_id} was undone already, on {row.undone_at:%Y-%m-%d} by {row.undone_by or 'nobody named'}. "
            "`mam series merge` makes the two one again."
        )
    kept_now = row.kept_id
    later: list[_TakenBack] = []
    while (above := _last_upon(connection, merge_id, before=later[-1].merge_id if later else None)) is not None:
        later.append(_TakenBack(above.id, above.kept_id, give_back(connection, above, now).series_id))
    row = _merge(connection, merge_id)
    assert row is not None
    restored = give_back(connection, row, now)
    connection.execute(
        text("UPDATE series_merges SET undone_at = :now, undone_by = :by, restored_id = :restored WHERE id = :id"),
        {"now": now, "by": by, "restored": restored.series_id, "id": merge_id},
    )
    apart = _apart_since(connection, row.kept_id, row.merged_at) | {
        end for one in later for end in (one.keep, one.drop)
    }
    evidence = f"merge {merge_id} was undone while they were one"
    for other in sorted(apart - {restored.series_id, row.kept_id}):
        keep_apart(connection, other, restored.series_id, by=by, now=now, evidence=evidence)
    for one in reversed(later):
        merge_again(connection, one.merge_id, keep=one.keep, drop=one.drop, now=now)
    return replace(restored, kept_id=kept_now)


class _TakenBack(NamedTuple):
    """A merge that is to be made again."""

    merge_id: int
    keep: int
    drop: int


def _merge(connection: Connection, merge_id: int) -> Row[Any] | None:
    return connection.execute(
        text("SELECT * FROM series_merges WHERE id = :id FOR UPDATE"), {"id": merge_id}
    ).one_or_none()


def _last_upon(connection: Connection, merge_id: int, *, before: int | None) -> Row[Any] | None:
    """The newest merge that stands and was made, after this one, into the series that this one is in now; older than
    `before`, which was taken back already."""
    return connection.execute(
        text(
            """
            SELECT above.* FROM series_merges m
            JOIN series_merges above ON above.kept_id = m.kept_id AND above.id > m.id AND above.undone_at IS NULL
            WHERE m.id = :id AND (CAST(:before AS bigint) IS NULL OR above.id < :before)
            ORDER BY above.id DESC LIMIT 1
            """
        ),
        {"id": merge_id, "before": before},
    ).one_or_none()


def _apart_since(connection: Connection, series_id: int, since: datetime) -> set[int]:
    """What a person has held apart from a series since a time: that was said of all that it held then."""
    rows = connection.execute(
        text(
            """
            SELECT CASE kept_id WHEN :id THEN restored_id ELSE kept_id END AS other FROM series_merges
            WHERE :id IN (kept_id, restored_id) AND restored_id IS NOT NULL AND undone_at >= :since
            """
        ),
        {"id": series_id, "since": since},
    )
    return set(rows.scalars()) - {series_id}
