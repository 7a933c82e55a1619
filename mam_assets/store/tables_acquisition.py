"""Tables of the pursuit: gaps, releases and the decision on each, downloads, files put in place, the weekly top ten.

Does not belong here: what is owned or exists (tables_library), how the system runs (tables_operation).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Double, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mam_assets.store import vocabulary as words
from mam_assets.store.base import Base, Bytes, Count, Document, Key, Moment, Off, Texts, one_of, reference

_REASONS = ", ".join(f"'{reason}'" for reason in words.MISSING_REASONS)


class MissingBook(Base):
    """A gap: a work that is wanted and not owned. One open row per work; closed rows stay as history."""

    __tablename__ = "missing_books"

    id: Mapped[Key]
    work_key: Mapped[str] = mapped_column(comment="identity of the work; unique among open gaps")
    book_id: Mapped[int | None] = reference("books.id", comment="the book that filled the gap, or a discovered one")
    series_id: Mapped[int | None] = reference("series.id")
    author_id: Mapped[int | None] = reference("authors.id")
    requested_by: Mapped[int | None] = reference("users.id", comment="who asked, for reason request")
    title: Mapped[str]
    author_name: Mapped[str | None]
    authors: Mapped[Texts]
    series_name: Mapped[str | None]
    series_number: Mapped[str | None] = mapped_column(comment="position as text")
    kind: Mapped[str] = mapped_column(server_default="primary")
    reason_missing: Mapped[str] = mapped_column(comment="the first reason")
    reasons: Mapped[Texts] = mapped_column(comment="every reason; a work wanted twice is one row")
    isbn: Mapped[str | None]
    asin: Mapped[str | None]
    goodreads_id: Mapped[str | None]
    other_titles: Mapped[Texts] = mapped_column(comment="titles under which sources also know the work")
    language: Mapped[str | None]
    published: Mapped[str | None] = mapped_column(comment="YYYY, YYYY-MM or YYYY-MM-DD")
    expected_runtime_seconds: Mapped[float | None]
    identified_date: Mapped[Moment]
    closed_date: Mapped[datetime | None] = mapped_column(comment="null while the gap is open")
    download_status: Mapped[str] = mapped_column(server_default="identified")
    hold_reason: Mapped[str | None] = mapped_column(comment="what a person has to decide")
    download_id: Mapped[int | None] = reference("downloads.id", use_alter=True, comment="the current attempt")
    priority: Mapped[int] = mapped_column(server_default=text("2"), comment="1 first, 3 last")
    keys_rules: Mapped[int] = mapped_column(
        server_default=text("0"), index=True, comment="version of the rules that made its keys; 0: to be made"
    )
    same_as: Mapped[int | None] = reference(
        "missing_books.id", comment="the gap for the very same work, for which this one was closed"
    )

    __table_args__ = (
        one_of("reason_missing", words.MISSING_REASONS),
        CheckConstraint(f"reasons <@ ARRAY[{_REASONS}]::text[]", name="reasons"),
        one_of("download_status", words.MISSING_STATUSES),
        one_of("kind", words.CATALOG_KINDS),
        CheckConstraint("priority BETWEEN 1 AND 3", name="priority"),
        Index("uq_missing_books_open_work", "work_key", unique=True, postgresql_where=text("closed_date IS NULL")),
        Index(
            "ix_missing_books_open",
            "download_status",
            "priority",
            "identified_date",
            postgresql_where=text("closed_date IS NULL"),
        ),
        Index("ix_missing_books_identified_date", "identified_date"),
        {"comment": "Gaps: works that are wanted and not owned"},
    )


class Release(Base):
    """What a tracker or indexer offers, as last seen. `(source, guid)` is its identity."""

    __tablename__ = "releases"

    id: Mapped[Key]
    source: Mapped[str]
    guid: Mapped[str] = mapped_column(comment="MAM: torrent id; Prowlarr: its guid")
    title: Mapped[str]
    authors: Mapped[Texts]
    author_keys: Mapped[Texts] = mapped_column(comment="normalised authors, for finding all releases of one")
    narrators: Mapped[Texts]
    series: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb"), comment='list of {"name", "position"}'
    )
    medium: Mapped[str] = mapped_column(server_default="unknown")
    language: Mapped[str | None]
    filetype: Mapped[str | None]
    size_bytes: Mapped[Bytes | None]
    seeders: Mapped[int | None]
    leechers: Mapped[int | None]
    snatched: Mapped[int | None]
    added_at: Mapped[datetime | None] = mapped_column(index=True, comment="uploaded at the tracker")
    categories: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'::integer[]"))
    freeleech: Mapped[Off]
    vip: Mapped[Off]
    abridged: Mapped[bool | None] = mapped_column(comment="null: not known")
    dramatised: Mapped[bool | None] = mapped_column(comment="null: not known")
    runtime_seconds: Mapped[float | None]
    isbn: Mapped[str | None]
    asin: Mapped[str | None]
    tags: Mapped[str | None]
    indexer: Mapped[str | None]
    indexer_id: Mapped[int | None]
    info_hash: Mapped[str | None] = mapped_column(index=True, comment="40 hex digits, lower case")
    download_url: Mapped[str | None] = mapped_column(comment="never a link that carries a secret")
    first_seen: Mapped[Moment]
    last_seen: Mapped[Moment] = mapped_column(index=True)

    __table_args__ = (
        UniqueConstraint("source", "guid"),
        one_of("source", words.RELEASE_SOURCES),
        one_of("medium", words.MEDIA),
        Index("ix_releases_author_keys", "author_keys", postgresql_using="gin"),
        {"comment": "Releases that were seen at trackers and indexers"},
    )


class ReleaseDecision(Base):
    """The verdict on one release for one gap, with its reasons; the newest verdict replaces the older."""

    __tablename__ = "release_decisions"

    id: Mapped[Key]
    missing_book_id: Mapped[int] = reference("missing_books.id", index=False)
    release_id: Mapped[int] = reference("releases.id")
    verdict: Mapped[str]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb"), comment='list of {"code", "evidence"}'
    )
    rank: Mapped[list[float]] = mapped_column(
        ARRAY(Double), server_default=text("'{}'::double precision[]"), comment="greater is better, compared in order"
    )
    rules_version: Mapped[str]
    decided_at: Mapped[Moment]
    approved_by: Mapped[int | None] = reference("users.id", comment="who took a held release")

    __table_args__ = (
        UniqueConstraint("missing_book_id", "release_id"),
        one_of("verdict", words.VERDICTS),
        Index("ix_release_decisions_missing_book_id_verdict", "missing_book_id", "verdict"),
        {"comment": "Verdict on each candidate release of each gap"},
    )


class BlockedRelease(Base):
    """A release that must not be taken again for a gap."""

    __tablename__ = "blocked_releases"

    id: Mapped[Key]
    missing_book_id: Mapped[int] = reference("missing_books.id", index=False)
    release_id: Mapped[int | None] = reference("releases.id")
    guid_key: Mapped[str] = mapped_column(comment="guid:<source>:<guid> or hash:<info hash>")
    info_hash: Mapped[str | None] = mapped_column(index=True)
    reason: Mapped[str]
    blocked_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("missing_book_id", "guid_key"),
        {"comment": "Releases that failed for a gap or that a person blocked"},
    )


_ACTIVE = "status IN ('queued', 'downloading') OR (status = 'completed' AND abs_import_status <> 'imported')"


class Download(Base):
    """Our attempt at a release. A trigger refuses illegal moves of `status` (vocabulary.DOWNLOAD_MOVES)."""

    __tablename__ = "downloads"

    id: Mapped[Key]
    book_id: Mapped[int | None] = reference("books.id", comment="the book once it is imported")
    missing_book_id: Mapped[int | None] = reference("missing_books.id")
    release_id: Mapped[int | None] = reference("releases.id")
    requested_by: Mapped[int | None] = reference("users.id")
    title: Mapped[str]
    author: Mapped[str | None]
    source: Mapped[str]
    magnet_link: Mapped[str | None] = mapped_column(comment="without trackers that carry a secret")
    torrent_url: Mapped[str | None] = mapped_column(comment="never a link that carries a secret")
    qbittorrent_hash: Mapped[str | None] = mapped_column(comment="v1 info-hash, known before sending")
    qbittorrent_status: Mapped[str | None] = mapped_column(comment="qBittorrent's own word")
    progress: Mapped[float] = mapped_column(server_default=text("0"), comment="0 to 1")
    status: Mapped[str] = mapped_column(server_default="queued")
    waiting_reason: Mapped[str | None] = mapped_column(comment="why a queued download is not sent yet")
    failure_reason: Mapped[str | None]
    failure_code: Mapped[str | None] = mapped_column(comment="stable code, for tallies")
    retry_count: Mapped[Count]
    max_retries: Mapped[int] = mapped_column(server_default=text("3"))
    last_attempt: Mapped[datetime | None]
    next_retry: Mapped[datetime | None]
    sent_at: Mapped[datetime | None] = mapped_column(comment="handed to qBittorrent")
    fetch_attempts: Mapped[Count] = mapped_column(
        comment="times that its .torrent could not be had, since it was queued"
    )
    files_checked_at: Mapped[datetime | None] = mapped_column(
        comment="its list of files was seen and is what was promised"
    )
    last_progress_at: Mapped[datetime | None] = mapped_column(comment="stalls count from here")
    absent_since: Mapped[datetime | None] = mapped_column(
        comment="the client first did not show it; null while it does"
    )
    size_bytes: Mapped[Bytes | None]
    save_path: Mapped[str | None] = mapped_column(comment="as qBittorrent sees it")
    content_path: Mapped[str | None] = mapped_column(comment="as qBittorrent sees it")
    abs_import_status: Mapped[str] = mapped_column(server_default="pending")
    abs_import_error: Mapped[str | None]
    import_attempts: Mapped[Count]
    next_import: Mapped[datetime | None] = mapped_column(comment="not imported before; null: as soon as it is complete")
    date_queued: Mapped[Moment]
    date_completed: Mapped[datetime | None]
    date_updated: Mapped[Moment]

    __table_args__ = (
        one_of("source", words.RELEASE_SOURCES),
        one_of("status", words.DOWNLOAD_STATUSES),
        one_of("abs_import_status", words.IMPORT_STATUSES),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
        CheckConstraint("retry_count >= 0 AND max_retries >= 0", name="retry_count"),
        Index("uq_downloads_active_gap", "missing_book_id", unique=True, postgresql_where=text(_ACTIVE)),
        Index("uq_downloads_active_hash", "qbittorrent_hash", unique=True, postgresql_where=text(_ACTIVE)),
        Index("ix_downloads_due", "next_retry", postgresql_where=text("status = 'failed'")),
        Index(
            "ix_downloads_to_import",
            "date_completed",
            postgresql_where=text("status = 'completed' AND abs_import_status <> 'imported'"),
        ),
        Index("ix_downloads_status_date_queued", "status", "date_queued"),
        Index("ix_downloads_qbittorrent_hash", "qbittorrent_hash"),
        Index("ix_downloads_last_attempt", "last_attempt"),
        {"comment": "Attempts at releases, from queued to imported or abandoned"},
    )


class ImportedFile(Base):
    """A file that an import put into the library folder."""

    __tablename__ = "imported_files"

    id: Mapped[Key]
    download_id: Mapped[int] = reference("downloads.id", index=False)
    source_path: Mapped[str]
    target_path: Mapped[str]
    method: Mapped[str]
    size_bytes: Mapped[Bytes]
    imported_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("download_id", "target_path"),
        one_of("method", words.IMPORT_METHODS),
        {"comment": "Files that imports put into the library folder"},
    )


class OutboxEntry(Base):
    """What is about to be done at a service, written down first, so that a kill in between is seen and resolved."""

    __tablename__ = "outbox"

    id: Mapped[Key]
    service: Mapped[str]
    action: Mapped[str]
    key: Mapped[str] = mapped_column(comment="what it is done to: an info-hash, an item id")
    download_id: Mapped[int | None] = reference("downloads.id")
    detail: Mapped[Document] = mapped_column(comment="without secrets")
    state: Mapped[str] = mapped_column(server_default="intended")
    intended_at: Mapped[Moment]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("state", words.OUTBOX_STATES),
        Index(
            "uq_outbox_intended",
            "service",
            "action",
            "key",
            unique=True,
            postgresql_where=text("state = 'intended'"),
        ),
        Index("ix_outbox_settled_at", "settled_at"),
        {"comment": "Intentions towards services: written before sending, settled after"},
    )


class Top10Entry(Base):
    """One rank of a genre's week, with what became of it."""

    __tablename__ = "top10_entries"

    id: Mapped[Key]
    genre_id: Mapped[int] = reference("genre_settings.id", index=False)
    week: Mapped[date] = mapped_column(comment="the Sunday on which it was drawn up")
    rank: Mapped[int]
    release_id: Mapped[int | None] = reference("releases.id")
    title: Mapped[str]
    authors: Mapped[Texts]
    narrators: Mapped[Texts]
    seeders: Mapped[int | None]
    snatched: Mapped[int | None]
    size_bytes: Mapped[Bytes | None]
    outcome: Mapped[str]
    reason: Mapped[str | None] = mapped_column(comment="why it has this outcome, in words")
    missing_book_id: Mapped[int | None] = reference("missing_books.id")
    book_id: Mapped[int | None] = reference("books.id")
    other_releases: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger),
        server_default=text("'{}'::bigint[]"),
        comment="releases of the same work further down the list",
    )
    created_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("genre_id", "week", "rank"),
        one_of("outcome", words.TOP10_OUTCOMES),
        CheckConstraint("rank BETWEEN 1 AND 10", name="rank"),
        Index("ix_top10_entries_week", "week"),
        {"comment": "The week's ten most snatched new audiobooks of each genre"},
    )


class MamUpload(Base):
    """An upload that the daily scan has seen."""

    __tablename__ = "mam_uploads"

    release_id: Mapped[int] = reference("releases.id", index=False, primary_key=True)
    seen_at: Mapped[Moment] = mapped_column(index=True)
    book_id: Mapped[int | None] = reference("books.id", comment="the discovered or owned book that it is")
    missing_book_id: Mapped[int | None] = reference("missing_books.id", comment="the gap that it may fill")
    outcome: Mapped[str | None] = mapped_column(comment="what it is to us; null: not judged yet")
    reason: Mapped[str | None] = mapped_column(comment="why it has this outcome, in words")

    __table_args__ = (
        one_of("outcome", words.UPLOAD_OUTCOMES),
        {"comment": "New uploads that the daily scan has seen"},
    )


class AuthorSearch(Base):
    """When an author was last searched at a source: one search serves all of that author's gaps."""

    __tablename__ = "author_searches"

    author_id: Mapped[int] = reference("authors.id", index=False, primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    searched_at: Mapped[datetime | None] = mapped_column(comment="last whole answer; null while there was none")
    found: Mapped[Count] = mapped_column(comment="releases or works found")
    failed_at: Mapped[datetime | None] = mapped_column(comment="last attempt that gave no whole answer")
    problem: Mapped[str | None] = mapped_column(comment="why it gave none")

    __table_args__ = (
        one_of("source", words.SOURCES),
        {"comment": "Last search of each author at each source"},
    )


class GapSearch(Base):
    """When a gap was last searched, and when it is due again."""

    __tablename__ = "gap_searches"

    missing_book_id: Mapped[int] = reference("missing_books.id", index=False, primary_key=True)
    last_search: Mapped[datetime | None]
    next_search: Mapped[datetime | None] = mapped_column(index=True)
    mam_asked_at: Mapped[datetime | None] = mapped_column(comment="asked by title, for want of a known author")
    prowlarr_asked_at: Mapped[datetime | None]
    searches: Mapped[Count]
    found: Mapped[Count] = mapped_column(comment="candidates that the last search found")
    last_error: Mapped[str | None]

    __table_args__ = ({"comment": "Pace of the search for each gap"},)


class CrawledGuide(Base):
    """A page that the person's own crawler script wrote as Markdown."""

    __tablename__ = "crawled_guides"

    id: Mapped[Key]
    url: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    category: Mapped[str | None]
    crawled_at: Mapped[datetime | None] = mapped_column(comment="as the script says")
    content: Mapped[str] = mapped_column(comment="Markdown, secrets removed")
    file_name: Mapped[str]
    first_seen: Mapped[Moment]
    last_seen: Mapped[Moment]

    __table_args__ = ({"comment": "Pages that the person's own crawler script wrote"},)
