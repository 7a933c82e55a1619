"""Series that are merged: what there is to decide on, how rows move, and the memory of it.

Belongs here: SQL on the identity of series (series, series_names, series_merges and what hangs on them). Does not
belong here: whether two series are one (domain/series_identity.py), undoing a merge (series_unmerging), reading
catalogues (catalog).

No function commits. A merge keeps in `series_merges.moved` all that an undoing needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.identity import PenNames, pen_name_map
from mam_assets.domain.names import normalise_series
from mam_assets.domain.series_identity import SeriesSide, candidate_pairs


class NoSuchMerge(Exception):
    """A merge or an undoing that cannot be done; the message says why."""


@dataclass(frozen=True)
class Merged:
    """A merge as kept, for showing."""

    merge_id: int
    kept_id: int
    kept_name: str
    dropped_name: str
    rule: str
    evidence: str
    books: int
    merged_at: datetime
    merged_by: str | None
    undone_at: datetime | None
    undone_by: str | None


# --- what there is to decide on ------------------------------------------------------------------------------------


def sides_alike(connection: Connection) -> list[SeriesSide]:
    """The series whose names, or Goodreads number, some other series shares, with all that speaks for their identity.
    Works are read for these only."""
    sides = _sides(connection)
    alike = sorted({series_id for pair in candidate_pairs(sides.values()) for series_id in pair})
    works = _works(connection, alike)
    return [replace(sides[series_id], works=works.get(series_id, ())) for series_id in alike]


def sides_of(connection: Connection, ids: Sequence[int]) -> dict[int, SeriesSide]:
    """These series with all that speaks for their identity."""
    works = _works(connection, list(ids))
    return {
        series_id: replace(side, works=works.get(series_id, ())) for series_id, side in _sides(connection, ids).items()
    }


def shared_books(connection: Connection, first: int, second: int) -> int:
    """How many books are in both series."""
    statement = text(
        """
        SELECT count(*) FROM book_series a JOIN book_series b ON b.book_id = a.book_id
        JOIN books ON books.id = a.book_id AND books.status IN ('active', 'duplicate')
        WHERE a.series_id = :first AND b.series_id = :second
        """
    )
    return int(connection.execute(statement, {"first": first, "second": second}).scalar_one())


def _sides(connection: Connection, ids: Sequence[int] = ()) -> dict[int, SeriesSide]:
    """All series, or these, without their works."""
    rows = connection.execute(
        text(
            """
            SELECT s.id, s.name, s.author, s.goodreads_id,
                   (SELECT array_agg(n.name ORDER BY n.id) FROM series_names n WHERE n.series_id = s.id) AS names,
                   (SELECT array_agg(DISTINCT a.name) FROM book_series bs
                    JOIN book_authors ba ON ba.book_id = bs.book_id
                    JOIN authors a ON a.id = ba.author_id WHERE bs.series_id = s.id) AS authors,
                   (SELECT count(*) FROM book_series bs WHERE bs.series_id = s.id) AS books
            FROM series s
            WHERE cardinality(CAST(:ids AS bigint[])) = 0 OR s.id = ANY(CAST(:ids AS bigint[])) ORDER BY s.id
            """
        ),
        {"ids": list(ids)},
    )
    return {
        row.id: SeriesSide(
            row.id,
            tuple(dict.fromkeys((row.name, *(row.names or ())))),
            tuple(dict.fromkeys(((row.author,) if row.author else ()) + tuple(row.authors or ()))),
            row.goodreads_id,
            (),
            row.books,
        )
        for row in rows
    }


def _works(connection: Connection, ids: list[int]) -> Mapping[int, tuple[tuple[str | None, str], ...]]:
    rows = connection.execute(
        text(
            """
            SELECT bs.series_id, bs.position, b.title FROM book_series bs JOIN books b ON b.id = bs.book_id
            WHERE bs.series_id = ANY(CAST(:ids AS bigint[])) AND b.title IS NOT NULL AND bs.position IS NOT NULL
            UNION
            SELECT series_id, position, title FROM catalog_entries
            WHERE series_id = ANY(CAST(:ids AS bigint[])) AND position IS NOT NULL
            ORDER BY 1, 2, 3
            """
        ),
        {"ids": ids},
    )
    found: dict[int, list[tuple[str | None, str]]] = {}
    for row in rows:
        found.setdefault(row.series_id, []).append((row.position, row.title))
    return {series_id: tuple(works) for series_id, works in found.items()}


def held_apart(connection: Connection) -> set[frozenset[int]]:
    """Pairs of series whose merge a person has undone: no rule merges them again."""
    rows = connection.execute(
        text("SELECT kept_id, restored_id FROM series_merges WHERE restored_id IS NOT NULL AND restored_id <> kept_id")
    )
    return {frozenset({row.kept_id, row.restored_id}) for row in rows}


def pen_names(connection: Connection) -> PenNames:
    """Every author's other names, for comparing people."""
    rows = connection.execute(text("SELECT name, aliases FROM authors WHERE cardinality(aliases) > 0 ORDER BY id"))
    return pen_name_map([(row.name, *row.aliases) for row in rows])


def names_of(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The shown names of series."""
    rows = connection.execute(
        text("SELECT id, name FROM series WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": list(ids)}
    )
    return {row.id: row.name for row in rows}


# --- merging -------------------------------------------------------------------------------------------------------


def merge(
    connection: Connection, *, keep: int, drop: int, rule: str, evidence: str, by: str | None, now: datetime
) -> int:
    """Make two of our series one: all that hangs on `drop` moves to `keep`, and `drop` is gone. Its names stay as names
    of `keep`, so that the next read of the library finds the merged series under either. Returns the merge's id, by
    which it can be undone. Raises NoSuchMerge where there are not two such series."""
    _be_two(connection, keep, drop)
    both: dict[str, Any] = {"keep": keep, "drop": drop, "now": now}
    merge_id: int = connection.execute(
        text(
            f"""
            INSERT INTO series_merges (kept_id, dropped_name, dropped_name_key, dropped_author_key, rule, evidence,
                                       moved, merged_at, merged_by)
            SELECT :keep, d.name, d.name_key, d.author_key, :rule, :evidence, {_WHAT_MOVES}, :now, :by
            FROM series d, series k WHERE d.id = :drop AND k.id = :keep
            RETURNING id
            """
        ),
        both | {"rule": rule, "evidence": evidence, "by": by},
    ).scalar_one()
    _move(connection, both)
    return merge_id


def merge_again(connection: Connection, merge_id: int, *, keep: int, drop: int, now: datetime) -> None:
    """Make a merge again that had to be taken back for the sake of an older one. It keeps its id, its rule and its
    date; what it moves is noted afresh."""
    _be_two(connection, keep, drop)
    both: dict[str, Any] = {"keep": keep, "drop": drop, "now": now}
    connection.execute(
        text(
            f"""
            UPDATE series_merges m SET kept_id = :keep, moved = {_WHAT_MOVES}
            FROM series d, series k WHERE m.id = :id AND d.id = :drop AND k.id = :keep
            """
        ),
        {"id": merge_id, "keep": keep, "drop": drop},
    )
    _move(connection, both)


def _be_two(connection: Connection, first: int, second: int) -> None:
    alone(connection)
    if first == second or len(names_of(connection, [first, second])) != 2:
        raise NoSuchMerge(f"{first} and {second} are not two series of ours; `mam series list` shows their numbers.")


def _move(connection: Connection, both: Mapping[str, Any]) -> None:
    for statement in _MOVES:
        connection.execute(text(statement), both)


_WHAT_MOVES = """jsonb_build_object(
                'series', to_jsonb(d),
                'kept', to_jsonb(k),
                'books', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                              'book_id', bs.book_id, 'position', bs.position, 'ordinal', bs.ordinal,
                              'kept_had', other.book_id IS NOT NULL, 'kept_position', other.position,
                              'kept_ordinal', other.ordinal)
                              ORDER BY bs.book_id), '[]')
                          FROM book_series bs LEFT JOIN book_series other
                            ON other.book_id = bs.book_id AND other.series_id = :keep
                          WHERE bs.series_id = :drop),
                'kept_books', (SELECT coalesce(jsonb_agg(bs.book_id ORDER BY bs.book_id), '[]')
                               FROM book_series bs WHERE bs.series_id = :keep),
                'names', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                              'name', n.name, 'name_key', n.name_key, 'source', n.source) ORDER BY n.id), '[]')
                          FROM series_names n WHERE n.series_id = :drop),
                'kept_names', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                   'name', n.name, 'name_key', n.name_key, 'source', n.source) ORDER BY n.id), '[]')
                               FROM series_names n WHERE n.series_id = :keep),
                'entries', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'same_as', c.same_as)
                                                      ORDER BY c.id), '[]')
                            FROM catalog_entries c WHERE c.series_id = :drop),
                'kept_entries', (SELECT coalesce(jsonb_agg(c.id ORDER BY c.id), '[]')
                                 FROM catalog_entries c WHERE c.series_id = :keep),
                'doubled', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.id), '[]')
                            FROM catalog_entries c JOIN catalog_entries other ON other.series_id = :keep
                              AND other.source = c.source AND other.source_key = c.source_key
                            WHERE c.series_id = :drop AND c.author_id IS NULL),
                'work_keys', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                  'key', w.key, 'book_id', w.book_id, 'kept_had', other.key IS NOT NULL,
                                  'kept_book_id', other.book_id) ORDER BY w.key), '[]')
                              FROM series_work_keys w LEFT JOIN series_work_keys other
                                ON other.series_id = :keep AND other.key = w.key
                              WHERE w.series_id = :drop),
                'gaps', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                             'id', m.id, 'status', m.download_status, 'open', m.closed_date IS NULL)
                             ORDER BY m.id), '[]')
                         FROM missing_books m WHERE m.series_id = :drop),
                'kept_gaps', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                  'id', m.id, 'status', m.download_status, 'open', m.closed_date IS NULL)
                                  ORDER BY m.id), '[]')
                              FROM missing_books m WHERE m.series_id = :keep),
                'merges_kept', (SELECT coalesce(jsonb_agg(m.id ORDER BY m.id), '[]')
                                FROM series_merges m WHERE m.kept_id = :drop),
                'merges_restored', (SELECT coalesce(jsonb_agg(m.id ORDER BY m.id), '[]')
                                    FROM series_merges m WHERE m.restored_id = :drop))"""

_MOVES = (
    """INSERT INTO book_series (book_id, series_id, position, ordinal)
       SELECT book_id, :keep, position, ordinal FROM book_series WHERE series_id = :drop
       ON CONFLICT (book_id, series_id) DO UPDATE SET position = coalesce(book_series.position, EXCLUDED.position)""",
    "DELETE FROM book_series WHERE series_id = :drop",
    """INSERT INTO series_names (series_id, name, name_key, source)
       SELECT :keep, name, name_key, source FROM series_names WHERE series_id = :drop
       UNION SELECT :keep, name, name_key, 'Audiobookshelf' FROM series WHERE id = :drop AND name_key <> ''
       ON CONFLICT DO NOTHING""",
    "DELETE FROM series_names WHERE series_id = :drop",
    """UPDATE catalog_entries SET same_as = NULL WHERE same_as IN (
           SELECT c.id FROM catalog_entries c JOIN catalog_entries other ON other.series_id = :keep
             AND other.source = c.source AND other.source_key = c.source_key
           WHERE c.series_id = :drop AND c.author_id IS NULL)""",
    """DELETE FROM catalog_entries c USING catalog_entries other
       WHERE c.series_id = :drop AND c.author_id IS NULL AND other.series_id = :keep
         AND other.source = c.source AND other.source_key = c.source_key""",
    """UPDATE catalog_entries c SET series_id = CASE WHEN EXISTS (
           SELECT FROM catalog_entries other WHERE other.series_id = :keep AND other.source = c.source
             AND other.source_key = c.source_key) THEN NULL ELSE CAST(:keep AS bigint) END
       WHERE c.series_id = :drop""",
    # What the one shows to be owned is shown until the next judging too: else a third series would lack it meanwhile.
    """INSERT INTO series_work_keys (series_id, key, book_id)
       SELECT :keep, key, book_id FROM series_work_keys WHERE series_id = :drop
       ON CONFLICT (series_id, key) DO UPDATE SET book_id = coalesce(series_work_keys.book_id, EXCLUDED.book_id)""",
    "UPDATE missing_books SET series_id = :keep WHERE series_id = :drop",
    # Earlier merges into `drop` are now merges into `keep`; what was held apart from `drop` is held apart from `keep`.
    # `moved` names them: an undoing gives them back.
    "UPDATE series_merges SET kept_id = :keep WHERE kept_id = :drop",
    "UPDATE series_merges SET restored_id = :keep WHERE restored_id = :drop",
    """UPDATE series k SET goodreads_id = coalesce(k.goodreads_id, d.goodreads_id),
           author = coalesce(k.author, d.author), author_id = coalesce(k.author_id, d.author_id),
           last_completion_check = CASE WHEN k.goodreads_id IS NULL THEN d.last_completion_check
                                        ELSE k.last_completion_check END,
           date_updated = :now
       FROM series d WHERE k.id = :keep AND d.id = :drop""",
    "DELETE FROM series WHERE id = :drop",
)


def alone(connection: Connection) -> None:
    """The library's lock: no read of the library may look names up while series move."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('mam_assets.library'))"))


def keep_apart(
    connection: Connection,
    first: int,
    second: int,
    *,
    by: str | None,
    now: datetime,
    evidence: str = "a person says that they differ",
) -> None:
    """A person's word that two series are not one: no rule merges them, and they are asked about no more. Raises
    NoSuchMerge where there are not two such series."""
    _be_two(connection, first, second)
    if frozenset({first, second}) in held_apart(connection):
        return
    connection.execute(
        text(
            """
            INSERT INTO series_merges (kept_id, dropped_name, dropped_name_key, dropped_author_key, rule, evidence,
                                       moved, merged_at, merged_by, undone_at, undone_by, restored_id)
            SELECT :first, s.name, s.name_key, s.author_key, 'held_apart', :evidence,
                   jsonb_build_object('books', jsonb_build_array()), :now, :by, :now, :by, :second
            FROM series s WHERE s.id = :second
            """
        ),
        {"first": first, "second": second, "by": by, "now": now, "evidence": evidence},
    )


# --- showing -------------------------------------------------------------------------------------------------------


_MERGED = """
    SELECT m.id AS merge_id, m.kept_id, s.name AS kept_name, m.dropped_name, m.rule, m.evidence,
           jsonb_array_length(m.moved -> 'books') AS books, m.merged_at, m.merged_by, m.undone_at, m.undone_by
    FROM series_merges m JOIN series s ON s.id = m.kept_id"""


def merges(connection: Connection, *, limit: int = 100) -> list[Merged]:
    """Merges, newest first, undone ones too; and the pairs that a person holds apart (rule ``held_apart``)."""
    rows = connection.execute(text(f"{_MERGED} ORDER BY m.id DESC LIMIT :limit"), {"limit": limit})
    return [Merged(**row) for row in rows.mappings()]


def merge_that_took(connection: Connection, name: str) -> Merged | None:
    """The merge that stands and made a series of this name, or with this number, part of another one."""
    rows = connection.execute(
        text(
            f"""
            {_MERGED} WHERE m.undone_at IS NULL
              AND (m.moved #>> '{{series,id}}' = :name OR m.dropped_name_key = :key) ORDER BY m.id DESC LIMIT 1
            """
        ),
        {"name": name.strip(), "key": normalise_series(name) or name},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else Merged(**row)


def found_by_name(connection: Connection, name: str) -> list[tuple[int, str, str | None]]:
    """(id, name, author) of the series that go by a name, or have the number that is written there."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT s.id, s.name, s.author FROM series s LEFT JOIN series_names n ON n.series_id = s.id
            WHERE CAST(s.id AS text) = :name OR s.name_key = :key OR n.name_key = :key ORDER BY s.id
            """
        ),
        {"name": name.strip(), "key": normalise_series(name) or name},
    )
    return [(row.id, row.name, row.author) for row in rows]
