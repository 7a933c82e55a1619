"""What a merge of two series moved, given back to the one that was dropped.

Belongs here: SQL that undoes the last merge into a series, by what `series_merges.moved` tells. Does not belong here:
merging (series_identity), in which order merges are undone (series_unmerging), to whom a name belongs that came since
(domain/series_parting.py).

Each row goes back as it was, unless it has changed since: then the change holds. What came since goes to the one
series whose name it bears, else it stays. No function commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from mam_assets.domain.series_parting import KnownAs, Membership, Parted, Parting, Place, part
from mam_assets.store.series_gaps_back import give_gaps_back


@dataclass(frozen=True)
class Restored:
    """What an undoing brought back."""

    series_id: int
    name: str
    books: int
    gaps: int
    kept_id: int


def give_back(connection: Connection, merge: Row[Any], now: datetime) -> Restored:
    """Give the dropped series back what its merge, the last one into the kept series, has moved."""
    kept, moved = merge.kept_id, merge.moved
    number_returns = _numbers_back(connection, moved, kept)
    restored = _made_again(connection, moved, kept, now, number_returns=number_returns)
    given = {"kept": kept, "restored": restored, "now": now}
    parting = _parting(moved)
    _give_author_back(connection, moved, given)
    _give_names_back(connection, moved, parting, given)
    books = _give_books_back(connection, moved, parting, given)
    _give_entries_back(connection, moved, given)
    _give_later_entries(connection, moved, parting, given, number_returns=number_returns)
    _give_work_keys_back(connection, moved, given)
    gaps = give_gaps_back(connection, moved, given)
    for column in ("kept_id", "restored_id"):
        connection.execute(
            text(
                f"""
                UPDATE series_merges SET {column} = :restored
                WHERE {column} = :kept AND id = ANY(CAST(:ids AS bigint[]))
                """
            ),
            given | {"ids": moved[f"merges_{column.removesuffix('_id')}"]},
        )
    # Both are looked at afresh: what was read of the one said something of the other as well.
    connection.execute(
        text("UPDATE series SET last_completion_check = NULL, date_updated = :now WHERE id IN (:kept, :restored)"),
        given,
    )
    return Restored(restored, merge.dropped_name, books, gaps, kept)


def _parting(moved: Mapping[str, Any]) -> Parting:
    def known_as(series: Mapping[str, Any], names: Sequence[Mapping[str, Any]]) -> KnownAs:
        keys = frozenset({series["name_key"], *(name["name_key"] for name in names)}) - {""}
        return KnownAs(keys, series["author_key"])

    return Parting(known_as(moved["series"], moved["names"]), known_as(moved["kept"], moved["kept_names"]))


# --- the row ------------------------------------------------------------------------------------------------------


def _numbers_back(connection: Connection, moved: Mapping[str, Any], kept: int) -> bool:
    """Take the Goodreads number of the dropped series from the kept one, where that had none; whether it is free for
    the dropped one. Two series under one number would count every gap twice."""
    number, own = moved["series"]["goodreads_id"], moved["kept"]["goodreads_id"]
    if number is None or number == own:
        return False
    if own is None:
        connection.execute(
            text("UPDATE series SET goodreads_id = NULL WHERE id = :kept AND goodreads_id = :number"),
            {"kept": kept, "number": number},
        )
    return True


def _made_again(
    connection: Connection, moved: Mapping[str, Any], kept: int, now: datetime, *, number_returns: bool
) -> int:
    before = moved["series"]
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
        {"before": before, "number": before["goodreads_id"] if number_returns else None, "now": now}
        | ({"id": before["id"]} if free else {}),
    ).scalar_one()
    return made


def _give_author_back(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """An author whom the kept series has from the dropped one alone is not its own."""
    for column in ("author", "author_id"):
        lent = moved["series"][column]
        if moved["kept"][column] is None and lent is not None:
            connection.execute(
                text(f"UPDATE series SET {column} = NULL WHERE id = :kept AND {column} = :lent"),
                dict(given) | {"lent": lent},
            )


# --- names --------------------------------------------------------------------------------------------------------


def _give_names_back(
    connection: Connection, moved: Mapping[str, Any], parting: Parting, given: Mapping[str, Any]
) -> None:
    """To the dropped series the names that it had, and every later spelling of those that were its own alone."""
    had = {(name["name"], name["source"]) for name in moved["kept_names"]}
    brought = {(name["name"], name["source"]): name["name_key"] for name in moved["names"]}
    rows = connection.execute(
        text("SELECT name, name_key, source FROM series_names WHERE series_id = :kept"), given
    ).all()
    since = {(row.name, row.source): row.name_key for row in rows if (row.name, row.source) not in had}
    own = moved["series"]["name"], "Audiobookshelf"  # the merge itself notes it
    later = {name: key for name, key in since.items() if name != own and key in parting.own_names}
    leaving = [name for name in since if name in brought or name in later or name == own]
    back = [
        {"series_id": given["restored"], "name": name, "source": source, "name_key": key}
        for (name, source), key in (brought | later).items()
    ]
    if leaving:
        connection.execute(
            text("DELETE FROM series_names WHERE series_id = :kept AND name = :name AND source = :source"),
            [{"kept": given["kept"], "name": name, "source": source} for name, source in leaving],
        )
    if back:
        connection.execute(
            text(
                """
                INSERT INTO series_names (series_id, name, name_key, source)
                VALUES (:series_id, :name, :name_key, :source) ON CONFLICT DO NOTHING
                """
            ),
            back,
        )


# --- books --------------------------------------------------------------------------------------------------------


def _give_books_back(
    connection: Connection, moved: Mapping[str, Any], parting: Parting, given: Mapping[str, Any]
) -> int:
    rows = connection.execute(
        text(
            """
            SELECT bs.book_id, bs.position, bs.ordinal, b.series, b.authors, b.abs_values -> 'series' AS names,
                   b.abs_values -> 'series_number' AS numbers
            FROM book_series bs JOIN books b ON b.id = bs.book_id WHERE bs.series_id = :kept
            """
        ),
        given,
    )
    before = _places_before(moved)
    going: list[dict[str, Any]] = []
    staying: list[dict[str, Any]] = []
    leaving: list[int] = []
    for row in rows:
        place = Place(row.position, row.ordinal)
        shown = tuple(zip_longest(row.names or (), row.numbers or ()))
        book = Membership(place, row.authors, row.series, shown)
        parted = part(book, parting, before.get(row.book_id) or Parted(None, None))
        if parted.going is not None:
            going.append(_link(row.book_id, parted.going))
        if parted.staying is None:
            leaving.append(row.book_id)
        elif parted.staying != place:
            staying.append(_link(row.book_id, parted.staying))
    connection.execute(
        text("DELETE FROM book_series WHERE series_id = :kept AND book_id = ANY(CAST(:ids AS bigint[]))"),
        dict(given) | {"ids": leaving},
    )
    for series_id, links in ((given["restored"], going), (given["kept"], staying)):
        connection.execute(
            text(
                """
                INSERT INTO book_series (book_id, series_id, position, ordinal)
                SELECT v.book_id, :series_id, v.position, v.ordinal
                FROM jsonb_to_recordset(CAST(:links AS jsonb)) AS v (book_id bigint, position text, ordinal integer)
                ON CONFLICT (book_id, series_id) DO UPDATE SET position = EXCLUDED.position, ordinal = EXCLUDED.ordinal
                """
            ).bindparams(bindparam("links", type_=JSONB)),
            {"series_id": series_id, "links": links},
        )
    return len(going)


def _places_before(moved: Mapping[str, Any]) -> dict[int, Parted]:
    """By book: its places in the two series before they were one. Of a book that was in the kept one alone, only that
    it was there is known, and told by any place."""
    somewhere = Parted(None, Place(None, 0))
    before = dict.fromkeys(moved["kept_books"], somewhere)
    for book in moved["books"]:
        staying = Place(book["kept_position"], book["kept_ordinal"]) if book["kept_had"] else None
        before[book["book_id"]] = Parted(Place(book["position"], book["ordinal"]), staying)
    return before


def _link(book_id: int, place: Place) -> dict[str, Any]:
    return {"book_id": book_id, "position": place.position, "ordinal": place.ordinal}


# --- catalogues ---------------------------------------------------------------------------------------------------


def _give_entries_back(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    doubled = moved["doubled"]
    gone = {entry["id"] for entry in doubled}
    connection.execute(
        text(
            """
            UPDATE catalog_entries c SET series_id = :restored
            WHERE (c.series_id = :kept OR c.series_id IS NULL) AND c.id = ANY(CAST(:ids AS bigint[]))
              AND NOT EXISTS (SELECT FROM catalog_entries other WHERE other.series_id = :restored
                              AND other.source = c.source AND other.source_key = c.source_key)
            """
        ),
        dict(given) | {"ids": [entry["id"] for entry in moved["entries"] if entry["id"] not in gone]},
    )
    if doubled:
        connection.execute(
            text(
                """
                INSERT INTO catalog_entries
                SELECT (jsonb_populate_record(CAST(NULL AS catalog_entries),
                        e || jsonb_build_object('series_id', CAST(:restored AS bigint), 'same_as', NULL))).*
                FROM jsonb_array_elements(CAST(:entries AS jsonb)) AS e
                ON CONFLICT DO NOTHING
                """
            ).bindparams(bindparam("entries", type_=JSONB)),
            dict(given) | {"entries": doubled},
        )
    _settle_speakers(connection, moved, given)


def _settle_speakers(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """An entry speaks again for the one that it spoke for, and no longer for one that is now in another catalogue."""
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
    connection.execute(
        text(
            """
            UPDATE catalog_entries c SET same_as = speaker.id
            FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS e (id bigint, same_as bigint)
            JOIN catalog_entries speaker ON speaker.id = e.same_as AND speaker.series_id = :restored
            WHERE c.id = e.id AND c.series_id = :restored AND c.same_as IS NULL
            """
        ).bindparams(bindparam("entries", type_=JSONB)),
        dict(given) | {"entries": moved["entries"]},
    )


def _give_later_entries(
    connection: Connection,
    moved: Mapping[str, Any],
    parting: Parting,
    given: Mapping[str, Any],
    *,
    number_returns: bool,
) -> None:
    """What sources told since the merge: of the dropped series by its name, or under its Goodreads number, while the
    two had no other. Left behind it would be a work that the kept series lacks for ever."""
    rows = connection.execute(
        text(
            """
            SELECT id, source, series_name, authors FROM catalog_entries
            WHERE series_id = :kept AND NOT id = ANY(CAST(:had AS bigint[]))
            """
        ),
        dict(given) | {"had": moved["kept_entries"]},
    )
    its_pages = number_returns and moved["kept"]["goodreads_id"] is None
    going = [
        row.id
        for row in rows
        if (its_pages and row.source == "Goodreads") or parting.goes(row.series_name, row.authors)
    ]
    if not going:
        return
    connection.execute(
        text(
            """
            UPDATE catalog_entries c SET series_id = :restored, same_as = NULL
            WHERE c.id = ANY(CAST(:ids AS bigint[]))
              AND NOT EXISTS (SELECT FROM catalog_entries other WHERE other.series_id = :restored
                              AND other.source = c.source AND other.source_key = c.source_key)
            """
        ),
        dict(given) | {"ids": going},
    )
    _settle_speakers(connection, moved, given)


def _give_work_keys_back(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """What each of the two was known to have, until both are judged again. A book that has gone since shows nothing."""
    keys = moved["work_keys"]
    if not keys:
        return
    rows = """jsonb_to_recordset(CAST(:keys AS jsonb))
        AS v (key text, book_id bigint, kept_had boolean, kept_book_id bigint)"""
    for statement in (
        f"""
        DELETE FROM series_work_keys w USING {rows}
        WHERE w.series_id = :kept AND w.key = v.key AND NOT v.kept_had
        """,
        f"""
        UPDATE series_work_keys w SET book_id = v.kept_book_id FROM {rows}
        WHERE w.series_id = :kept AND w.key = v.key AND v.kept_had AND w.book_id = v.book_id
        """,
        f"""
        INSERT INTO series_work_keys (series_id, key, book_id)
        SELECT :restored, v.key, v.book_id FROM {rows}
        LEFT JOIN books b ON b.id = v.book_id
        WHERE v.book_id IS NULL OR b.status IN ('active', 'duplicate')
        ON CONFLICT DO NOTHING
        """,
    ):
        connection.execute(text(statement).bindparams(bindparam("keys", type_=JSONB)), dict(given) | {"keys": keys})
