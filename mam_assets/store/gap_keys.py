"""Keys of works and of gaps as rows: what finds a work again without reading them all.

Belongs here: SQL on series_work_keys and missing_book_keys. Does not belong here: what a key is (domain.work_keys),
gaps themselves (gaps).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from mam_assets.domain.names import normalise_person
from mam_assets.domain.wanting import OpenGap
from mam_assets.domain.work_keys import KEY_RULES

_GAP = """m.id, m.work_key, m.title, m.authors, m.other_titles, m.series_id, m.series_name, m.series_number, m.isbn,
    m.asin, m.goodreads_id, m.kind, m.download_status, m.reasons"""
_BATCH = 5_000
_MANY = 1_000  # so many new rows at once, and the planner's picture of a table is no longer true


@dataclass
class KeyChanges:
    """What is another in the keys of some series: those that are gone, by series, and those that are new or shown by
    another book than before (or by none any more)."""

    gone: list[tuple[int, str]] = field(default_factory=list)
    new: list[tuple[int, str, int | None]] = field(default_factory=list)

    @property
    def keys(self) -> set[str]:
        """Every key of which something changed."""
        return {key for _, key in self.gone} | {key for _, key, _ in self.new}


def changes_of_work_keys(connection: Connection, keys: Mapping[int, Mapping[str, int | None]]) -> KeyChanges:
    """How the keys of the works of these series, each with the book that shows it to be owned (or None), are another
    than those that are kept. They are all of them: what is not given any more is gone."""
    stored: dict[int, dict[str, int | None]] = defaultdict(dict)
    rows = connection.execute(
        text(
            """
            SELECT json_agg(json_build_array(series_id, key, book_id)) FROM series_work_keys
            WHERE series_id = ANY(CAST(:ids AS bigint[]))
            """
        ),
        {"ids": list(keys)},
    ).scalar()
    for series_id, key, book_id in rows or ():
        stored[series_id][key] = book_id
    return KeyChanges(
        [(series, key) for series, old in stored.items() for key in old if key not in keys[series]],
        [
            (series, key, book)
            for series, wanted in keys.items()
            for key, book in wanted.items()
            if key not in stored[series] or stored[series][key] != book
        ],
    )


def save_work_keys(connection: Connection, changes: KeyChanges) -> None:
    """Keep what changed in the keys of works."""
    gone, new = changes.gone, changes.new
    if gone:
        connection.execute(
            text(
                """
                DELETE FROM series_work_keys w
                USING jsonb_to_recordset(CAST(:gone AS jsonb)) AS v (series_id bigint, key text)
                WHERE w.series_id = v.series_id AND w.key = v.key
                """
            ),
            {"gone": json.dumps([{"series_id": series, "key": key} for series, key in gone])},
        )
    if new:
        connection.execute(
            text(
                """
                INSERT INTO series_work_keys (series_id, key, book_id)
                SELECT v.series_id, v.key, v.book_id
                FROM jsonb_to_recordset(CAST(:new AS jsonb)) AS v (series_id bigint, key text, book_id bigint)
                ON CONFLICT (series_id, key) DO UPDATE SET book_id = EXCLUDED.book_id
                """
            ),
            {"new": json.dumps([{"series_id": row[0], "key": row[1], "book_id": row[2]} for row in new])},
        )
    if len(new) > _MANY:
        connection.execute(text("ANALYZE series_work_keys"))


def shown_elsewhere(connection: Connection, series_ids: Iterable[int] | None = None) -> dict[int, dict[str, int]]:
    """By series (all, or these): keys of works that it lacks and that another series shows to be owned → book. Where
    several do, the one with the lowest id."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT ON (mine.series_id, mine.key) mine.series_id, mine.key, other.book_id
            FROM series_work_keys mine
            JOIN series_work_keys other ON other.key = mine.key AND other.series_id <> mine.series_id
            WHERE mine.book_id IS NULL AND other.book_id IS NOT NULL
              AND (CAST(:ids AS bigint[]) IS NULL OR mine.series_id = ANY(CAST(:ids AS bigint[])))
            ORDER BY mine.series_id, mine.key, other.series_id
            """
        ),
        {"ids": None if series_ids is None else sorted(series_ids)},
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for series_id, key, book_id in rows:
        found[series_id][key] = book_id
    return dict(found)


def shown_by_series(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Which of these keys are of works that a series shows to be owned by its own evidence → book."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT ON (w.key) w.key, w.book_id FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key)
            JOIN series_work_keys w ON w.key = v.key WHERE w.book_id IS NOT NULL ORDER BY w.key, w.series_id
            """
        ),
        {"keys": json.dumps(sorted(keys))},
    )
    return {row.key: row.book_id for row in rows}


def series_lacking(connection: Connection, keys: Iterable[str]) -> set[int]:
    """Series of which a work with one of these keys is lacking by their own evidence."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT w.series_id FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key)
            JOIN series_work_keys w ON w.key = v.key WHERE w.book_id IS NULL
            """
        ),
        {"keys": json.dumps(sorted(keys))},
    )
    return set(rows.scalars())


def key_gaps(connection: Connection) -> None:
    """Make the keys of gaps that are new or changed, or that older rules keyed."""
    while True:
        rows = connection.execute(
            # The number stands in the statement: a prepared one would not know that there are next to none.
            text(f"SELECT {_GAP} FROM missing_books m WHERE m.keys_rules < {KEY_RULES} ORDER BY m.id LIMIT {_BATCH}"),
        ).all()
        if not rows:
            return
        gaps = [_gap(row) for row in rows]
        pairs = [(gap.gap_id, key) for gap in gaps for key in sorted(gap.keys)]
        given = {"ids": [gap.gap_id for gap in gaps], "rules": KEY_RULES}
        for statement in (
            "DELETE FROM missing_book_keys WHERE missing_book_id = ANY(CAST(:ids AS bigint[]))",
            "UPDATE missing_books SET keys_rules = :rules WHERE id = ANY(CAST(:ids AS bigint[]))",
        ):
            connection.execute(text(statement), given)
        connection.execute(
            text(
                """
                INSERT INTO missing_book_keys (missing_book_id, key)
                SELECT v.gap, v.key FROM jsonb_to_recordset(CAST(:pairs AS jsonb)) AS v (gap bigint, key text)
                """
            ),
            {"pairs": json.dumps([{"gap": gap_id, "key": key} for gap_id, key in pairs])},
        )
        if len(pairs) > _MANY:
            connection.execute(text("ANALYZE missing_books, missing_book_keys"))


def open_gaps_with(connection: Connection, keys: Iterable[str]) -> list[OpenGap]:
    """The open gaps that have one of these keys."""
    rows = connection.execute(
        text(
            f"""
            SELECT {_GAP} FROM (
                SELECT DISTINCT k.missing_book_id FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key)
                JOIN missing_book_keys k ON k.key = v.key
            ) found
            JOIN missing_books m ON m.id = found.missing_book_id AND m.closed_date IS NULL
            ORDER BY m.id
            """
        ),
        {"keys": json.dumps(sorted(keys))},
    )
    return [_gap(row) for row in rows]


def gaps_that_share_a_key(connection: Connection, keys: Iterable[str] | None = None) -> list[OpenGap]:
    """Open gaps of which another one has the same key (any, or one of these)."""
    # Two statements: with "or no keys are given" in one, the server reads every key for each single import.
    chosen = "" if keys is None else "JOIN jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key) ON v.key = k.key"
    rows = connection.execute(
        text(
            f"""
            WITH shared AS (
                SELECT k.key FROM missing_book_keys k
                {chosen}
                JOIN missing_books m ON m.id = k.missing_book_id AND m.closed_date IS NULL
                GROUP BY k.key HAVING count(*) > 1
            )
            SELECT {_GAP} FROM missing_books m
            WHERE m.closed_date IS NULL
              AND m.id IN (SELECT k.missing_book_id FROM shared JOIN missing_book_keys k USING (key))
            ORDER BY m.id
            """
        ),
        {} if keys is None else {"keys": json.dumps(sorted(set(keys)))},
    )
    return [_gap(row) for row in rows]


class ClosedGap(NamedTuple):
    """A gap that is closed; the greater one was closed later."""

    closed_date: datetime
    gap_id: int
    download_status: str


def closed_before(connection: Connection, keys: Iterable[str]) -> dict[str, ClosedGap]:
    """By key: the gap that was closed last with it. One that was joined to its double has handed all on to that."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT ON (k.key) k.key, m.closed_date, m.id, m.download_status
            FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key)
            JOIN missing_book_keys k ON k.key = v.key
            JOIN missing_books m ON m.id = k.missing_book_id
            WHERE m.closed_date IS NOT NULL AND m.same_as IS NULL
            ORDER BY k.key, m.closed_date DESC, m.id DESC
            """
        ),
        {"keys": json.dumps(sorted(keys))},
    )
    return {row.key: ClosedGap(row.closed_date, row.id, row.download_status) for row in rows}


def owners_leaning_on(connection: Connection, book_ids: Sequence[int]) -> tuple[set[int], set[int]]:
    """The series and the authors of which a verdict rests on one of these books: what changes when a book goes, or
    becomes another."""
    rows = connection.execute(
        text(
            """
            SELECT series_id, author_id FROM catalog_entries WHERE book_id = ANY(CAST(:ids AS bigint[]))
            UNION
            SELECT series_id, NULL FROM series_work_keys WHERE book_id = ANY(CAST(:ids AS bigint[]))
            """
        ),
        {"ids": list(book_ids)},
    ).all()
    series = {row.series_id for row in rows if row.series_id is not None}
    return series, {row.author_id for row in rows if row.author_id is not None}


def owners_of_keys(connection: Connection, keys: Iterable[str]) -> tuple[set[int], set[int]]:
    """The series of open gaps that have one of these keys, and the authors: whom they are for, and whom they name."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT m.series_id, m.author_id, m.authors
            FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key)
            JOIN missing_book_keys k ON k.key = v.key
            JOIN missing_books m ON m.id = k.missing_book_id AND m.closed_date IS NULL
            """
        ),
        {"keys": json.dumps(sorted(keys))},
    ).all()
    named = connection.execute(
        text("SELECT id FROM authors WHERE name_key = ANY(CAST(:names AS text[]))"),
        {"names": sorted({normalise_person(name) for row in rows for name in row.authors} - {""})},
    )
    series = {row.series_id for row in rows if row.series_id is not None}
    return series, {row.author_id for row in rows if row.author_id is not None} | set(named.scalars())


def _gap(row: Any) -> OpenGap:
    return OpenGap(
        work_key=row.work_key,
        title=row.title,
        authors=tuple(row.authors),
        other_titles=tuple(row.other_titles),
        series_id=row.series_id,
        series_name=row.series_name,
        series_number=row.series_number,
        isbn=row.isbn,
        asin=row.asin,
        goodreads_id=row.goodreads_id,
        kind=row.kind,
        gap_id=row.id,
        download_status=row.download_status,
        reasons=tuple(row.reasons),
    )
