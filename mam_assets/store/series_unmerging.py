"""A merge of two series undone: the dropped one made again, with all that it brought.

Belongs here: SQL that gives back what `series_merges.moved` tells. Does not belong here: merging (series_identity).

What a merge moved is told as of its own time, so that only the last one into a series can be undone by it alone. An
older one is reached by taking the later ones back, newest first, and making them again when it is undone.

No function commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from mam_assets.domain.names import normalise_series
from mam_assets.store.series_identity import NoSuchMerge, alone, keep_apart, merge_again


@dataclass(frozen=True)
class Restored:
    """What an undoing brought back."""

    series_id: int
    name: str
    books: int
    gaps: int
    kept_id: int


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
    if row.undone_at is not None:
        raise NoSuchMerge(f"merge {merge_id} was undone already, on {row.undone_at:%Y-%m-%d} by {row.undone_by}.")
    kept_now = row.kept_id
    later: list[_TakenBack] = []
    while (above := _last_upon(connection, merge_id)) is not None:
        later.append(_TakenBack(above.id, above.kept_id, _take_back(connection, above, now).series_id))
    row = _merge(connection, merge_id)
    assert row is not None
    restored = _take_back(connection, row, now)
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


def _last_upon(connection: Connection, merge_id: int) -> Row[Any] | None:
    """The newest merge that stands and was made, after this one, into the series that this one is in now."""
    return connection.execute(
        text(
            """
            SELECT above.* FROM series_merges m
            JOIN series_merges above ON above.kept_id = m.kept_id AND above.id > m.id AND above.undone_at IS NULL
            WHERE m.id = :id ORDER BY above.id DESC LIMIT 1
            """
        ),
        {"id": merge_id},
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


def _take_back(connection: Connection, row: Row[Any], now: datetime) -> Restored:
    """Give the dropped series back what the last merge into a series moved."""
    kept, moved = row.kept_id, row.moved
    restored = _made_again(connection, moved, kept, now)
    given = {"kept": kept, "restored": restored, "now": now}
    names = _give_names_back(connection, moved, given)
    books = _give_books_back(connection, moved, names, given)
    _give_entries_back(connection, moved, given)
    gaps = connection.execute(
        text(
            """
            UPDATE missing_books SET series_id = :restored
            WHERE series_id = :kept AND id = ANY(CAST(:ids AS bigint[]))
            """
        ),
        given | {"ids": moved["gaps"]},
    ).rowcount
    for column in ("kept_id", "restored_id"):
        connection.execute(
            text(
                f"""
                UPDATE series_merges SET {column} = :restored
                WHERE {column} = :kept AND id = ANY(CAST(:ids AS bigint[]))
                """
            ),
            given | {"ids": moved.get(f"merges_{column.removesuffix('_id')}", [])},
        )
    # Both are looked at afresh: what was read of the one said something of the other as well.
    connection.execute(
        text("UPDATE series SET last_completion_check = NULL, date_updated = :now WHERE id IN (:kept, :restored)"),
        given,
    )
    return Restored(restored, row.dropped_name, books, gaps, kept)


def _made_again(connection: Connection, moved: Mapping[str, Any], kept: int, now: datetime) -> int:
    """The dropped row again. Its Goodreads number comes back only where the kept series had another, or none: two
    series under one number would count every gap twice."""
    before = moved["series"]
    number = before["goodreads_id"]
    if number is not None and moved["kept_goodreads_id"] is None:
        connection.execute(
            text("UPDATE series SET goodreads_id = NULL WHERE id = :kept AND goodreads_id = :number"),
            {"kept": kept, "number": number},
        )
    elif number == moved["kept_goodreads_id"]:
        number = None
    known = connection.execute(
        text("SELECT id FROM series WHERE name_key = :name_key AND author_key = :author_key AND id <> :kept"),
        {"name_key": before["name_key"], "author_key": before["author_key"], "kept": kept},
    ).scalar()
    if known is not None:
        return int(known)
    free = connection.execute(text("SELECT 1 FROM series WHERE id = :id"), {"id": before["id"]}).first() is None
    column, value = ("id, ", ":id, ") if free else ("", "")
    made: int = connection.execute(
        text(
            f"""
            INSERT INTO series ({column}name, author, author_id, name_key, author_key, goodreads_id,
                total_books_in_series, books_owned, books_missing, completion_percentage, completion_status,
                date_created, date_updated)
            SELECT {value}b.name, b.author, a.id, b.name_key, b.author_key, :number, b.total_books_in_series,
                   b.books_owned, b.books_missing, b.completion_percentage, b.completion_status, b.date_created, :now
            FROM jsonb_to_record(CAST(:before AS jsonb)) AS b (name text, author text, author_id bigint, name_key text,
                author_key text, total_books_in_series integer, books_owned integer, books_missing integer,
                completion_percentage float8, completion_status text, date_created timestamptz)
            LEFT JOIN authors a ON a.id = b.author_id
            RETURNING id
            """
        ).bindparams(bindparam("before", type_=JSONB)),
        {"before": before, "number": number, "now": now} | ({"id": before["id"]} if free else {}),
    ).scalar_one()
    return made


def _give_names_back(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> set[str]:
    """The names that the dropped series brought, and every later spelling of them. Returns their keys."""
    own = {name["name_key"] for name in moved["names"] if not name["kept_had"]} | {moved["series"]["name_key"]}
    keys = own - {""} - _own_keys(connection, given["kept"])
    names = [name for name in moved["names"] if not name["kept_had"]]
    rows = [{"series_id": given["restored"]} | {k: name[k] for k in ("name", "name_key", "source")} for name in names]
    if rows:
        connection.execute(
            text(
                """
                INSERT INTO series_names (series_id, name, name_key, source)
                VALUES (:series_id, :name, :name_key, :source) ON CONFLICT DO NOTHING
                """
            ),
            rows,
        )
    connection.execute(
        text(
            """
            WITH taken AS (
                DELETE FROM series_names WHERE series_id = :kept AND name_key = ANY(CAST(:keys AS text[]))
                RETURNING name, name_key, source
            )
            INSERT INTO series_names (series_id, name, name_key, source)
            SELECT :restored, name, name_key, source FROM taken ON CONFLICT DO NOTHING
            """
        ),
        dict(given) | {"keys": sorted(keys)},
    )
    return keys


def _own_keys(connection: Connection, series_id: int) -> set[str]:
    return {str(connection.execute(text("SELECT name_key FROM series WHERE id = :id"), {"id": series_id}).scalar())}


def _give_books_back(connection: Connection, moved: Mapping[str, Any], keys: set[str], given: Mapping[str, Any]) -> int:
    links = {
        row.book_id: row
        for row in connection.execute(
            text(
                """
                SELECT bs.book_id, bs.position, bs.ordinal, b.series, b.authors
                FROM book_series bs JOIN books b ON b.id = bs.book_id WHERE bs.series_id = :kept
                """
            ),
            given,
        )
    }
    back: list[dict[str, Any]] = []
    stay: set[int] = set()
    for book in moved["books"]:
        link = links.pop(book["book_id"], None)
        if link is None:
            continue
        place = book["position"] if book["kept_had"] else link.position
        back.append({"book_id": link.book_id, "position": place, "ordinal": book["ordinal"]})
        if book["kept_had"]:
            stay.add(link.book_id)
    back += [
        {"book_id": link.book_id, "position": link.position, "ordinal": link.ordinal}
        for link in links.values()
        if link.series and normalise_series(link.series, link.authors[0] if link.authors else None) in keys
    ]
    if not back:
        return 0
    connection.execute(
        text(
            """
            INSERT INTO book_series (book_id, series_id, position, ordinal)
            VALUES (:book_id, :series_id, :position, :ordinal)
            ON CONFLICT (book_id, series_id) DO UPDATE SET position = EXCLUDED.position
            """
        ),
        [row | {"series_id": given["restored"]} for row in back],
    )
    connection.execute(
        text("DELETE FROM book_series WHERE series_id = :kept AND book_id = ANY(CAST(:ids AS bigint[]))"),
        dict(given) | {"ids": [row["book_id"] for row in back if row["book_id"] not in stay]},
    )
    # A place that the kept series knew from the dropped one alone goes with it.
    lent = [b["book_id"] for b in moved["books"] if b["kept_had"] and b["kept_position"] is None and b["position"]]
    connection.execute(
        text(
            """
            UPDATE book_series k SET position = NULL FROM book_series r
            WHERE k.series_id = :kept AND r.series_id = :restored AND r.book_id = k.book_id
              AND k.position = r.position AND k.book_id = ANY(CAST(:ids AS bigint[]))
            """
        ),
        dict(given) | {"ids": lent},
    )
    return len(back)


def _give_entries_back(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    doubled = moved["doubled"]
    ids = sorted(set(moved["entries"]) - {entry["id"] for entry in doubled})
    connection.execute(
        text(
            """
            UPDATE catalog_entries c SET series_id = :restored, same_as = NULL
            WHERE c.series_id = :kept AND c.id = ANY(CAST(:ids AS bigint[]))
              AND NOT EXISTS (SELECT FROM catalog_entries other WHERE other.series_id = :restored
                              AND other.source = c.source AND other.source_key = c.source_key)
            """
        ),
        dict(given) | {"ids": ids},
    )
    if doubled:
        connection.execute(
            text(
                """
                INSERT INTO catalog_entries (id, series_id, source, source_key, title, authors, series_name, position,
                    kind, published, isbn, asin, goodreads_id, language, audiobook, first_seen, last_seen)
                SELECT e.id, :restored, e.source, e.source_key, e.title,
                       ARRAY(SELECT jsonb_array_elements_text(e.authors)), e.series_name, e.position, e.kind,
                       e.published, e.isbn, e.asin, e.goodreads_id, e.language, e.audiobook, e.first_seen, e.last_seen
                FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS e (id bigint, source text, source_key text,
                    title text, authors jsonb, series_name text, position text, kind text, published text, isbn text,
                    asin text, goodreads_id text, language text, audiobook boolean, first_seen timestamptz,
                    last_seen timestamptz)
                ON CONFLICT DO NOTHING
                """
            ).bindparams(bindparam("entries", type_=JSONB)),
            dict(given) | {"entries": doubled},
        )
    # An entry no longer speaks for one that is now in another catalogue.
    connection.execute(
        text(
            """
            UPDATE catalog_entries c SET same_as = NULL FROM catalog_entries speaker
            WHERE c.same_as = speaker.id AND c.series_id IN (:kept, :restored)
              AND speaker.series_id IS DISTINCT FROM c.series_id
            """
        ),
        given,
    )
