"""Items of Audiobookshelf become rows of `books`: new ones by COPY, known ones by one UPDATE for all.

Belongs here: the SQL that reads what is known of items and writes what becomes of them. Does not belong here: what
becomes of a field (domain/rereading), which former book has returned (domain/recordings), authors and series
(memberships).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, update

from mam_assets.domain.books import LibraryItem
from mam_assets.domain.library import LONGEST_KEY, people_in, person_key
from mam_assets.domain.names import normalise_title
from mam_assets.domain.recordings import Former, LibraryRecording, find_returned
from mam_assets.domain.rereading import FIELDS, Edit, Reading, StoredBook, is_overtaken, read_again, read_first
from mam_assets.store.copying import copy_rows
from mam_assets.store.memberships import Tied, one_at_a_time, tie
from mam_assets.store.tables import Book

EDITOR = "person in Audiobookshelf"

_COLUMNS = (
    *FIELDS,
    "abs_id",
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
    "metadata_completeness_percent",
    "metadata_source",
    "metadata_times",
    "abs_values",
    "abs_written",
    "abs_mark",
    "locked_fields",
    "abs_added_at",
    "abs_updated_at",
    "date_updated",
    "last_seen_at",
)


@dataclass(frozen=True)
class Saved:
    """How many items were new, how many were known and written again, how many of those came back after they were gone,
    and how many fields a person had edited."""

    new: int
    changed: int
    returned: int = 0
    edits: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    """An item, its row as it is known, and what becomes of it. ``key`` is the row of a temporary table."""

    item: LibraryItem
    people: tuple[str, ...]
    known: StoredBook | None
    reading: Reading


def save_items(
    connection: Connection,
    items: Sequence[LibraryItem],
    now: datetime,
    *,
    listed: Mapping[str, str] | None = None,
) -> Saved:
    """Write items with their authors and series. Idempotent; items without audio are left out, and those of which
    something newer was stored since ``now``, which is a time before they were asked for.

    ``listed`` has the digests of the list that showed them, by id. A series known under another name keeps its
    identity. One that comes back under a new id, or was discovered elsewhere, keeps its row.
    """
    items = list({item.abs_id: item for item in items if item.num_audio_files > 0}.values())
    if not items:
        return Saved(0, 0)
    one_at_a_time(connection)
    found = _known(connection, items)
    items = [item for item in items if item.abs_id not in found or not is_overtaken(found[item.abs_id], item, now)]
    known = {item.abs_id: found[item.abs_id] for item in items if item.abs_id in found}
    returned = _returned(connection, [item for item in items if item.abs_id not in known])
    reads = [_read(item, known.get(item.abs_id) or returned.get(item.abs_id), now) for item in items]
    listed = listed or {}
    fresh = [read for read in reads if read.known is None]
    again = [read for read in reads if read.known is not None]
    _insert(connection, fresh, listed, now)
    _update(connection, again, listed, now)
    _note_changes(connection, again, now)
    ids = _ids(connection, [read.item.abs_id for read in fresh])
    to_tie = [
        Tied(
            read.item.abs_id,
            ids[read.item.abs_id] if read.known is None else read.known.book_id,
            read.people,
            read.reading.series,
            read.reading.authors_changed,
            read.reading.series_changed,
        )
        for read in reads
        if read.reading.authors_changed or read.reading.series_changed
    ]
    tie(connection, to_tie, now, fresh=set(ids.values()))
    return Saved(
        new=len(fresh) + len(again) - len(known),
        changed=len(known),
        returned=sum(book.readded for book in returned.values()),
        edits=sum(len(read.reading.edits) for read in again),
    )


def note_written(connection: Connection, book_id: int, item: LibraryItem, now: datetime) -> None:
    """Note the age of an item as it was read after we wrote to it, so that no older copy of it is stored over it. The
    next read of the library asks for it again, whatever its list shows then."""
    connection.execute(
        update(Book)
        .where(Book.id == book_id)
        .values(
            abs_updated_at=func.greatest(Book.abs_updated_at, item.updated_at),
            last_seen_at=func.greatest(Book.last_seen_at, now),
            abs_mark="",
        )
    )


def _read(item: LibraryItem, known: StoredBook | None, now: datetime) -> _Read:
    people = people_in(item.authors)
    # Whom nobody can look up is still shown: "Various" stays the author's name, without a person behind it.
    shown = people or item.authors
    reading = read_first(item, shown, now) if known is None else read_again(known, item, shown, now)
    return _Read(item, people, known, reading)


# --- what is known --------------------------------------------------------------------------------------------------

_KNOWN_COLUMNS = (
    Book.id,
    Book.abs_id,
    *(getattr(Book, name) for name in FIELDS),
    Book.authors,
    Book.narrators,
    Book.stands_alone,
    Book.locked_fields,
    Book.metadata_source,
    Book.metadata_times,
    Book.abs_values,
    Book.abs_written,
    Book.abs_mark,
    Book.abs_updated_at,
    Book.last_seen_at,
)


def _known(connection: Connection, items: Sequence[LibraryItem]) -> dict[str, StoredBook]:
    """What we have of these items, locked: a correction that is made meanwhile waits, and is not lost."""
    wanted = [item.abs_id for item in items]
    statement = select(*_KNOWN_COLUMNS).where(Book.abs_id.in_(wanted)).order_by(Book.id).with_for_update()
    return {row.abs_id: _known_book(row) for row in connection.execute(statement)}


def _known_book(row: Row[Any], *, readded: bool = False) -> StoredBook:
    found = row._mapping
    return StoredBook(
        book_id=found["id"],
        values={name: found[name] for name in FIELDS},
        sources=found["metadata_source"],
        times=found["metadata_times"],
        shown=found["abs_values"],
        written=found["abs_written"],
        locked=found["locked_fields"],
        authors=found["authors"],
        narrators=found["narrators"],
        stands_alone=found["stands_alone"],
        listed=found["abs_mark"] is not None,
        readded=readded,
        updated_at=found["abs_updated_at"],
        seen_at=found["last_seen_at"],
    )


def _returned(connection: Connection, items: Sequence[LibraryItem]) -> dict[str, StoredBook]:
    """Former books that these unknown items are, by the items' ids."""
    outside = select(Book.id).where(Book.status.in_(("archived", "discovered"))).limit(1)
    if not items or connection.execute(outside).first() is None:
        return {}
    arrivals = [_arrival(item) for item in items]
    rows = connection.execute(
        text(
            """
            WITH arrived AS (
                SELECT * FROM unnest(CAST(:libraries AS text[]), CAST(:paths AS text[]),
                                     CAST(:titles AS text[]), CAST(:authors AS text[]))
                              AS a (library_id, rel_path, title_key, author_key)
            ), former AS (
                SELECT b.id FROM arrived JOIN books b USING (library_id, rel_path) WHERE b.status = 'archived'
                UNION
                SELECT b.id FROM arrived a JOIN books b USING (title_key, author_key)
                WHERE a.title_key <> '' AND a.author_key <> ''
                  AND (b.status = 'archived' OR (b.status = 'discovered' AND b.abs_id IS NULL))
            )
            SELECT id, status, archived_at, library_id, rel_path, title_key, author_key, narrators, duration_minutes,
                   abridged, series_number, subtitle, language
            FROM books WHERE id IN (SELECT id FROM former) ORDER BY id FOR UPDATE
            """
        ),
        {
            "libraries": [one.library_id for one in arrivals],
            "paths": [one.rel_path for one in arrivals],
            "titles": [one.title_key for one in arrivals],
            "authors": [one.author_key for one in arrivals],
        },
    )
    formers = [_former(row) for row in rows]
    found = find_returned(arrivals, formers)
    if not found:
        return {}
    gone = {former.recording.key for former in formers if former.archived_at is not None}
    books = connection.execute(select(*_KNOWN_COLUMNS).where(Book.id.in_(found.values())))
    by_id = {row.id: _known_book(row, readded=row.id in gone) for row in books}
    return {str(abs_id): by_id[book_id] for abs_id, book_id in found.items()}


def _arrival(item: LibraryItem) -> LibraryRecording:
    people = people_in(item.authors)
    return LibraryRecording(
        key=item.abs_id,
        title_key=_title_key(item.title),
        author_key=person_key(people[0]) if people else "",
        narrators=frozenset(map(person_key, item.narrators)),
        minutes=None if item.duration_seconds is None else item.duration_seconds / 60,
        abridged=item.abridged,
        position=item.series[0].position if item.series else None,
        subtitle=item.subtitle,
        language=item.language,
        library_id=item.library_id,
        rel_path=item.rel_path,
    )


def _former(row: Row[Any]) -> Former:
    return Former(recording_of(row), row.archived_at if row.status == "archived" else None)


def recording_of(row: Row[Any]) -> LibraryRecording:
    """A row of books (the columns that tell recordings apart) as the domain compares it."""
    return LibraryRecording(
        key=row.id,
        title_key=row.title_key,
        author_key=row.author_key,
        narrators=frozenset(map(person_key, row.narrators)),
        minutes=row.duration_minutes,
        abridged=row.abridged,
        position=row.series_number,
        subtitle=row.subtitle,
        language=row.language,
        library_id=row.library_id,
        rel_path=row.rel_path,
    )


def _ids(connection: Connection, abs_ids: Sequence[str]) -> dict[str, int]:
    if not abs_ids:
        return {}
    statement = text("SELECT abs_id, id FROM books WHERE abs_id = ANY(CAST(:ids AS text[]))")
    return {row.abs_id: row.id for row in connection.execute(statement, {"ids": list(abs_ids)})}


# --- what becomes of it ---------------------------------------------------------------------------------------------


def _title_key(title: str | None) -> str:
    return normalise_title(title)[:LONGEST_KEY] if title else ""


def _row(read: _Read, mark: str | None, now: datetime) -> tuple[Any, ...]:
    """The values of `_COLUMNS`."""
    item, reading = read.item, read.reading
    values = reading.values
    return (
        *(values[name] for name in FIELDS),
        item.abs_id,
        item.library_id,
        item.path,
        item.rel_path,
        _title_key(values["title"]),
        person_key(reading.authors[0]) if reading.authors else "",
        reading.authors,
        reading.narrators,
        list(item.genres),
        item.abridged,
        item.explicit,
        item.size_bytes,
        item.num_audio_files,
        item.is_missing,
        item.is_invalid,
        reading.completeness,
        dumps(reading.sources),
        dumps(reading.times),
        dumps(reading.shown),
        dumps(reading.written),
        mark,
        reading.locked,
        item.added_at,
        item.updated_at,
        now,
        now,
    )


def _insert(connection: Connection, reads: Sequence[_Read], listed: Mapping[str, str], now: datetime) -> None:
    if not reads:
        return
    rows = ((*_row(read, listed.get(read.item.abs_id), now), read.item.added_at) for read in reads)
    copy_rows(connection, "books", (*_COLUMNS, "date_added"), rows)


def _update(connection: Connection, reads: Sequence[_Read], listed: Mapping[str, str], now: datetime) -> None:
    """By way of a temporary table with the columns that a read writes. A duplicate stays one until somebody looks."""
    if not reads:
        return
    columns = ", ".join(("id", *_COLUMNS))
    connection.execute(
        text(f"CREATE TEMPORARY TABLE read_items ON COMMIT DROP AS SELECT {columns} FROM books WITH NO DATA")
    )
    rows = (
        (read.known.book_id, *_row(read, listed.get(read.item.abs_id), now)) for read in reads if read.known is not None
    )
    copy_rows(connection, "read_items", ("id", *_COLUMNS), rows)
    changes = ", ".join(f"{name} = read_items.{name}" for name in _COLUMNS if name != "abs_mark")
    connection.execute(
        text(
            f"""
            UPDATE books SET {changes}, archived_at = NULL,
                   abs_mark = coalesce(read_items.abs_mark, books.abs_mark),
                   status = CASE books.status WHEN 'duplicate' THEN 'duplicate' ELSE 'active' END
            FROM read_items WHERE books.id = read_items.id
            """
        )
    )
    connection.execute(text("DROP TABLE read_items"))


def _note_changes(connection: Connection, reads: Sequence[_Read], now: datetime) -> None:
    """Keep what persons edited, and what an item that came back shows differently."""
    columns = (
        "book_id",
        "field_name",
        "old_value",
        "new_value",
        "old_source",
        "source",
        "reason",
        "correction_date",
        "corrected_by",
    )
    rows: list[tuple[Any, ...]] = []
    for read in reads:
        if read.known is None:
            continue
        edits, shown_again = read.reading.edits, read.reading.shown_again
        came_back = "shown by the item that was added again" if read.known.readded else "shown after a restore"
        rows += [(*_change(read.known, edit), "Manual", "changed in Audiobookshelf", now, EDITOR) for edit in edits]
        rows += [(*_change(read.known, one), "Audiobookshelf", came_back, now, "books") for one in shown_again]
    if rows:
        copy_rows(connection, "metadata_corrections", columns, rows)


def _change(known: StoredBook, edit: Edit) -> tuple[Any, ...]:
    old_source = None if edit.old is None else known.sources.get(edit.field)
    return known.book_id, edit.field, edit.old, edit.new, old_source
