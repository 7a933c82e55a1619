"""The rows behind one book or gap: what each source said, what was decided, what was done.

Belongs here: SQL that finds rows by title and gathers all that hangs on them. Does not belong here: which rows are
meant (domain/meaning.py), what follows from them (domain/explaining.py).

No link, key or hash of a download is read here: a release is named by its title and its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.chains import Facts, Row
from mam_assets.domain.meaning import Hit, Kind, Subject, telling_word
from mam_assets.domain.rereading import FIELDS

MOST_HITS = 500
MOST_ROWS = 200
MOST_TITLES = 200_000

# As domain.folding: no accents, no apostrophes, no capitals. What it leaves folded less is sorted out by the domain.
_FOLDED = r"regexp_replace(lower(normalize({}, NFKD)), '[\u0300-\u036f''’‘ʼ]', '', 'g')"

_HITS = {
    "book": """
        SELECT 'book' AS kind, id AS row_id, title, authors, series, series_number AS position, status,
               CASE WHEN subtitle IS NULL THEN '{}'::text[] ELSE ARRAY[title || ': ' || subtitle] END AS other_titles,
               NULL::bigint AS series_id, NULL::bigint AS author_id, NULL::bigint AS book_id, NULL::bigint AS same_as,
               status <> 'active' AS closed
        FROM books WHERE title IS NOT NULL
    """,
    "gap": """
        SELECT 'gap' AS kind, id AS row_id, title,
               CASE WHEN cardinality(authors) > 0 THEN authors
                    ELSE array_remove(ARRAY[author_name], NULL) END AS authors,
               series_name AS series, series_number AS position, download_status AS status, other_titles,
               series_id, author_id, book_id, NULL::bigint AS same_as, closed_date IS NOT NULL AS closed
        FROM missing_books
    """,
    "work": """
        SELECT 'work' AS kind, e.id AS row_id, e.title, e.authors, coalesce(s.name, e.series_name) AS series,
               e.position, e.status, '{}'::text[] AS other_titles, e.series_id, e.author_id, e.book_id, e.same_as,
               false AS closed
        FROM catalog_entries e LEFT JOIN series s ON s.id = e.series_id
    """,
}


@dataclass(frozen=True, slots=True)
class HitsByTitle:
    """Rows that a title may mean. ``cut``: there are more of some kind, all further from the title."""

    hits: list[Hit]
    cut: bool = False


def hits_by_title(connection: Connection, title: str) -> HitsByTitle:
    """Rows that hold the title's most telling word, books first; at most 500 of each kind, those of this very title
    first, then those nearest to it in length. None for a title without a word."""
    word = telling_word(title)
    if not word:
        return HitsByTitle([])
    searched = _FOLDED.format("concat_ws(' ', hit.title, array_to_string(hit.other_titles, ' '))")
    own, asked = _FOLDED.format("own"), _FOLDED.format("CAST(:title AS text)")
    found: list[Hit] = []
    cut = False
    for query in _HITS.values():
        rows = connection.execute(
            text(
                f"""
                SELECT hit.* FROM ({query}) hit, LATERAL (
                    SELECT bool_or({own} = {asked}) AS same, min(abs(length(own) - length(:title))) AS longer
                    FROM unnest(hit.title || hit.other_titles) AS own
                ) near
                WHERE {searched} LIKE :pattern
                ORDER BY near.same DESC, near.longer, row_id LIMIT :most
                """
            ),
            {"pattern": f"%{word}%", "title": title.strip(), "most": MOST_HITS + 1},
        )
        hits = [_hit(dict(row)) for row in rows.mappings()]
        found += hits[:MOST_HITS]
        cut = cut or len(hits) > MOST_HITS
    return HitsByTitle(found, cut)


def hit_by_id(connection: Connection, kind: Kind, row_id: int) -> Hit | None:
    """One row, or None."""
    query = f"SELECT * FROM ({_HITS[kind]}) hit WHERE row_id = :id"
    row = connection.execute(text(query), {"id": row_id}).mappings().one_or_none()
    return _hit(dict(row)) if row else None


def _hit(row: Row) -> Hit:
    values = {**row, "authors": tuple(row["authors"]), "other_titles": tuple(row["other_titles"])}
    return Hit(**values)


def titles(connection: Connection) -> list[str]:
    """Every title that is known, for saying which come near; at most 200,000."""
    rows = connection.execute(
        text(
            """
            SELECT title FROM books WHERE title IS NOT NULL
            UNION SELECT title FROM missing_books
            UNION SELECT title FROM catalog_entries
            LIMIT :most
            """
        ),
        {"most": MOST_TITLES},
    )
    return list(rows.scalars())


def searched(connection: Connection) -> dict[str, int]:
    """How many titles there are to be searched, by what bears them."""
    row = connection.execute(
        text(
            """
            SELECT (SELECT count(*) FROM books WHERE title IS NOT NULL) AS books,
                   (SELECT count(*) FROM missing_books) AS gaps,
                   (SELECT count(*) FROM catalog_entries) AS "catalogue entries"
            """
        )
    ).one()
    return dict(row._mapping)


def gather(connection: Connection, subject: Subject) -> Facts:
    """All rows that have to do with a subject; at most 200 of each table."""
    book_ids, gap_ids, work_ids = subject.ids("book"), subject.ids("gap"), subject.ids("work")
    book_id = book_ids[0] if book_ids else None

    def rows(query: str, **given: Any) -> Sequence[Row]:
        found = connection.execute(text(f"{query} LIMIT {MOST_ROWS}"), given)
        return [dict(row) for row in found.mappings()]

    gaps = rows(_GAPS, ids=gap_ids, book=book_id)
    gap_ids = [gap["id"] for gap in gaps]
    entries = rows(_ENTRIES, ids=work_ids, book=book_id)
    books = rows(_BOOKS, ids=book_ids)
    series_ids = sorted({row["series_id"] for row in (*entries, *gaps) if row["series_id"]})
    memberships = rows(_MEMBERSHIPS, book=book_id)
    series_ids += [row["series_id"] for row in memberships]
    author_ids = sorted({row["author_id"] for row in gaps if row["author_id"]})
    downloads = rows(_DOWNLOADS, ids=gap_ids, book=book_id)
    covering = {row["book_id"] for row in (*entries, *gaps) if row["book_id"]} - set(book_ids)
    return Facts(
        book=books[0] if books else None,
        fields={name: books[0][name] for name in FIELDS} if books else {},
        corrections=rows(_CORRECTIONS, book=book_id),
        answers=rows(_ANSWERS, book=book_id),
        memberships=memberships,
        merges=rows(_MERGES, ids=series_ids),
        copies=rows(_COPIES, book=book_id),
        entries=entries,
        covering=rows(_BOOKS, ids=sorted(covering)),
        gaps=gaps,
        author_searches=rows(_AUTHOR_SEARCHES, ids=author_ids),
        lists=rows(_LISTS, ids=gap_ids, book=book_id),
        uploads=rows(_UPLOADS, ids=gap_ids, book=book_id),
        decisions=rows(_DECISIONS, ids=gap_ids),
        downloads=downloads,
        blocked=rows(_BLOCKED, ids=gap_ids),
        failures=rows(_FAILURES, ids=[str(row["id"]) for row in downloads]),
        services=rows(_SERVICES),
    )


_BOOKS = f"""
    SELECT {", ".join(FIELDS)}, id, abs_id, library_id, rel_path, authors, stands_alone, size_bytes, num_audio_files,
           is_missing, is_invalid, abridged, metadata_completeness_percent, last_metadata_update, metadata_waiting,
           metadata_failed, metadata_source, metadata_times, abs_unconfirmed, abs_written, abs_values, locked_fields,
           import_source, status, duplicate_of, date_added, last_seen_at, archived_at
    FROM books WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id
"""
_CORRECTIONS = """
    SELECT id, field_name, old_value, new_value, source, reason, correction_date, corrected_by, reverted_at, reverts
    FROM metadata_corrections WHERE book_id = :book ORDER BY correction_date DESC, id DESC
"""
_ANSWERS = """
    SELECT source, verdict, source_key, evidence, values, asked_at
    FROM metadata_answers WHERE book_id = :book ORDER BY asked_at, source
"""
_MEMBERSHIPS = """
    SELECT s.id AS series_id, s.name, bs.position, s.goodreads_id, s.books_owned, s.books_missing,
           s.completion_status, s.last_completion_check, s.check_problem, names.spellings
    FROM book_series bs JOIN series s ON s.id = bs.series_id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(n.name || ' (' || n.source || ')' ORDER BY n.source, n.name), '{}') AS spellings
        FROM series_names n WHERE n.series_id = s.id
    ) names
    WHERE bs.book_id = :book ORDER BY bs.ordinal, s.id
"""
_MERGES = """
    SELECT m.id, s.name AS kept, m.dropped_name, m.rule, m.evidence, m.merged_at, m.merged_by, m.undone_at, m.undone_by
    FROM series_merges m JOIN series s ON s.id = m.kept_id
    WHERE m.kept_id = ANY(CAST(:ids AS bigint[])) OR m.restored_id = ANY(CAST(:ids AS bigint[]))
    ORDER BY m.merged_at, m.id
"""
_COPIES = """
    SELECT other.id, other.title, other.narrator, other.duration_minutes, other.rel_path, other.status,
           other.duplicate_of
    FROM books this JOIN books other ON other.id <> this.id AND (
        other.duplicate_of = this.id OR this.duplicate_of = other.id
        OR (this.title_key <> '' AND this.title_key = other.title_key AND this.author_key = other.author_key)
    )
    WHERE this.id = :book ORDER BY other.id
"""
_ENTRIES = """
    SELECT e.id, e.source, e.title, e.authors, e.position, e.kind, e.published, e.audiobook, e.language, e.status,
           e.rule, e.reason, e.same_as, e.disagreements, e.book_id, e.series_id, e.author_id, e.first_seen, e.last_seen,
           s.name AS series, a.name AS author
    FROM catalog_entries e
    LEFT JOIN series s ON s.id = e.series_id LEFT JOIN authors a ON a.id = e.author_id
    WHERE e.id = ANY(CAST(:ids AS bigint[])) OR e.same_as = ANY(CAST(:ids AS bigint[])) OR e.book_id = :book
       OR e.id IN (SELECT same_as FROM catalog_entries WHERE id = ANY(CAST(:ids AS bigint[])))
    ORDER BY e.same_as IS NOT NULL, e.series_id NULLS LAST, e.source, e.id
"""
_GAPS = """
    SELECT m.id, m.title, m.author_name, m.series_name, m.series_number, m.kind, m.reasons, m.priority, m.published,
           m.identified_date, m.closed_date, m.download_status, m.hold_reason, m.book_id, m.series_id, m.download_id,
           m.other_titles, coalesce(m.author_id, a.id) AS author_id, u.name AS requested_by, g.searches, g.found,
           g.last_search, g.next_search, g.last_error
    FROM missing_books m
    LEFT JOIN gap_searches g ON g.missing_book_id = m.id
    LEFT JOIN users u ON u.id = m.requested_by
    LEFT JOIN LATERAL (SELECT id FROM authors WHERE name = m.author_name LIMIT 1) a ON true
    WHERE m.id = ANY(CAST(:ids AS bigint[])) OR m.book_id = :book
    ORDER BY m.closed_date IS NOT NULL, m.id
"""
_AUTHOR_SEARCHES = """
    SELECT a.name, x.source, x.searched_at, x.found, x.failed_at, x.problem
    FROM author_searches x JOIN authors a ON a.id = x.author_id
    WHERE x.author_id = ANY(CAST(:ids AS bigint[])) ORDER BY a.name, x.source
"""
_LISTS = """
    SELECT g.genre_name, x.week, x.rank, x.outcome, x.reason
    FROM top10_entries x JOIN genre_settings g ON g.id = x.genre_id
    WHERE x.missing_book_id = ANY(CAST(:ids AS bigint[])) OR x.book_id = :book ORDER BY x.week DESC, g.genre_name
"""
_UPLOADS = """
    SELECT r.title, r.seeders, r.added_at, u.outcome, u.reason, u.seen_at
    FROM mam_uploads u JOIN releases r ON r.id = u.release_id
    WHERE u.missing_book_id = ANY(CAST(:ids AS bigint[])) OR u.book_id = :book ORDER BY u.seen_at, u.release_id
"""
_DECISIONS = """
    SELECT d.missing_book_id, r.title, r.source, r.narrators, r.filetype, r.size_bytes, r.seeders, d.verdict,
           d.reasons, d.rank, d.rules_version, d.decided_at, u.name AS approved_by
    FROM release_decisions d JOIN releases r ON r.id = d.release_id LEFT JOIN users u ON u.id = d.approved_by
    WHERE d.missing_book_id = ANY(CAST(:ids AS bigint[]))
    ORDER BY array_position(ARRAY['accept', 'hold', 'refuse'], d.verdict), d.rank DESC, d.id
"""
_DOWNLOADS = """
    SELECT d.id, d.missing_book_id, d.title, d.source, d.status, d.progress, d.qbittorrent_status, d.waiting_reason,
           d.failure_reason, d.failure_code, d.retry_count, d.max_retries, d.last_attempt, d.next_retry,
           d.abs_import_status, d.abs_import_error, d.import_attempts, d.next_import, d.date_queued, d.sent_at,
           d.date_completed
    FROM downloads d
    WHERE d.missing_book_id = ANY(CAST(:ids AS bigint[])) OR d.book_id = :book ORDER BY d.id
"""
_BLOCKED = """
    SELECT b.missing_book_id, coalesce(r.title, 'a release that is no longer known') AS title, r.source, b.reason,
           b.blocked_at
    FROM blocked_releases b LEFT JOIN releases r ON r.id = b.release_id
    WHERE b.missing_book_id = ANY(CAST(:ids AS bigint[])) ORDER BY b.blocked_at, b.id
"""
_FAILURES = """
    SELECT task_name, item_id, reason, attempt_count, first_attempt, last_attempt, error_details
    FROM failed_attempts WHERE task_name IN ('DOWNLOAD', 'IMPORT') AND item_id = ANY(CAST(:ids AS text[]))
    ORDER BY first_attempt, id
"""
_SERVICES = """
    SELECT service, status, retry_at, last_error, last_success FROM service_state ORDER BY service
"""
