"""Gaps whose work is in the library: they close, and say which book filled them.

Belongs here: SQL that closes a gap because of a book, by a verdict or by the book itself. Does not belong here: the
verdict (domain.gaps), whether a book is a listed work (domain.filling), gaps that nobody wants any more (gaps).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.beside import keys_of_book
from mam_assets.domain.books import OwnedBook
from mam_assets.domain.filling import ListedGap, filled_by
from mam_assets.domain.names import normalise_person, normalise_title
from mam_assets.domain.wanting import WhyWanted
from mam_assets.store import gap_keys
from mam_assets.store.downloads import queue
from mam_assets.store.gap_turns import one_writer
from mam_assets.store.gap_works import work_of_gap

# What is in the client's hands, or on its way there, is left to come. What waits in our queue is not.
UNDER_WAY = """
    (m.download_status IN ('downloading', 'completed')
     OR (m.download_status = 'queued' AND EXISTS (
             SELECT FROM downloads d JOIN outbox o ON o.download_id = d.id AND o.state = 'intended'
             WHERE d.missing_book_id = m.id)))"""
# Of these no verdict on a series or an author says whether they are owned.
_LISTED_ONLY = "m.reasons <@ ARRAY['top10', 'request']"


def fill(connection: Connection, owned: Mapping[str, int], reason: WhyWanted, now: datetime) -> int:
    """Close the gaps whose work is owned (``owned``: key → book). Whether a series lacks a work is for its own verdict
    to say: else the two would open and close one gap in turn for ever. Returns how many."""
    if not owned:
        return 0
    rows = connection.execute(
        text(
            f"""
            SELECT DISTINCT ON (k.missing_book_id) k.missing_book_id AS id, CAST(o.book AS bigint) AS book
            FROM jsonb_each_text(CAST(:owned AS jsonb)) AS o (key, book)
            JOIN missing_book_keys k ON k.key = o.key
            JOIN missing_books m ON m.id = k.missing_book_id AND m.closed_date IS NULL
            {"" if reason == "series_gap" else "WHERE NOT 'series_gap' = ANY(m.reasons)"}
            ORDER BY k.missing_book_id, k.key COLLATE "C"
            """
        ),
        {"owned": json.dumps(owned)},
    )
    return _close(connection, {row.id: row.book for row in rows}, now)


def series_lacking_what_is_owned(connection: Connection, owned: Mapping[str, int]) -> list[int]:
    """Series with an open gap for one of these works: their verdicts are to be made again."""
    rows = connection.execute(
        text(
            f"""
            SELECT DISTINCT m.series_id FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key)
            JOIN missing_book_keys k ON k.key = v.key
            JOIN missing_books m ON m.id = k.missing_book_id AND m.closed_date IS NULL
            WHERE m.series_id IS NOT NULL AND 'series_gap' = ANY(m.reasons) AND NOT {UNDER_WAY}
            ORDER BY 1
            """
        ),
        {"keys": json.dumps(list(owned))},
    )
    return list(rows.scalars())


def fill_listed(connection: Connection, now: datetime, book_ids: Sequence[int] | None = None) -> int:
    """Close the gaps that only a list or a person asks for, and whose very work a book of the library is: any book, or
    these. A catalogue may know nothing of such a work, so that no verdict would close them. Returns how many."""
    one_writer(connection)
    if book_ids is None:
        gaps = _listed(connection, f"FROM missing_books m WHERE {_LISTED_ONLY}")
        books = _books_near(connection, gaps)
    else:
        books = _books(connection, "b.id = ANY(CAST(:ids AS bigint[]))", {"ids": list(book_ids)})
        gaps = _listed_with(connection, {key for book in books for key in keys_of_book(book)})
    return _close(connection, filled_by(gaps, books), now)


def _close(connection: Connection, books: Mapping[int, int], now: datetime) -> int:
    """Close these gaps (id → book), but for those under way. One that a person ignored stays ignored in history too;
    what was queued for one is withdrawn at once, so that no second copy is fetched."""
    if not books:
        return 0
    closed = connection.execute(
        text(
            f"""
            UPDATE missing_books m SET closed_date = :now, book_id = v.book, hold_reason = NULL,
                   download_status = CASE m.download_status WHEN 'ignored' THEN 'ignored' ELSE 'completed' END
            FROM jsonb_to_recordset(CAST(:books AS jsonb)) AS v (id bigint, book bigint)
            WHERE m.id = v.id AND m.closed_date IS NULL AND NOT {UNDER_WAY}
            """
        ),
        {"books": json.dumps([{"id": gap_id, "book": book} for gap_id, book in books.items()]), "now": now},
    ).rowcount
    if closed:
        queue.withdraw_unwanted(connection, now)
    return closed


# --- gaps of lists and of persons -----------------------------------------------------------------------------------


def _listed_with(connection: Connection, keys: Iterable[str]) -> list[ListedGap]:
    ids = [gap.gap_id for gap in gap_keys.open_gaps_with(connection, keys)]
    which = f"FROM missing_books m WHERE m.id = ANY(CAST(:ids AS bigint[])) AND {_LISTED_ONLY}"
    return _listed(connection, which, ids=ids) if ids else []


def _listed(connection: Connection, which: str, **given: Any) -> list[ListedGap]:
    rows = connection.execute(
        text(
            f"""
            SELECT m.*, ARRAY(SELECT key FROM missing_book_keys WHERE missing_book_id = m.id) AS keys
            {which} AND m.closed_date IS NULL AND NOT {UNDER_WAY} ORDER BY m.id
            """
        ),
        given,
    )
    return [ListedGap(row.id, work_of_gap(row), frozenset(row.keys)) for row in rows]


def _books_near(connection: Connection, gaps: Sequence[ListedGap]) -> list[OwnedBook]:
    """Books by the authors of these gaps, of their titles, or of their editions."""
    works = [gap.work for gap in gaps]
    given = {
        "people": sorted({normalise_person(name) for work in works for name in work.authors} - {""}),
        "titles": sorted({normalise_title(title) for work in works for title in (work.title, *work.other_titles)}),
        "isbns": sorted({work.isbn for work in works if work.isbn}),
        "asins": sorted({work.asin for work in works if work.asin}),
    }
    return _books(
        connection,
        """
        b.id IN (
            SELECT ba.book_id FROM authors a JOIN book_authors ba ON ba.author_id = a.id
            WHERE a.name_key = ANY(CAST(:people AS text[]))
            UNION SELECT id FROM books WHERE title_key = ANY(CAST(:titles AS text[]))
            UNION SELECT id FROM books WHERE isbn = ANY(CAST(:isbns AS text[]))
            UNION SELECT id FROM books WHERE asin = ANY(CAST(:asins AS text[])))
        """,
        given,
    )


def _books(connection: Connection, which: str, given: Mapping[str, Any]) -> list[OwnedBook]:
    rows = connection.execute(
        text(
            f"""
            SELECT b.id, b.title, b.authors, b.isbn, b.asin, s.name, bs.position
            FROM books b LEFT JOIN book_series bs ON bs.book_id = b.id LEFT JOIN series s ON s.id = bs.series_id
            WHERE b.status IN ('active', 'duplicate') AND b.title_key <> '' AND {which}
            ORDER BY b.id, s.id
            """
        ),
        given,
    )
    return [
        OwnedBook(row.id, row.title, tuple(row.authors), row.position, row.isbn, row.asin, series_name=row.name)
        for row in rows
    ]
