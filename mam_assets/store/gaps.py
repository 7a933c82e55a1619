"""Gaps: what a verdict needs to be made, and what follows from it. A gap is never deleted and refilled: it has dates.

Belongs here: SQL on missing_books and on the counts of series and authors. Does not belong here: the verdict
(domain.gaps), the search for releases (releases).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select, text

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef, Work
from mam_assets.domain.gaps import AuthorVerdict, JudgedWork, SeriesVerdict, WorkStatus
from mam_assets.domain.names import normalise_person, normalise_title
from mam_assets.store import tables as t

Reason = Literal["series_gap", "author_gap", "top10", "request"]


@dataclass(frozen=True)
class Snapshot:
    """A series or an author with what exists and what is owned of it. ``rows`` maps an entry to its row."""

    owner_id: int
    name: str
    authors: tuple[str, ...]
    aliases: tuple[str, ...]
    entries: tuple[CatalogEntry, ...]
    owned: tuple[OwnedBook, ...]
    rows: dict[tuple[str, str], int]
    author_id: int | None = None


@dataclass(frozen=True)
class Wanted:
    """A work that is to be an open gap."""

    work_key: str
    title: str
    authors: tuple[str, ...]
    reason: Reason
    status: Literal["identified", "upcoming"] = "identified"
    series_id: int | None = None
    author_id: int | None = None
    series_name: str | None = None
    series_number: str | None = None
    kind: str = "primary"
    isbn: str | None = None
    asin: str | None = None
    goodreads_id: str | None = None
    language: str | None = None
    published: str | None = None
    other_titles: tuple[str, ...] = ()
    priority: int = 2


@dataclass
class Written:
    """What a recomputation changed."""

    opened: int = 0
    closed: int = 0
    open_ids: dict[str, int] = field(default_factory=dict)


def work_key(title: str, authors: Sequence[str]) -> str:
    """The identity of a wanted work: normalised title and first author. One open gap has it, whatever it is wanted
    for."""
    return f"{normalise_title(title)}|{normalise_person(authors[0]) if authors else ''}"


_ENTRY = """id, series_id, author_id, source, source_key, title, authors, series_name, position, published, isbn, asin,
    goodreads_id, language, audiobook"""


def _entry(row: Any) -> CatalogEntry:
    return CatalogEntry(
        source=row.source,
        source_key=row.source_key,
        title=row.title,
        authors=tuple(row.authors),
        series=SeriesRef(row.series_name, row.position) if row.series_name else None,
        published=row.published,
        isbn=row.isbn,
        asin=row.asin,
        goodreads_id=row.goodreads_id,
        language=row.language,
        audiobook=row.audiobook,
    )


def series_snapshots(connection: Connection, ids: Sequence[int] = ()) -> list[Snapshot]:
    """Every series with a catalogue (or those of `ids`): its entries, and the books owned of it with their places."""
    given = {"ids": list(ids)}
    which = "(cardinality(CAST(:ids AS bigint[])) = 0 OR s.id = ANY(CAST(:ids AS bigint[])))"
    entries: dict[int, list[Any]] = {}
    for row in connection.execute(
        text(f"SELECT {_ENTRY} FROM catalog_entries s2 WHERE series_id IN (SELECT s.id FROM series s WHERE {which})"),
        given,
    ):
        entries.setdefault(row.series_id, []).append(row)
    owned: dict[int, list[OwnedBook]] = {}
    for row in connection.execute(
        text(
            f"""
            SELECT s.id AS series_id, s.name, b.id, b.title, b.authors, bs.position, b.isbn, b.asin
            FROM series s JOIN book_series bs ON bs.series_id = s.id JOIN books b ON b.id = bs.book_id
            WHERE b.status = 'active' AND b.title_key <> '' AND {which}
            """
        ),
        given,
    ):
        owned.setdefault(row.series_id, []).append(_owned(row))
    rows = connection.execute(
        text(f"SELECT s.id, s.name, s.author, s.author_id FROM series s WHERE {which} ORDER BY s.id"), given
    )
    return [
        _snapshot(row.id, row.name, (row.author,) if row.author else (), (), entries, owned, row.author_id)
        for row in rows
        if row.id in entries
    ]


def author_snapshots(connection: Connection, ids: Sequence[int] = ()) -> list[Snapshot]:
    """Every author with a catalogue (or those of `ids`): entries, and the books owned, one row per book and series."""
    given = {"ids": list(ids)}
    which = "(cardinality(CAST(:ids AS bigint[])) = 0 OR a.id = ANY(CAST(:ids AS bigint[])))"
    entries: dict[int, list[Any]] = {}
    for row in connection.execute(
        text(f"SELECT {_ENTRY} FROM catalog_entries WHERE author_id IN (SELECT a.id FROM authors a WHERE {which})"),
        given,
    ):
        entries.setdefault(row.author_id, []).append(row)
    owned: dict[int, list[OwnedBook]] = {}
    for row in connection.execute(
        text(
            f"""
            SELECT a.id AS author_id, b.id, b.title, b.authors, bs.position, s.name, b.isbn, b.asin
            FROM authors a JOIN book_authors ba ON ba.author_id = a.id JOIN books b ON b.id = ba.book_id
            LEFT JOIN book_series bs ON bs.book_id = b.id LEFT JOIN series s ON s.id = bs.series_id
            WHERE b.status = 'active' AND b.title_key <> '' AND {which}
            """
        ),
        given,
    ):
        owned.setdefault(row.author_id, []).append(_owned(row))
    rows = connection.execute(text(f"SELECT a.id, a.name, a.aliases FROM authors a WHERE {which} ORDER BY a.id"), given)
    return [
        _snapshot(row.id, row.name, (row.name,), tuple(row.aliases), entries, owned, row.id)
        for row in rows
        if row.id in entries
    ]


def _owned(row: Any) -> OwnedBook:
    return OwnedBook(
        book_id=row.id,
        title=row.title,
        authors=tuple(row.authors),
        series_position=row.position,
        isbn=row.isbn,
        asin=row.asin,
        series_name=row.name,
    )


def _snapshot(
    owner_id: int,
    name: str,
    authors: tuple[str, ...],
    aliases: tuple[str, ...],
    entries: dict[int, list[Any]],
    owned: dict[int, list[OwnedBook]],
    author_id: int | None,
) -> Snapshot:
    rows = entries.get(owner_id, [])
    return Snapshot(
        owner_id=owner_id,
        name=name,
        authors=authors,
        aliases=aliases,
        entries=tuple(_entry(row) for row in rows),
        owned=tuple(owned.get(owner_id, ())),
        rows={(row.source, row.source_key): row.id for row in rows},
        author_id=author_id,
    )


def write_series(connection: Connection, judged: Sequence[tuple[Snapshot, SeriesVerdict]], now: datetime) -> Written:
    """Write the verdicts on series: entries, gaps opened and closed, and the counts that must agree with them."""
    _write_entries(connection, judged)
    wanted, owned = _wanted(judged, "series_gap")
    written = _write_gaps(connection, wanted, owned, "series_gap", [snapshot.owner_id for snapshot, _ in judged], now)
    if judged:
        connection.execute(
            text(
                """
                UPDATE series SET total_books_in_series = :total, books_owned = :owned, books_missing = :missing,
                       completion_percentage = :percentage, completion_status = :status, date_updated = :now
                WHERE id = :id
                """
            ),
            [
                {
                    "id": snapshot.owner_id,
                    "total": verdict.total,
                    "owned": verdict.owned_count,
                    "missing": verdict.missing_count,
                    "percentage": float(verdict.percentage),
                    "status": verdict.status,
                    "now": now,
                }
                for snapshot, verdict in judged
            ],
        )
    return written


def write_authors(connection: Connection, judged: Sequence[tuple[Snapshot, AuthorVerdict]], now: datetime) -> Written:
    """Write the verdicts on authors: entries, gaps opened and closed, and the counts that must agree with them."""
    _write_entries(connection, judged)
    wanted, owned = _wanted(judged, "author_gap")
    written = _write_gaps(connection, wanted, owned, "author_gap", [snapshot.owner_id for snapshot, _ in judged], now)
    if judged:
        connection.execute(
            text(
                """
                UPDATE authors SET total_audiobooks_external = :total, audiobooks_owned = :owned,
                       audiobooks_missing = :missing, completion_status = :status, date_updated = :now
                WHERE id = :id
                """
            ),
            [
                {
                    "id": snapshot.owner_id,
                    "total": verdict.total,
                    "owned": verdict.owned_count,
                    "missing": verdict.missing_count,
                    "status": verdict.status,
                    "now": now,
                }
                for snapshot, verdict in judged
            ],
        )
    return written


def write_wanted(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> Written:
    """Open gaps for single works (a top ten's, a person's wish), closing none."""
    return _write_gaps(connection, wanted, {}, None, (), now)


def _write_entries(
    connection: Connection, judged: Iterable[tuple[Snapshot, SeriesVerdict] | tuple[Snapshot, AuthorVerdict]]
) -> None:
    rows = []
    for snapshot, verdict in judged:
        for work in verdict.works:
            book_id = work.owned_book_ids[0] if work.owned_book_ids else None
            rows.append(
                {
                    "id": snapshot.rows[(work.entry.source, work.entry.source_key)],
                    "kind": work.kind.value,
                    "status": work.status.value,
                    "reason": work.reason.evidence,
                    "book": book_id,
                }
            )
            rows += [
                {
                    "id": snapshot.rows[(other.source, other.source_key)],
                    "kind": work.kind.value,
                    "status": WorkStatus.NOT_WANTED.value,
                    "reason": f"the same work as {work.entry.title!r} ({work.entry.source})",
                    "book": book_id,
                }
                for other in work.also
            ]
        rows += [
            {
                "id": snapshot.rows[(refused.entry.source, refused.entry.source_key)],
                "kind": "primary",
                "status": WorkStatus.NOT_WANTED.value,
                "reason": refused.reason.evidence,
                "book": None,
            }
            for refused in getattr(verdict, "refused", ())
        ]
    if rows:
        connection.execute(
            text(
                """
                UPDATE catalog_entries c SET kind = v.kind, status = v.status, reason = v.reason, book_id = v.book
                FROM unnest(CAST(:ids AS bigint[]), CAST(:kinds AS text[]), CAST(:statuses AS text[]),
                            CAST(:reasons AS text[]), CAST(:books AS bigint[])) AS v (id, kind, status, reason, book)
                WHERE c.id = v.id
                """
            ),
            {
                "ids": [row["id"] for row in rows],
                "kinds": [row["kind"] for row in rows],
                "statuses": [row["status"] for row in rows],
                "reasons": [row["reason"] for row in rows],
                "books": [row["book"] for row in rows],
            },
        )


def _wanted(
    judged: Iterable[tuple[Snapshot, SeriesVerdict] | tuple[Snapshot, AuthorVerdict]], reason: Reason
) -> tuple[list[Wanted], dict[str, int]]:
    """The works that are gaps, and those that are owned (key → book), of all verdicts."""
    wanted: dict[str, Wanted] = {}
    owned: dict[str, int] = {}
    for snapshot, verdict in judged:
        for work in verdict.works:
            authors = work.entry.authors or snapshot.authors
            key = work_key(work.entry.title, authors)
            if work.status is WorkStatus.OWNED and work.owned_book_ids:
                owned[key] = work.owned_book_ids[0]
            elif work.status in (WorkStatus.MISSING, WorkStatus.UPCOMING):
                wanted.setdefault(key, _as_wanted(snapshot, work, key, authors, reason))
    return [want for key, want in wanted.items() if key not in owned], owned


def _as_wanted(snapshot: Snapshot, work: JudgedWork, key: str, authors: tuple[str, ...], reason: Reason) -> Wanted:
    entry = work.entry
    of_series = reason == "series_gap"
    series = entry.series
    also = {other.title for other in work.also} - {entry.title}
    return Wanted(
        work_key=key,
        title=entry.title,
        authors=authors,
        reason=reason,
        status="upcoming" if work.status is WorkStatus.UPCOMING else "identified",
        series_id=snapshot.owner_id if of_series else None,
        author_id=snapshot.author_id,
        series_name=snapshot.name if of_series else (series.name if series else None),
        series_number=series.position if series else None,
        kind=work.kind.value,
        isbn=entry.isbn,
        asin=entry.asin,
        goodreads_id=entry.goodreads_id,
        language=entry.language,
        published=entry.published,
        other_titles=tuple(sorted(also)),
        priority=work.priority,
    )


def _write_gaps(
    connection: Connection,
    wanted: Sequence[Wanted],
    owned: dict[str, int],
    reason: Reason | None,
    owner_ids: Sequence[int],
    now: datetime,
) -> Written:
    written = Written()
    if wanted:
        rows = connection.execute(
            text(
                """
                INSERT INTO missing_books (work_key, title, author_name, authors, reason_missing, reasons,
                    download_status, series_id, author_id, series_name, series_number, kind, isbn, asin, goodreads_id,
                    language, published, other_titles, priority, identified_date)
                SELECT w.work_key, w.title, w.authors ->> 0,
                       ARRAY(SELECT jsonb_array_elements_text(w.authors)), w.reason, ARRAY[w.reason], w.status,
                       w.series_id, w.author_id, w.series_name, w.series_number, w.kind, w.isbn, w.asin, w.goodreads_id,
                       w.language, w.published, ARRAY(SELECT jsonb_array_elements_text(w.other_titles)), w.priority,
                       :now FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w (
                    work_key text, title text, authors jsonb, reason text, status text, series_id bigint,
                    author_id bigint, series_name text, series_number text, kind text, isbn text, asin text,
                    goodreads_id text, language text, published text, other_titles jsonb, priority integer)
                ON CONFLICT (work_key) WHERE closed_date IS NULL DO UPDATE SET
                    reasons = ARRAY(SELECT DISTINCT unnest(missing_books.reasons || EXCLUDED.reasons) ORDER BY 1),
                    series_id = coalesce(missing_books.series_id, EXCLUDED.series_id),
                    series_name = coalesce(missing_books.series_name, EXCLUDED.series_name),
                    series_number = coalesce(missing_books.series_number, EXCLUDED.series_number),
                    author_id = coalesce(missing_books.author_id, EXCLUDED.author_id),
                    isbn = coalesce(missing_books.isbn, EXCLUDED.isbn),
                    asin = coalesce(missing_books.asin, EXCLUDED.asin),
                    goodreads_id = coalesce(missing_books.goodreads_id, EXCLUDED.goodreads_id),
                    published = coalesce(EXCLUDED.published, missing_books.published),
                    other_titles = ARRAY(SELECT DISTINCT unnest(missing_books.other_titles || EXCLUDED.other_titles)
                                         ORDER BY 1),
                    priority = least(missing_books.priority, EXCLUDED.priority),
                    download_status = CASE WHEN missing_books.download_status IN ('identified', 'upcoming')
                        THEN EXCLUDED.download_status ELSE missing_books.download_status END
                RETURNING id, work_key, (xmax = 0) AS is_new
                """
            ),
            {"wanted": _json(wanted), "now": now},
        ).all()
        written.opened = sum(1 for row in rows if row.is_new)
        written.open_ids = {row.work_key: row.id for row in rows}
    if owned:
        written.closed += connection.execute(
            text(
                """
                UPDATE missing_books m
                SET closed_date = :now, book_id = v.book, download_status = 'completed', hold_reason = NULL
                FROM unnest(CAST(:keys AS text[]), CAST(:books AS bigint[])) AS v (key, book)
                WHERE m.work_key = v.key AND m.closed_date IS NULL
                  AND m.download_status NOT IN ('queued', 'downloading', 'completed')
                """
            ),
            {"keys": list(owned), "books": list(owned.values()), "now": now},
        ).rowcount
    if reason is not None and owner_ids:
        written.closed += _close_unwanted(connection, [want.work_key for want in wanted], reason, owner_ids, now)
    return written


def _json(wanted: Sequence[Wanted]) -> str:
    import json

    return json.dumps([{name: getattr(want, name) for name in Wanted.__dataclass_fields__} for want in wanted])


def _close_unwanted(
    connection: Connection, keys: Sequence[str], reason: Reason, owner_ids: Sequence[int], now: datetime
) -> int:
    """Take a reason away from open gaps of these series (or authors) that are wanted for it no longer; one without any
    reason left is closed. What a download is under way for, and what a person has ignored, stays."""
    owner = "series_id" if reason == "series_gap" else "author_id"
    rows = connection.execute(
        text(
            f"""
            UPDATE missing_books m
            SET reasons = CASE WHEN reasons <@ ARRAY[:reason] THEN reasons ELSE array_remove(reasons, :reason) END,
                closed_date = CASE WHEN reasons <@ ARRAY[:reason] THEN CAST(:now AS timestamptz) END
            WHERE m.closed_date IS NULL AND :reason = ANY(m.reasons)
              AND m.{owner} = ANY(CAST(:owners AS bigint[])) AND m.work_key <> ALL(CAST(:keys AS text[]))
              AND m.download_status IN ('identified', 'upcoming', 'held', 'failed')
            RETURNING m.closed_date
            """
        ),
        {"reason": reason, "owners": list(owner_ids), "keys": list(keys), "now": now},
    )
    return sum(1 for row in rows if row.closed_date is not None)


@dataclass(frozen=True)
class WantedWork:
    """What an import should be."""

    work: Work
    narrators: tuple[str, ...]
    expected_runtime_seconds: float | None


def wanted_work(connection: Connection, gap_id: int | None) -> WantedWork:
    """The work of a gap, with the narrators and the runtime of the release that was taken for it."""
    row = connection.execute(
        text(
            """
            SELECT m.*, r.narrators, r.runtime_seconds
            FROM missing_books m
            LEFT JOIN downloads d ON d.id = m.download_id
            LEFT JOIN releases r ON r.id = d.release_id
            WHERE m.id = :id
            """
        ),
        {"id": gap_id},
    ).one()
    work = Work(
        title=row.title,
        authors=tuple(row.authors) or ((row.author_name,) if row.author_name else ()),
        series=SeriesRef(row.series_name, row.series_number) if row.series_name else None,
        isbn=row.isbn,
        asin=row.asin,
        is_collection=row.kind == "collection",
    )
    return WantedWork(work, tuple(row.narrators or ()), row.expected_runtime_seconds or row.runtime_seconds)


def owners_of_books(connection: Connection, book_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """The series and the authors that these books touch."""
    series = select(t.BookSeries.series_id).where(t.BookSeries.book_id.in_(book_ids)).distinct()
    authors = select(t.BookAuthor.author_id).where(t.BookAuthor.book_id.in_(book_ids)).distinct()
    return list(connection.execute(series).scalars()), list(connection.execute(authors).scalars())


def sample(connection: Connection, reason: Reason, *, limit: int) -> list[dict[str, Any]]:
    """Open gaps of a reason, newest first, for the sample table."""
    rows = connection.execute(
        text(
            """
            SELECT title, author_name AS author, series_name AS series, series_number AS number, download_status AS
            status FROM missing_books WHERE closed_date IS NULL AND :reason = ANY(reasons)
            ORDER BY identified_date DESC, id DESC LIMIT :limit
            """
        ),
        {"reason": reason, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def count_open(connection: Connection, reason: Reason) -> int:
    number: int = connection.execute(
        text("SELECT count(*) FROM missing_books WHERE closed_date IS NULL AND :reason = ANY(reasons)"),
        {"reason": reason},
    ).scalar_one()
    return number


def series_counts_that_disagree(connection: Connection) -> list[dict[str, Any]]:
    """Series whose counts are not those of their catalogue's rows: there must be none."""
    rows = connection.execute(
        text(
            """
            SELECT s.id, s.name, s.books_missing, count(c.id) FILTER (WHERE c.status = 'missing') AS rows_missing
            FROM series s JOIN catalog_entries c ON c.series_id = s.id AND c.kind = 'primary'
            GROUP BY s.id
            HAVING s.books_missing <> count(c.id) FILTER (WHERE c.status = 'missing')
                OR s.books_owned + s.books_missing <> s.total_books_in_series
            ORDER BY s.id
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


def missing_works_without_gap(connection: Connection) -> list[dict[str, Any]]:
    """Works judged missing in a series for which no gap is open: there must be none."""
    rows = connection.execute(
        text(
            """
            SELECT c.id, c.title, s.name AS series
            FROM catalog_entries c JOIN series s ON s.id = c.series_id
            WHERE c.status = 'missing'
              AND NOT EXISTS (SELECT FROM missing_books m WHERE m.closed_date IS NULL
                              AND (m.series_id = c.series_id OR m.title = c.title))
            ORDER BY c.id
            """
        )
    )
    return [dict(row) for row in rows.mappings()]
