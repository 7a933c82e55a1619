"""Books, authors and series as the library shows them: set-based reads and writes.

Belongs here: SQL on books, authors, series and the tables between them. Does not belong here: what exists elsewhere
(catalog), what is missing (gaps), corrections of metadata (metadata).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, delete, func, literal, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import LibraryItem, LibraryMark, SeriesRef
from mam_assets.domain.metadata import completeness
from mam_assets.domain.names import normalise_person, normalise_series, normalise_title, split_people
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

# A person takes a book out of a series in Audiobookshelf: then it is in none, whatever was there before.
_REPLACED = ("series", "series_number")


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


def series_key(series: SeriesRef, authors: Sequence[str]) -> tuple[str, str]:
    """The identity of a series: its normalised name and its (first) author's."""
    first = authors[0] if authors else ""
    return normalise_series(series.name, first or None), normalise_person(first) if first else ""


def _save_series(
    connection: Connection,
    items: Sequence[LibraryItem],
    people: dict[str, tuple[str, ...]],
    author_ids: dict[str, int],
    now: datetime,
) -> dict[tuple[str, str], int]:
    """Ids by identity. A series is found by any name it is known under, so merged series stay merged."""
    wanted: dict[tuple[str, str], tuple[str, str | None]] = {}
    for item in items:
        for series in item.series:
            key = series_key(series, people[item.abs_id])
            if key[0]:
                wanted.setdefault(key, (series.name, people[item.abs_id][0] if people[item.abs_id] else None))
    if not wanted:
        return {}
    found = _series_ids(connection, wanted)
    missing = [
        {
            "name": name,
            "author": author,
            "author_id": author_ids.get(key[1]),
            "name_key": key[0],
            "author_key": key[1],
            "date_created": now,
            "date_updated": now,
        }
        for key, (name, author) in wanted.items()
        if key not in found
    ]
    if missing:
        connection.execute(insert(Series).on_conflict_do_nothing(index_elements=["name_key", "author_key"]), missing)
        stored = connection.execute(
            select(Series.name_key, Series.author_key, Series.id).where(
                tuple_(Series.name_key, Series.author_key).in_(
                    [(row["name_key"], row["author_key"]) for row in missing]
                )
            )
        )
        found |= {(row.name_key, row.author_key): row.id for row in stored}
    names = [
        {"series_id": found[key], "name": name, "name_key": key[0], "source": "Audiobookshelf"}
        for key, (name, _) in wanted.items()
    ]
    connection.execute(insert(SeriesName).on_conflict_do_nothing(), names)
    return found


def _series_ids(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    statement = (
        select(SeriesName.name_key, Series.author_key, func.min(Series.id).label("id"))
        .join(Series, Series.id == SeriesName.series_id)
        .where(tuple_(SeriesName.name_key, Series.author_key).in_(list(keys)))
        .group_by(SeriesName.name_key, Series.author_key)
    )
    return {(row.name_key, row.author_key): row.id for row in connection.execute(statement)}


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
    row["metadata_completeness_percent"] = completeness(row, in_series=first_series is not None)
    row["metadata_source"] = {name: "Audiobookshelf" for name in _FIELDS if row[name] is not None}
    return row


def _adopt_discovered(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """A book that was discovered elsewhere and has now arrived keeps its row and its history."""
    titled = [row for row in rows if row["title_key"] and row["author_key"]]
    if not titled:
        return
    connection.execute(
        update(Book)
        .where(
            Book.id
            == select(func.min(Book.id))
            .where(
                Book.abs_id.is_(None),
                Book.status == "discovered",
                Book.title_key == bindparam("b_title_key"),
                Book.author_key == bindparam("b_author_key"),
            )
            .scalar_subquery()
        )
        .values(abs_id=bindparam("b_abs_id"))
        .execution_options(synchronize_session=False),
        [
            {"b_title_key": r["title_key"], "b_author_key": r["author_key"], "b_abs_id": r["abs_id"]}
            for r in {(r["title_key"], r["author_key"]): r for r in titled}.values()
        ],
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
        "narrators",
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
        "metadata_completeness_percent",
        "archived_at",
    )
    changes: dict[str, Any] = {name: new[name] for name in (*plain, *_REPLACED)} | kept
    changes |= {
        "metadata_source": Book.metadata_source.op("||")(sources),
        "date_updated": now,
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
            series_id = series_ids.get(series_key(ref, people[item.abs_id]))
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
