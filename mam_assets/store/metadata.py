"""What is known of a book before a look-up, what sources said of it, and every change made to its fields.

Belongs here: SQL on the fields of books and on metadata_answers. Does not belong here: which books are due
(metadata_due), undoing and locking (corrections), writing to Audiobookshelf (metadata_writing), what is said of many
books at once (metadata_report), the rows of series and authors (memberships).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, cast, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Text

from mam_assets.domain.books import SeriesRef, Work
from mam_assets.domain.completeness import asks_for_series, completeness
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.library import LONGEST_KEY
from mam_assets.domain.matching import Answer, Candidate, RecordingFacts
from mam_assets.domain.metadata import Change, names_in
from mam_assets.domain.names import normalise_person, normalise_title
from mam_assets.domain.rereading import FIELDS
from mam_assets.domain.searching import shares_a_word
from mam_assets.domain.shown import Shown
from mam_assets.store import tables as t
from mam_assets.store.memberships import link_authors, link_series, one_at_a_time, unlink_series

_MOST_RELEASES = 300


@dataclass(frozen=True)
class BookForLookup:
    """A book with the values, sources and locks that a correction needs. ``answered`` are the sources that have spoken
    of it, with their own id of what was matched; ``waiting`` the services that could not be asked; ``failed`` when a
    service (or the writing, `metadata_due.WRITING`) last answered badly about this very book. ``unconfirmed``:
    something is to be sent to Audiobookshelf, or was and is not known to have arrived. ``former_series``: what its
    series was called before it was corrected."""

    book_id: int
    abs_id: str | None
    title: str | None
    authors: tuple[str, ...]
    values: dict[str, Any]
    sources: dict[str, str]
    locked: tuple[str, ...]
    stands_alone: bool | None
    narrators: tuple[str, ...] = ()
    size_bytes: int | None = None
    abridged: bool = False
    waiting: tuple[str, ...] = ()
    failed: dict[str, datetime] = field(default_factory=dict)
    unconfirmed: bool = False
    former_series: tuple[str, ...] = ()
    abs_values: dict[str, Shown | None] = field(default_factory=dict)
    abs_written: dict[str, Shown | None] = field(default_factory=dict)
    answered: dict[str, str | None] = field(default_factory=dict)

    @property
    def work(self) -> Work:
        """The book as identity sees it."""
        values = self.values
        return Work(
            title=self.title or "",
            authors=self.authors,
            series=SeriesRef(values["series"], values.get("series_number")) if values.get("series") else None,
            isbn=normalise_isbn(values.get("isbn")),
            asin=normalise_asin(values.get("asin")),
            published=str(values["published_year"]) if values.get("published_year") else None,
            language=values.get("language"),
        )

    @property
    def recording(self) -> RecordingFacts:
        """What tells this recording from another one."""
        minutes = self.values.get("duration_minutes")
        return RecordingFacts(self.narrators, minutes, self.values.get("asin"), self.size_bytes, self.abridged)

    @property
    def shown(self) -> dict[str, Shown | None]:
        """Our values in the form of `domain.shown.shown_values`."""
        values: dict[str, Shown | None] = {
            name: str(self.values[name])
            for name in FIELDS
            if name not in ("author", "narrator", "series", "series_number", "duration_minutes")
            and self.values.get(name) not in (None, "")
        }
        lists: dict[str, list[str]] = {"author": list(self.authors), "narrator": list(self.narrators)}
        values |= {name: names for name, names in lists.items() if names}
        if self.values.get("series"):
            values["series"] = [self.values["series"]]
            if self.values.get("series_number"):
                values["series_number"] = [self.values["series_number"]]
        return values


def book_for_lookup(connection: Connection, book_id: int) -> BookForLookup:
    """One book as it is now. Raises LookupError where there is none."""
    found = books_by_id(connection, [book_id])
    if not found:
        raise LookupError(f"there is no book {book_id}")
    return found[0]


def hold_book(connection: Connection, book_id: int) -> BookForLookup:
    """One book as it is now, kept for this transaction: a person's word waits until it ends. Raises LookupError where
    there is none."""
    one_at_a_time(connection)
    connection.execute(select(t.Book.id).where(t.Book.id == book_id).with_for_update())
    return book_for_lookup(connection, book_id)


def books_by_id(connection: Connection, book_ids: Sequence[int]) -> list[BookForLookup]:
    """These books, in this order."""
    place = {book_id: number for number, book_id in enumerate(book_ids)}
    statement = select(*t.Book.__table__.c).where(t.Book.id.in_(place))
    rows = sorted(connection.execute(statement).all(), key=lambda row: place[row.id])
    correction = t.MetadataCorrection
    former: dict[int, list[str]] = {}
    for change in connection.execute(
        select(correction.book_id, correction.old_value)
        .where(correction.book_id.in_(place), correction.field_name == "series", correction.old_value.is_not(None))
        .order_by(correction.id.desc())
    ):
        former.setdefault(change.book_id, []).append(change.old_value)
    answers = connection.execute(
        select(
            t.MetadataAnswer.book_id, t.MetadataAnswer.source, t.MetadataAnswer.verdict, t.MetadataAnswer.source_key
        ).where(t.MetadataAnswer.book_id.in_(place))
    ).all()
    answered: dict[int, dict[str, str | None]] = {}
    for answer in answers:
        key = answer.source_key if answer.verdict == "matched" else None
        answered.setdefault(answer.book_id, {})[answer.source] = key
    return [
        BookForLookup(
            book_id=row.id,
            abs_id=row.abs_id,
            title=row.title,
            authors=tuple(row.authors),
            values={name: getattr(row, name) for name in FIELDS},
            sources=dict(row.metadata_source),
            locked=tuple(row.locked_fields),
            stands_alone=row.stands_alone,
            narrators=tuple(row.narrators),
            size_bytes=row.size_bytes,
            abridged=row.abridged,
            waiting=tuple(row.metadata_waiting),
            failed={service: datetime.fromisoformat(at) for service, at in row.metadata_failed.items()},
            unconfirmed=row.abs_unconfirmed,
            former_series=tuple(former.get(row.id, ())),
            abs_values=dict(row.abs_values),
            abs_written=dict(row.abs_written),
            answered=answered.get(row.id, {}),
        )
        for row in rows
    ]


def releases_of(connection: Connection, book: BookForLookup) -> list[Candidate]:
    """What MAM is known to offer by this book's authors under a title that shares a word with it. The release that the
    book was imported from is among them, whatever it is called, and marked."""
    keys = sorted(filter(None, (normalise_person(name) for name in book.authors)))
    rows = connection.execute(
        text(
            """
            SELECT r.guid, r.title, r.authors, r.narrators, r.series, r.language, r.isbn, r.asin, r.abridged,
                   r.runtime_seconds, r.size_bytes,
                   EXISTS (SELECT FROM downloads d WHERE d.release_id = r.id AND d.book_id = :book
                           AND d.abs_import_status = 'imported') AS imported
            FROM releases r
            WHERE r.source = 'MAM' AND r.medium = 'audiobook' AND r.author_keys && CAST(:keys AS text[])
            ORDER BY r.last_seen DESC, r.id
            LIMIT :most
            """
        ),
        {"keys": keys, "book": book.book_id, "most": _MOST_RELEASES},
    )
    return [
        Candidate(
            source="MAM",
            key=row.guid,
            title=row.title,
            authors=tuple(row.authors),
            values={
                "narrator": ", ".join(row.narrators),
                "language": row.language,
                "isbn": row.isbn,
                "asin": row.asin,
            },
            series=tuple(SeriesRef(entry["name"], entry.get("position")) for entry in row.series),
            recording=RecordingFacts(
                tuple(row.narrators),
                row.runtime_seconds / 60 if row.runtime_seconds else None,
                row.asin,
                row.size_bytes,
                row.abridged,
            ),
            imported_from=row.imported,
        )
        for row in rows
        if row.imported or shares_a_word(book.title or "", row.title)
    ]


# --- what a look-up leaves behind ---------------------------------------------------------------------------------


def keep_answers(connection: Connection, book_id: int, answers: Sequence[Answer], now: datetime) -> None:
    """Keep what each source said last, used or refused."""
    if not answers:
        return
    statement = upsert(t.MetadataAnswer).values(
        [
            {
                "book_id": book_id,
                "source": answer.source,
                "verdict": answer.verdict,
                "source_key": answer.key,
                "evidence": answer.evidence,
                "values": dict(answer.values),
                "asked_at": now,
            }
            for answer in answers
        ]
    )
    kept = {name: statement.excluded[name] for name in ("verdict", "source_key", "evidence", "values", "asked_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["book_id", "source"], set_=kept))


def looked_up(
    connection: Connection,
    book_id: int,
    now: datetime | None,
    *,
    waiting: Collection[str] = (),
    failed: Mapping[str, datetime] | None = None,
    stands_alone: bool = False,
) -> None:
    """Note that sources were asked about a book, whatever they said, and which services it still waits for. Without a
    time none could be asked. ``failed``: which of these answered badly about this very book, and when.
    ``stands_alone``: a source that lists series has named none.

    Only a look-up says what a book waits for, so that the list is set whole; writing has a mark of its own.
    """
    values: dict[str, Any] = {"metadata_waiting": sorted(waiting)}
    if failed is not None:
        values["metadata_failed"] = {service: at.isoformat() for service, at in failed.items()}
    if now is not None:
        values["last_metadata_update"] = now
    if stands_alone:
        values["stands_alone"] = case((func.coalesce(t.Book.series, "") == "", True), else_=t.Book.stands_alone)
    connection.execute(update(t.Book).where(t.Book.id == book_id).values(**values))
    if stands_alone:
        measure(connection, book_id)


def apply(
    connection: Connection,
    book: BookForLookup,
    changes: Sequence[Change],
    now: datetime,
    *,
    by: str,
    run_id: str | None = None,
) -> None:
    """Change a book's fields and keep each change as a row that can be reverted."""
    if not changes:
        return
    values = {change.field: change.new for change in changes}
    set_fields(connection, book.book_id, values, {change.field: change.source for change in changes}, now)
    connection.execute(
        insert(t.MetadataCorrection),
        [
            {
                "book_id": book.book_id,
                "field_name": change.field,
                "old_value": None if change.old is None else str(change.old),
                "old_source": None if change.old is None else book.sources.get(change.field),
                "new_value": change.new,
                "source": change.source,
                "reason": change.reason,
                "correction_date": now,
                "corrected_by": by,
                "run_id": run_id,
            }
            for change in changes
        ],
    )


def set_fields(
    connection: Connection,
    book_id: int,
    values: Mapping[str, str | None],
    sources: Mapping[str, str | None],
    now: datetime,
) -> None:
    """Give fields of a book a value (None empties), with its source (None: not known), and keep what hangs on them in
    step: keys, the rows of authors and series, and how complete the book is. Keeps no history."""
    # Before the book's own row, as the library's reader takes them: the other way round the two would block each other.
    one_at_a_time(connection)
    columns: dict[str, Any] = {name: typed(name, value) for name, value in values.items()}
    if "title" in values:
        columns["title_key"] = normalise_title(values["title"] or "")[:LONGEST_KEY]
    if "narrator" in values:
        columns["narrators"] = list(names_in(values["narrator"]))
    if "author" in values:
        columns["authors"] = list(names_in(values["author"]))
    if values.get("series"):
        columns["stands_alone"] = False
    told = {name: source for name, source in sources.items() if source is not None}
    unknown = cast([name for name, source in sources.items() if source is None], ARRAY(Text))
    times = {name: now.isoformat() for name in values}
    connection.execute(
        update(t.Book)
        .where(t.Book.id == book_id)
        .values(
            **columns,
            metadata_source=t.Book.metadata_source.op("-")(unknown).op("||")(cast(told, JSONB)),
            metadata_times=t.Book.metadata_times.op("||")(cast(times, JSONB)),
            date_updated=now,
        )
    )
    if "author" in values:
        link_authors(connection, book_id, names_in(values["author"]), now)
    if "series" in values or "series_number" in values:
        row = connection.execute(
            select(t.Book.series, t.Book.series_number, t.Book.metadata_source).where(t.Book.id == book_id)
        ).one()
        if row.series:
            source = row.metadata_source.get("series") or "Manual"
            link_series(connection, book_id, row.series, row.series_number, source=source, now=now)
        else:
            unlink_series(connection, book_id)
    measure(connection, book_id)


def measure(connection: Connection, book_id: int) -> None:
    """How complete a book is now."""
    row = connection.execute(select(*t.Book.__table__.c).where(t.Book.id == book_id)).one()
    share = completeness(
        {name: getattr(row, name) for name in FIELDS},
        in_series=asks_for_series(row.series, row.stands_alone),
        locked=row.locked_fields,
    )
    connection.execute(update(t.Book).where(t.Book.id == book_id).values(metadata_completeness_percent=share))


def typed(name: str, value: str | None) -> Any:
    """A field's text as its column holds it."""
    if value is None:
        return None
    if name == "published_year":
        return int(value)
    if name == "duration_minutes":
        return float(value)
    return value
