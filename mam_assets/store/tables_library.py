"""Tables of what is owned and what exists: books, series, authors, their catalogues, the history of corrections.

Does not belong here: the pursuit of what is missing (tables_acquisition), how the system runs (tables_operation).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from mam_assets.store import vocabulary as words
from mam_assets.store.base import Base, Bytes, Count, Document, Key, Moment, Off, Texts, one_of, reference


class Author(Base):
    """An author, with how complete the library is."""

    __tablename__ = "authors"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    name_key: Mapped[str] = mapped_column(index=True, server_default="", comment="normalised name, for matching")
    aliases: Mapped[Texts] = mapped_column(comment="pen names and other spellings")
    goodreads_id: Mapped[str | None] = mapped_column(index=True)
    google_books_id: Mapped[str | None]
    mam_author_id: Mapped[str | None]
    total_audiobooks_external: Mapped[Count] = mapped_column(comment="works that exist as audiobooks, by all sources")
    audiobooks_owned: Mapped[Count]
    audiobooks_missing: Mapped[Count]
    completion_status: Mapped[str] = mapped_column(server_default="unknown")
    last_completion_check: Mapped[datetime | None] = mapped_column(index=True)
    date_created: Mapped[Moment]
    date_updated: Mapped[Moment]

    __table_args__ = (
        one_of("completion_status", words.COMPLETION_STATUSES),
        {"comment": "Authors of the library, and how complete each is"},
    )


class Series(Base):
    """A series, unique by normalised name and author identity."""

    __tablename__ = "series"

    id: Mapped[Key]
    name: Mapped[str]
    author: Mapped[str | None] = mapped_column(comment="the author as shown")
    author_id: Mapped[int | None] = reference("authors.id")
    name_key: Mapped[str] = mapped_column(comment="normalised name")
    author_key: Mapped[str] = mapped_column(server_default="", comment="normalised author, empty where unknown")
    goodreads_id: Mapped[str | None] = mapped_column(index=True)
    total_books_in_series: Mapped[Count] = mapped_column(comment="main works that exist; novellas are not counted")
    books_owned: Mapped[Count]
    books_missing: Mapped[Count]
    completion_percentage: Mapped[float | None] = mapped_column(comment="0 to 100; null until the catalogue is known")
    completion_status: Mapped[str] = mapped_column(server_default="unknown")
    last_completion_check: Mapped[datetime | None] = mapped_column(index=True)
    check_failed_at: Mapped[datetime | None] = mapped_column(comment="last attempt that gave no whole catalogue")
    check_problem: Mapped[str | None] = mapped_column(comment="why it gave none")
    date_created: Mapped[Moment]
    date_updated: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("name_key", "author_key"),
        one_of("completion_status", words.COMPLETION_STATUSES),
        CheckConstraint("completion_percentage BETWEEN 0 AND 100", name="completion_percentage"),
        {"comment": "Series with at least one book, and how complete each is"},
    )


class SeriesName(Base):
    """A spelling under which some source knows a series."""

    __tablename__ = "series_names"

    id: Mapped[Key]
    series_id: Mapped[int] = reference("series.id", index=False)
    name: Mapped[str] = mapped_column(comment="as the source writes it")
    name_key: Mapped[str] = mapped_column(index=True, server_default="", comment="normalised name")
    source: Mapped[str]

    __table_args__ = (
        UniqueConstraint("series_id", "name", "source"),
        one_of("source", words.SOURCES),
        {"comment": "Spellings of series: the same series under two names is one series"},
    )


class Book(Base):
    """A book: in the library (`active`), seen elsewhere (`discovered`) or gone (`archived`, never deleted)."""

    __tablename__ = "books"

    id: Mapped[Key]
    abs_id: Mapped[str | None] = mapped_column(unique=True, comment="Audiobookshelf item; null while only discovered")
    library_id: Mapped[str | None] = mapped_column(comment="Audiobookshelf library")
    path: Mapped[str | None] = mapped_column(comment="folder as Audiobookshelf sees it")
    rel_path: Mapped[str | None]
    title: Mapped[str | None] = mapped_column(comment="null: Audiobookshelf knows items without a title")
    title_key: Mapped[str] = mapped_column(server_default="", comment="normalised title")
    subtitle: Mapped[str | None]
    author: Mapped[str | None] = mapped_column(comment="authors joined, for showing; the rows are in book_authors")
    author_key: Mapped[str] = mapped_column(server_default="", comment="normalised first author")
    authors: Mapped[Texts]
    series: Mapped[str | None] = mapped_column(comment="first series, for showing; the rows are in book_series")
    series_number: Mapped[str | None] = mapped_column(comment="position as text: 1, 0.5, 1-3, 2p1")
    stands_alone: Mapped[bool | None] = mapped_column(comment="true: known to be in no series; null: not known")
    isbn: Mapped[str | None] = mapped_column(index=True)
    asin: Mapped[str | None] = mapped_column(index=True)
    narrator: Mapped[str | None] = mapped_column(comment="narrators joined, for showing")
    narrators: Mapped[Texts]
    publisher: Mapped[str | None]
    published_year: Mapped[int | None]
    duration_minutes: Mapped[float | None]
    language: Mapped[str | None]
    description: Mapped[str | None]
    genres: Mapped[Texts]
    abridged: Mapped[Off]
    explicit: Mapped[Off]
    size_bytes: Mapped[Bytes | None]
    num_audio_files: Mapped[Count]
    is_missing: Mapped[Off] = mapped_column(comment="Audiobookshelf no longer finds the files")
    is_invalid: Mapped[Off]
    metadata_completeness_percent: Mapped[float] = mapped_column(server_default=text("0"), comment="0 to 100")
    last_metadata_update: Mapped[datetime | None] = mapped_column(comment="last time sources were asked")
    metadata_waiting: Mapped[Texts] = mapped_column(
        comment="services that could not be asked; such books are first next time"
    )
    metadata_failed: Mapped[Document] = mapped_column(
        comment="service, or write_back → time at which its answer about this very book was bad, ISO 8601"
    )
    metadata_source: Mapped[Document] = mapped_column(comment="field → source of its value")
    metadata_times: Mapped[Document] = mapped_column(comment="field → time at which its value was set, ISO 8601")
    abs_values: Mapped[Document] = mapped_column(comment="field → value that Audiobookshelf showed last")
    abs_written: Mapped[Document] = mapped_column(comment="field → value that we last sent there, or are about to")
    abs_unconfirmed: Mapped[Off] = mapped_column(
        comment="something is to be sent there, or was and is not known to have arrived"
    )
    abs_mark: Mapped[str | None] = mapped_column(comment="digest of what the library's list showed of it")
    locked_fields: Mapped[Texts] = mapped_column(comment="fields that a person set; no automated writer changes them")
    import_source: Mapped[str] = mapped_column(server_default="user_import", index=True)
    status: Mapped[str] = mapped_column(server_default="active")
    duplicate_of: Mapped[int | None] = reference("books.id")
    date_added: Mapped[Moment] = mapped_column(index=True)
    date_updated: Mapped[Moment]
    abs_added_at: Mapped[datetime | None]
    abs_updated_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None] = mapped_column(comment="last library read that stored the item")
    archived_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("status", words.BOOK_STATUSES),
        one_of("import_source", words.IMPORT_SOURCES),
        CheckConstraint("metadata_completeness_percent BETWEEN 0 AND 100", name="metadata_completeness_percent"),
        CheckConstraint("duration_minutes >= 0", name="duration_minutes"),
        CheckConstraint("duplicate_of <> id", name="duplicate_of"),
        Index("ix_books_title_key_author_key", "title_key", "author_key"),
        Index("ix_books_author_key", "author_key"),
        Index("ix_books_library_id_rel_path", "library_id", "rel_path"),
        Index("ix_books_status_last_seen_at", "status", "last_seen_at"),
        Index(
            "ix_books_worst_metadata", "metadata_completeness_percent", "id", postgresql_where=text("status = 'active'")
        ),
        Index("ix_books_stale_metadata", "last_metadata_update", "id", postgresql_where=text("status = 'active'")),
        Index(
            "ix_books_waiting_metadata",
            "id",
            postgresql_where=text("metadata_waiting <> '{}'::text[] OR abs_unconfirmed"),
        ),
        {"comment": "Books of the library and books discovered elsewhere; archived, never deleted"},
    )


class BookAuthor(Base):
    """Who wrote a book, in order."""

    __tablename__ = "book_authors"

    book_id: Mapped[int] = reference("books.id", index=False, primary_key=True)
    author_id: Mapped[int] = reference("authors.id", primary_key=True)
    role: Mapped[str] = mapped_column(server_default="author")
    ordinal: Mapped[Count] = mapped_column(comment="0 is the first author")

    __table_args__ = (
        one_of("role", ("author",)),
        {"comment": "Books and their authors"},
    )


class BookSeries(Base):
    """The series that a book belongs to, with its place in each."""

    __tablename__ = "book_series"

    book_id: Mapped[int] = reference("books.id", index=False, primary_key=True)
    series_id: Mapped[int] = reference("series.id", primary_key=True)
    position: Mapped[str | None] = mapped_column(comment="as text: 1, 0.5, 1-3, 2p1; null where the source gives none")
    ordinal: Mapped[Count] = mapped_column(comment="0 is the first series")

    __table_args__ = ({"comment": "Books and their series"},)


class SeriesMerge(Base):
    """Two series that were found to be one, with the evidence. A person can undo it; it is then never done again."""

    __tablename__ = "series_merges"

    id: Mapped[Key]
    kept_id: Mapped[int] = reference("series.id")
    dropped_name: Mapped[str] = mapped_column(comment="the name of the series that was merged into the kept one")
    dropped_name_key: Mapped[str] = mapped_column(server_default="", comment="normalised name")
    dropped_author_key: Mapped[str] = mapped_column(server_default="", comment="normalised author")
    rule: Mapped[str] = mapped_column(comment="stable code of the rule that decided")
    evidence: Mapped[str] = mapped_column(comment="in words")
    moved: Mapped[Document] = mapped_column(comment="what moved: the dropped row, its books with places, its names")
    merged_at: Mapped[Moment]
    merged_by: Mapped[str | None] = mapped_column(comment="the asset, or the name of the person")
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    restored_id: Mapped[int | None] = reference("series.id", comment="the series that was made again")

    __table_args__ = (
        Index("ix_series_merges_dropped_name_key", "dropped_name_key"),
        {"comment": "Series that were merged, and why; undone by a person, a merge is not repeated"},
    )


class CatalogEntry(Base):
    """A work that a source says exists, under the series or the author it was found for, with what we judged of it."""

    __tablename__ = "catalog_entries"

    id: Mapped[Key]
    series_id: Mapped[int | None] = reference("series.id", index=False)
    author_id: Mapped[int | None] = reference("authors.id", index=False)
    source: Mapped[str]
    source_key: Mapped[str] = mapped_column(comment="the source's own id of the work")
    title: Mapped[str]
    authors: Mapped[Texts]
    series_name: Mapped[str | None]
    position: Mapped[str | None] = mapped_column(comment="place in the series, as text")
    kind: Mapped[str] = mapped_column(server_default="primary")
    published: Mapped[str | None] = mapped_column(comment="YYYY, YYYY-MM or YYYY-MM-DD")
    isbn: Mapped[str | None]
    asin: Mapped[str | None]
    goodreads_id: Mapped[str | None]
    language: Mapped[str | None]
    audiobook: Mapped[bool | None] = mapped_column(comment="true: the source shows a recording; null: it doesn't say")
    status: Mapped[str] = mapped_column(server_default="unjudged")
    rule: Mapped[str | None] = mapped_column(comment="stable code of the rule that decided")
    reason: Mapped[str | None] = mapped_column(comment="why it has this status, in words")
    same_as: Mapped[int | None] = reference("catalog_entries.id", comment="the entry that speaks for this very work")
    disagreements: Mapped[Document] = mapped_column(comment="field → what other sources say, and the rule that decided")
    counted: Mapped[Off] = mapped_column(comment="stands in the totals of its series or author")
    book_id: Mapped[int | None] = reference("books.id", comment="the book that covers it")
    first_seen: Mapped[Moment]
    last_seen: Mapped[Moment]

    __table_args__ = (
        CheckConstraint("num_nonnulls(series_id, author_id) >= 1", name="owner"),
        one_of("source", words.SOURCES),
        one_of("kind", words.CATALOG_KINDS),
        one_of("status", words.CATALOG_STATUSES),
        Index(
            "uq_catalog_entries_of_series",
            "series_id",
            "source",
            "source_key",
            unique=True,
            postgresql_where=text("series_id IS NOT NULL"),
        ),
        Index(
            "uq_catalog_entries_of_author",
            "author_id",
            "source",
            "source_key",
            unique=True,
            postgresql_where=text("author_id IS NOT NULL"),
        ),
        Index("ix_catalog_entries_series_id_status", "series_id", "status"),
        Index("ix_catalog_entries_author_id_status", "author_id", "status"),
        Index("ix_catalog_entries_last_seen", "last_seen"),
        {"comment": "What exists: the catalogue of each series and each author, with our verdict"},
    )


class MetadataAnswer(Base):
    """What one source last said of one book, and whether it was surely the same work: the newest answer only."""

    __tablename__ = "metadata_answers"

    book_id: Mapped[int] = reference("books.id", index=False, primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    source_key: Mapped[str | None] = mapped_column(comment="the source's own id of what it answered")
    evidence: Mapped[str] = mapped_column(server_default="", comment="why it is, or isn't, this work, in words")
    values_: Mapped[Document] = mapped_column("values", comment="field → value that it suggests")
    asked_at: Mapped[Moment]

    __table_args__ = (
        one_of("source", words.CORRECTION_SOURCES),
        one_of("verdict", words.ANSWER_VERDICTS),
        Index("ix_metadata_answers_source_asked_at", "source", "asked_at"),
        {"comment": "What each source last said of each book"},
    )


class MetadataCorrection(Base):
    """One change of one field of one book. A revert is marked here and is itself another row."""

    __tablename__ = "metadata_corrections"

    id: Mapped[Key]
    book_id: Mapped[int] = reference("books.id", index=False)
    field_name: Mapped[str]
    old_value: Mapped[str | None]
    new_value: Mapped[str | None]
    source: Mapped[str]
    reason: Mapped[str | None]
    correction_date: Mapped[Moment] = mapped_column(index=True)
    corrected_by: Mapped[str | None] = mapped_column(comment="the asset, or the name of the person")
    run_id: Mapped[str | None] = mapped_column(index=True, comment="Dagster run that made it; null: a person")
    old_source: Mapped[str | None] = mapped_column(comment="whose the old value was; null: empty, or not known")
    reverts: Mapped[int | None] = reference("metadata_corrections.id", comment="the correction that this row undoes")
    reverted_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("source", words.CORRECTION_SOURCES),
        one_of("old_source", words.CORRECTION_SOURCES),
        Index("ix_metadata_corrections_book_id_correction_date", "book_id", "correction_date"),
        {"comment": "Every change of metadata, kept 30 days; a book's last change of series for ever"},
    )


class GenreSetting(Base):
    """A genre, whether it is watched, and which MAM categories it means."""

    __tablename__ = "genre_settings"

    id: Mapped[Key]
    genre_name: Mapped[str] = mapped_column(unique=True)
    enabled: Mapped[Off]
    include_in_top10: Mapped[bool] = mapped_column(server_default=text("true"))
    mam_categories: Mapped[list[int]] = mapped_column(
        ARRAY(Integer), server_default=text("'{}'::integer[]"), comment="MAM's category numbers of audiobooks"
    )
    last_top10_run: Mapped[datetime | None]
    top10_count: Mapped[int] = mapped_column(server_default=text("10"), comment="how many ranks are kept")
    date_created: Mapped[Moment]
    date_updated: Mapped[Moment]

    __table_args__ = (
        CheckConstraint("top10_count BETWEEN 0 AND 10", name="top10_count"),
        {"comment": "Genres of the weekly top ten and the daily scan"},
    )
