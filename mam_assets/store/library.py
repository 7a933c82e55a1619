"""Books, authors and series as the library shows them: set-based reads and writes.

Belongs here: SQL on books, authors, series and the tables between them. Does not belong here: what exists elsewhere
(catalog), what is missing (gaps), corrections of metadata (metadata).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, literal, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import LibraryItem, LibraryMark
from mam_assets.domain.library import KnownSeries, SeriesUse, match_series, series_key
from mam_assets.domain.metadata import completeness
from mam_assets.domain.names import normalise_person, normalise_title, split_people
from mam_assets.store.tables import Author, Book, BookAuthor, BookSeries, Series, SeriesName

# Fields whose value Audiobookshelf shows; a value that it lacks never empties what another source has filled.
_FIELDS = (
    "title",
    "subtitle",
    "author",
    "series",
    "series_number",
    "isbn",
    "asin",
    "narrator",
    "publisher",
    "published_year",
    "duration_minutes",
    "language",
    "description",
)

# What only Audiobookshelf says: a person takes a book out of a series, or the author off it, and then it has none.
_REPLACED = ("title", "author", "series", "series_number")


@dataclass(frozen=True)
class Saved:
    """How many items were new, and how many were known and written again."""

    new: int
    changed: int


def known_ids(connection: Connection, abs_ids: Sequence[str]) -> set[str]:
    """Which of these items our table has already."""
    found = connection.execute(select(Book.abs_id).where(Book.abs_id.in_(abs_ids))).scalars()
    return {abs_id for abs_id in found if abs_id is not None}


def new_or_changed(connection: Connection, marks: Sequence[LibraryMark]) -> list[str]:
    """The items of a list page that are unknown, were archived, or carry another time of change than we stored."""
    if not marks:
        return []
    stored: dict[str, tuple[datetime | None, str]] = {
        row.abs_id: (row.abs_updated_at, row.status)
        for row in connection.execute(
            select(Book.abs_id, Book.abs_updated_at, Book.status).where(Book.abs_id.in_([m.abs_id for m in marks]))
        )
    }
    return [
        mark.abs_id
        for mark in marks
        if (known := stored.get(mark.abs_id)) is None or known[0] != mark.updated_at or known[1] == "archived"
    ]


def save_items(connection: Connection, items: Sequence[LibraryItem], now: datetime) -> Saved:
    """Write items with their authors and series. Idempotent; a series known under another name keeps its identity."""
    items = list({item.abs_id: item for item in items if item.num_audio_files > 0}.values())
    if not items:
        return Saved(0, 0)
    # Two processes that meet the same new author must not both insert it: names have no natural lock of their own.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('mam_assets.library'))"))
    people = {item.abs_id: _people(item.authors) for item in items}
    author_ids = _save_authors(connection, (name for names in people.values() for name in names), now)
    series_ids = _save_series(connection, items, people, author_ids, now)
    known = known_ids(connection, [item.abs_id for item in items])
    rows = [_book_row(item, people[item.abs_id], now) for item in items]
    _adopt_discovered(connection, [row for row in rows if row["abs_id"] not in known])
    _upsert_books(connection, rows, now)
    ids: dict[str, int] = {
        row.abs_id: row.id
        for row in connection.execute(
            select(Book.abs_id, Book.id).where(Book.abs_id.in_([item.abs_id for item in items]))
        )
    }
    _link(connection, items, people, ids, author_ids, series_ids)
    _measure(connection, list(ids.values()))
    return Saved(new=len(items) - len(known), changed=len(known))


def _people(names: Sequence[str]) -> tuple[str, ...]:
    """Audiobookshelf keeps "A & B" as one author where the tags said so: taken apart, once each."""
    parts = (part for name in names for part in split_people(name))
    return tuple({normalise_person(part): part for part in parts if normalise_person(part)}.values())


def _save_authors(connection: Connection, names: Iterable[str], now: datetime) -> dict[str, int]:
    """Ids by normalised name; new authors are added under the first spelling met."""
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(normalise_person(name), name)
    if not by_key:
        return {}
    found = _author_ids(connection, by_key)
    missing = [
        {"name": name, "name_key": key, "date_created": now, "date_updated": now}
        for key, name in by_key.items()
        if key not in found
    ]
    if missing:
        connection.execute(insert(Author).on_conflict_do_nothing(index_elements=[Author.name]), missing)
        found = _author_ids(connection, by_key)
    return found


def _author_ids(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    statement = select(Author.name_key, func.min(Author.id).label("id")).where(Author.name_key.in_(list(keys)))
    return {row.name_key: row.id for row in connection.execute(statement.group_by(Author.name_key))}


def _save_series(
    connection: Connection,
    items: Sequence[LibraryItem],
    people: dict[str, tuple[str, ...]],
    author_ids: dict[str, int],
    now: datetime,
) -> dict[tuple[str, str], int]:
    """Ids by (item, normalised name). A series is found by any name it is known under and any author of its books, so
    that merged series stay merged, and co-authors may be named in any order."""
    wanted = [
        SeriesUse(item.abs_id, series.name, key, tuple(normalise_person(name) for name in people[item.abs_id]))
        for item in items
        for series in item.series
        if (key := series_key(series.name, people[item.abs_id]))
    ]
    if not wanted:
        return {}
    found, new = match_series(wanted, _known_series(connection, {use.name_key for use in wanted}))
    shown = {normalise_person(name): name for names in people.values() for name in names}
    if new:
        rows = [
            {
                "name": use.name,
                "author": shown.get(use.author_key),
                "author_id": author_ids.get(use.author_key),
                "name_key": use.name_key,
                "author_key": use.author_key,
                "date_created": now,
                "date_updated": now,
            }
            for use in new
        ]
        connection.execute(insert(Series).on_conflict_do_nothing(index_elements=["name_key", "author_key"]), rows)
        keys = [(use.name_key, use.author_key) for use in new]
        stored = connection.execute(
            select(Series.name_key, Series.author_key, Series.id).where(
                tuple_(Series.name_key, Series.author_key).in_(keys)
            )
        )
        made = {(row.name_key, row.author_key): row.id for row in stored}
        found |= {
            (use.item, use.name_key): made[known.name_key, known.author_key] for known in new for use in known.uses
        }
    names = {
        (found[use.item, use.name_key], use.name): {
            "series_id": found[use.item, use.name_key],
            "name": use.name,
            "name_key": use.name_key,
            "source": "Audiobookshelf",
        }
        for use in wanted
    }
    connection.execute(insert(SeriesName).on_conflict_do_nothing(), list(names.values()))
    return found


def _known_series(connection: Connection, name_keys: Iterable[str]) -> list[KnownSeries]:
    """The series that go by these names, each with everyone who wrote a book of it."""
    rows = connection.execute(
        text(
            """
            SELECT n.name_key, s.id, array_agg(DISTINCT a.name_key) FILTER (WHERE a.name_key <> '')
                   || CASE WHEN s.author_key <> '' THEN ARRAY[s.author_key] ELSE ARRAY[]::text[] END AS people
            FROM (SELECT DISTINCT name_key, series_id FROM series_names WHERE name_key = ANY(CAST(:keys AS text[]))
                  UNION SELECT name_key, id FROM series WHERE name_key = ANY(CAST(:keys AS text[]))) n
            JOIN series s ON s.id = n.series_id
            LEFT JOIN book_series bs ON bs.series_id = s.id
            LEFT JOIN book_authors ba ON ba.book_id = bs.book_id
            LEFT JOIN authors a ON a.id = ba.author_id
            GROUP BY n.name_key, s.id ORDER BY s.id
            """
        ),
        {"keys": sorted(name_keys)},
    )
    return [KnownSeries(row.id, row.name_key, frozenset(row.people or ())) for row in rows]


def _book_row(item: LibraryItem, people: tuple[str, ...], now: datetime) -> dict[str, Any]:
    first_series = item.series[0] if item.series else None
    row: dict[str, Any] = {
        "abs_id": item.abs_id,
        "library_id": item.library_id,
        "path": item.path,
        "rel_path": item.rel_path,
        "title": item.title,
        "title_key": normalise_title(item.title) if item.title else "",
        "subtitle": item.subtitle,
        "author": ", ".join(people) or None,
        "author_key": normalise_person(people[0]) if people else "",
        "authors": list(people),
        "series": first_series.name if first_series else None,
        "series_number": first_series.position if first_series else None,
        "isbn": item.isbn,
        "asin": item.asin,
        "narrator": ", ".join(item.narrators) or None,
        "narrators": list(item.narrators),
        "publisher": item.publisher,
        "published_year": item.published_year,
        "duration_minutes": item.duration_seconds / 60 if item.duration_seconds is not None else None,
        "language": item.language,
        "description": item.description,
        "genres": list(item.genres),
        "abridged": item.abridged,
        "explicit": item.explicit,
        "size_bytes": item.size_bytes,
        "num_audio_files": item.num_audio_files,
        "is_missing": item.is_missing,
        "is_invalid": item.is_invalid,
        "abs_added_at": item.added_at,
        "abs_updated_at": item.updated_at,
        "last_seen_at": now,
        "date_added": item.added_at,
        "date_updated": now,
        "status": "active",
        "archived_at": None,
    }
    row["metadata_source"] = {name: "Audiobookshelf" for name in _FIELDS if row[name] is not None}
    return row


def _adopt_discovered(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """A book that was discovered elsewhere and has now arrived keeps its row and its history."""
    titled = [row for row in rows if row["title_key"] and row["author_key"]]
    if not titled:
        return
    titled = list({(row["title_key"], row["author_key"]): row for row in titled}.values())
    connection.execute(
        text(
            """
            UPDATE books b SET abs_id = found.abs_id
            FROM (
                SELECT DISTINCT ON (v.abs_id) v.abs_id, d.id
                FROM unnest(CAST(:abs_ids AS text[]), CAST(:titles AS text[]), CAST(:authors AS text[]))
                     AS v (abs_id, title_key, author_key)
                JOIN books d ON d.title_key = v.title_key AND d.author_key = v.author_key
                WHERE d.abs_id IS NULL AND d.status = 'discovered'
                ORDER BY v.abs_id, d.id
            ) found
            WHERE b.id = found.id
            """
        ),
        {
            "abs_ids": [row["abs_id"] for row in titled],
            "titles": [row["title_key"] for row in titled],
            "authors": [row["author_key"] for row in titled],
        },
    )


def _upsert_books(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    statement = insert(Book)
    new = statement.excluded
    # A value is Audiobookshelf's where it differs from ours; where it is the same, its source stays who gave it first.
    sources = func.jsonb_strip_nulls(
        func.jsonb_build_object(
            *[
                part
                for name in _FIELDS
                for part in (
                    literal(name),
                    case(
                        (
                            and_(new[name].is_not(None), new[name].is_distinct_from(getattr(Book, name))),
                            literal("Audiobookshelf"),
                        ),
                        else_=None,
                    ),
                )
            ]
        )
    )
    kept = {name: func.coalesce(new[name], getattr(Book, name)) for name in _FIELDS if name not in _REPLACED}
    plain = (
        "library_id",
        "path",
        "rel_path",
        "title_key",
        "author_key",
        "authors",
        "genres",
        "abridged",
        "explicit",
        "size_bytes",
        "num_audio_files",
        "is_missing",
        "is_invalid",
        "abs_added_at",
        "abs_updated_at",
        "last_seen_at",
        "archived_at",
    )
    changes: dict[str, Any] = {name: new[name] for name in (*plain, *_REPLACED)} | kept
    changes |= {
        "metadata_source": Book.metadata_source.op("||")(sources),
        "date_updated": now,
        "narrators": case((new.narrator.is_(None), Book.narrators), else_=new.narrators),
        # A duplicate stays one until mark_duplicates looks at it again.
        "status": case((Book.status == "duplicate", "duplicate"), else_="active"),
    }
    connection.execute(statement.on_conflict_do_update(index_elements=[Book.abs_id], set_=changes), list(rows))


def _link(
    connection: Connection,
    items: Sequence[LibraryItem],
    people: dict[str, tuple[str, ...]],
    ids: dict[str, int],
    author_ids: dict[str, int],
    series_ids: dict[tuple[str, str], int],
) -> None:
    connection.execute(delete(BookAuthor).where(BookAuthor.book_id.in_(list(ids.values()))))
    connection.execute(delete(BookSeries).where(BookSeries.book_id.in_(list(ids.values()))))
    authors = {
        (ids[item.abs_id], author_ids[normalise_person(name)]): {
            "book_id": ids[item.abs_id],
            "author_id": author_ids[normalise_person(name)],
            "ordinal": ordinal,
        }
        for item in items
        for ordinal, name in enumerate(people[item.abs_id])
    }
    series: dict[tuple[int, int], dict[str, Any]] = {}
    for item in items:
        for ordinal, ref in enumerate(item.series):
            series_id = series_ids.get((item.abs_id, series_key(ref.name, people[item.abs_id])))
            if series_id is not None:
                series.setdefault(
                    (ids[item.abs_id], series_id),
                    {
                        "book_id": ids[item.abs_id],
                        "series_id": series_id,
                        "position": ref.position,
                        "ordinal": ordinal,
                    },
                )
    if authors:
        connection.execute(insert(BookAuthor), list(authors.values()))
    if series:
        connection.execute(insert(BookSeries), list(series.values()))


def _measure(connection: Connection, book_ids: Sequence[int]) -> None:
    """How complete these books are, counting what other sources have filled."""
    columns = [getattr(Book, name) for name in _FIELDS]
    rows = connection.execute(select(Book.id, *columns).where(Book.id.in_(book_ids))).mappings()
    shares = {row["id"]: completeness(dict(row), in_series=row["series"] is not None) for row in rows}
    connection.execute(
        text(
            """
            UPDATE books SET metadata_completeness_percent = v.share
            FROM unnest(CAST(:ids AS bigint[]), CAST(:shares AS float8[])) AS v (id, share)
            WHERE books.id = v.id AND books.metadata_completeness_percent IS DISTINCT FROM v.share
            """
        ),
        {"ids": list(shares), "shares": list(shares.values())},
    )


def touch_seen(connection: Connection, abs_ids: Sequence[str], now: datetime) -> None:
    """Note that the list showed these items in the read that began at `now`."""
    connection.execute(update(Book).where(Book.abs_id.in_(abs_ids)).values(last_seen_at=now))


def _in_library() -> Any:
    return and_(Book.abs_id.is_not(None), Book.status.in_(("active", "duplicate")))


def count_active(connection: Connection) -> int:
    """Books of the library, duplicates included."""
    return connection.execute(select(func.count()).select_from(Book).where(_in_library())).scalar_one()


def _unseen(since: datetime) -> Any:
    return and_(_in_library(), or_(Book.last_seen_at.is_(None), Book.last_seen_at < since))


def count_unseen(connection: Connection, since: datetime) -> int:
    """Books of the library that a full read begun at `since` did not show."""
    return connection.execute(select(func.count()).select_from(Book).where(_unseen(since))).scalar_one()


def unseen(connection: Connection, since: datetime) -> list[str]:
    """Items of the library that a full read begun at `since` did not show."""
    return [abs_id for abs_id in connection.execute(select(Book.abs_id).where(_unseen(since))).scalars() if abs_id]


def archive_unseen(connection: Connection, since: datetime) -> int:
    """Archive what a full read begun at `since` did not show. Nothing is deleted; what returns is active again."""
    values = {"status": "archived", "archived_at": since, "date_updated": since}
    return connection.execute(update(Book).where(_unseen(since)).values(**values)).rowcount


def mark_duplicates(connection: Connection) -> int:
    """Mark the same recording held twice: same title, author, place in the series, narrators and length (to 1 %).

    The one that came first stays; a duplicate that has become different is active again. Returns how many are marked.
    """
    connection.execute(
        text(
            """
            WITH grouped AS (
                SELECT id,
                       first_value(id) OVER recording AS kept
                FROM books
                WHERE abs_id IS NOT NULL AND status IN ('active', 'duplicate') AND title_key <> '' AND author_key <> ''
                WINDOW recording AS (
                    PARTITION BY title_key, author_key, coalesce(series_number, ''), lower(coalesce(narrator, '')),
                                 round(ln(greatest(coalesce(duration_minutes, 0), 0.01)) * 100), abridged
                    ORDER BY abs_added_at, id
                )
            )
            UPDATE books
            SET status = CASE WHEN grouped.kept = books.id THEN 'active' ELSE 'duplicate' END,
                duplicate_of = nullif(grouped.kept, books.id)
            FROM grouped
            WHERE grouped.id = books.id AND books.duplicate_of IS DISTINCT FROM nullif(grouped.kept, books.id)
            """
        )
    )
    return connection.execute(select(func.count()).select_from(Book).where(Book.status == "duplicate")).scalar_one()


def newest(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """The books that came last, for the sample table."""
    statement = (
        select(Book.title, Book.author, Book.series, Book.series_number, Book.narrator, Book.status)
        .where(Book.abs_id.is_not(None))
        .order_by(Book.abs_added_at.desc(), Book.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def book_ids(connection: Connection, abs_ids: Sequence[str]) -> list[int]:
    """Our ids of these items, in the order given; unknown ones are left out."""
    rows = connection.execute(select(Book.abs_id, Book.id).where(Book.abs_id.in_(abs_ids)))
    ids = {row.abs_id: row.id for row in rows}
    return [ids[abs_id] for abs_id in abs_ids if abs_id in ids]


def untitled(connection: Connection) -> list[dict[str, Any]]:
    """Active items that lack a title or an author: listed, since no source can be asked about them."""
    statement = (
        select(Book.abs_id, Book.rel_path, Book.title, Book.author)
        .where(Book.status == "active", or_(Book.title_key == "", Book.author_key == ""))
        .order_by(Book.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]
