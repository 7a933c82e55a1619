"""The books and gaps that stand near some releases: what must be compared before anything is called new.

Belongs here: picking them, by author and by title, for many releases in a few statements. Does not belong here: the
comparison (domain.discovering).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from mam_assets.domain.books import Release, SeriesRef, Work
from mam_assets.domain.discovering import NearBook, NearGap, Surroundings, wanted_surnames
from mam_assets.domain.identity import pen_name_map
from mam_assets.domain.names import normalise_person, normalise_title

# The surnames of a normalised name: its last word, and its last two written together ("le guin", "leguin"). Not by `&&`
# of arrays: PostgreSQL hashes the array of `= ANY`, and compares with each element of the other.
_SURNAMES = """
    (split_part({name}, ' ', -1) = ANY(CAST(:surnames AS text[]))
     OR split_part({name}, ' ', -2) || split_part({name}, ' ', -1) = ANY(CAST(:surnames AS text[])))
"""


def around(connection: Connection, releases: Iterable[Release]) -> Surroundings:
    """What stands near these releases: books by anyone of the same surname or of the same title, open gaps likewise,
    and whoever of the same surname the library has a book of."""
    offered = list(releases)
    groups = _pen_names(connection)
    authors = [name for release in offered for name in release.authors]
    given = {
        "surnames": sorted(wanted_surnames(_with_other_names(authors, groups))),
        "titles": sorted({normalise_title(release.title) for release in offered} - {""}),
    }
    return Surroundings(
        _books(connection, given),
        _gaps(connection, given),
        writers=_writers(connection, given),
        pen_names=pen_name_map(groups),
    )


def _pen_names(connection: Connection) -> list[list[str]]:
    rows = connection.execute(text("SELECT name, aliases FROM authors WHERE cardinality(aliases) > 0 ORDER BY id"))
    return [[row.name, *row.aliases] for row in rows]


def _with_other_names(names: Iterable[str], groups: Sequence[Sequence[str]]) -> set[str]:
    """These names, and every other name of whoever goes by one of them."""
    known = {normalise_person(name): group for group in groups for name in group}
    found = set(names)
    for name in list(found):
        found |= set(known.get(normalise_person(name), ()))
    return found


def _books(connection: Connection, given: dict[str, Any]) -> list[NearBook]:
    rows = connection.execute(
        text(
            f"""
            SELECT b.id, b.title, b.subtitle, b.authors, b.author, b.isbn, b.asin, b.language, b.status,
                   CASE WHEN s.id IS NULL THEN b.series ELSE s.name END AS series,
                   CASE WHEN s.id IS NULL THEN b.series_number ELSE p.position END AS position
            FROM books b
            LEFT JOIN book_series p ON p.book_id = b.id
            LEFT JOIN series s ON s.id = p.series_id
            WHERE b.status <> 'archived' AND b.title IS NOT NULL AND b.id IN (
                SELECT w.book_id FROM book_authors w JOIN authors a ON a.id = w.author_id
                WHERE {_SURNAMES.format(name="a.name_key")}
                UNION
                SELECT d.id FROM books d
                WHERE d.status = 'discovered' AND {_SURNAMES.format(name="d.author_key")}
                UNION
                SELECT e.id FROM books e WHERE e.title_key = ANY(CAST(:titles AS text[])))
            ORDER BY b.id, p.ordinal
            """
        ),
        given,
    )
    return [
        NearBook(
            row.id,
            _work(row, other_titles=(f"{row.title}: {row.subtitle}",) if row.subtitle else ()),
            owned=row.status != "discovered",
        )
        for row in rows
    ]


def _gaps(connection: Connection, given: dict[str, Any]) -> list[NearGap]:
    author = "split_part(m.work_key, '|', 2)"
    rows = connection.execute(
        text(
            f"""
            SELECT m.id, m.title, m.authors, m.author_name AS author, m.series_name AS series,
                   m.series_number AS position, m.isbn, m.asin, m.language, m.other_titles, m.kind, m.download_status
            FROM missing_books m
            WHERE m.closed_date IS NULL
              AND ({_SURNAMES.format(name=author)} OR split_part(m.work_key, '|', 1) = ANY(CAST(:titles AS text[])))
            ORDER BY m.id
            """
        ),
        given,
    )
    return [
        NearGap(
            row.id,
            _work(row, other_titles=tuple(row.other_titles), is_collection=row.kind == "collection"),
            row.download_status,
        )
        for row in rows
    ]


def _work(row: Row[Any], *, other_titles: tuple[str, ...], is_collection: bool = False) -> Work:
    return Work(
        title=row.title,
        authors=tuple(row.authors) or ((row.author,) if row.author else ()),
        series=SeriesRef(row.series, row.position) if row.series else None,
        isbn=row.isbn,
        asin=row.asin,
        language=row.language,
        other_titles=other_titles,
        is_collection=is_collection,
    )


def _writers(connection: Connection, given: dict[str, Any]) -> list[str]:
    rows = connection.execute(
        text(
            f"""
            SELECT a.name FROM authors a
            WHERE {_SURNAMES.format(name="a.name_key")}
              AND EXISTS (SELECT FROM book_authors w JOIN books b ON b.id = w.book_id
                          WHERE w.author_id = a.id AND b.status IN ('active', 'duplicate'))
            ORDER BY a.id
            """
        ),
        given,
    )
    return list(rows.scalars())
