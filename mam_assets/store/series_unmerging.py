"""A merge of two series undone: the dropped one made again, with all that it brought.

Belongs here: SQL that gives back what `series_merges.moved` tells. Does not belong here: merging (series_identity).

No function commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from mam_assets.domain.names import normalise_series
from mam_assets.store.series_identity import NoSuchMerge, alone


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

    The two are never merged again by a rule. Raises NoSuchMerge where there is none of that id, or it was undone."""
    alone(connection)
    row = connection.execute(text("SELECT * FROM series_merges WHERE id = :id FOR UPDATE"), {"id": merge_id}).first()
    if row is None:
        raise NoSuchMerge(f"there is no merge {merge_id}; `mam series list` shows them.")
    if row.undone_at is not None:
        raise NoSuchMerge(f"merge {merge_id} was undone already, on {row.undone_at:%Y-%m-%d} by {row.undone_by}.")
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
    # Both are looked at afresh: what was read of the one said something of the other as well.
    connection.execute(
        text("UPDATE series SET last_completion_check = NULL, date_updated = :now WHERE id IN (:kept, :restored)"),
        given,
    )
    connection.execute(
        text("UPDATE series_merges SET undone_at = :now, undone_by = :by, restored_id = :restored WHERE id = :id"),
        {"now": now, "by": by, "restored": restored, "id": merge_id},
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
                INSERT INTO catalog_entries (series_id, source, source_key, title, authors, series_name, position, kind,
                    published, isbn, asin, goodreads_id, language, audiobook, first_seen, last_seen)
                SELECT :restored, e.source, e.source_key, e.title,
                       ARRAY(SELECT jsonb_array_elements_text(e.authors)), e.series_name, e.position, e.kind,
                       e.published, e.isbn, e.asin, e.goodreads_id, e.language, e.audiobook, e.first_seen, e.last_seen
                FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS e (source text, source_key text, title text,
                    authors jsonb, series_name text, position text, kind text, published text, isbn text, asin text,
                    goodreads_id text, language text, audiobook boolean, first_seen timestamptz, last_seen timestamptz)
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
