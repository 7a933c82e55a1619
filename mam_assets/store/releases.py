"""What trackers and indexers offer, which gaps are due to be searched, and the verdict on each candidate.

Belongs here: SQL on releases, release_decisions, author_searches and gap_searches. Does not belong here: the verdict
itself (domain.release), what is queued of it (downloads.queue).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ARRAY, Connection, Text, cast, func, select, text
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import Medium, Release, SeriesRef, Work
from mam_assets.domain.names import normalise_person
from mam_assets.domain.release import Judgement
from mam_assets.domain.searching import search_words, shares_a_word
from mam_assets.store import tables as t
from mam_assets.store.gap_works import work_of_gap

_COLUMNS = (
    "source",
    "guid",
    "title",
    "medium",
    "language",
    "filetype",
    "size_bytes",
    "seeders",
    "leechers",
    "snatched",
    "added_at",
    "freeleech",
    "vip",
    "abridged",
    "dramatised",
    "runtime_seconds",
    "isbn",
    "asin",
    "tags",
    "indexer",
    "indexer_id",
    "info_hash",
    "download_url",
)


# A statement takes 65,535 values at most, and a release has about thirty.
_AT_ONCE = 1000


@dataclass(frozen=True)
class StoredRelease:
    """A release and its row."""

    release_id: int
    release: Release


@dataclass(frozen=True)
class GapDue:
    """A gap that is due to be searched, with all that a verdict needs. ``author_id`` is None where the author is none
    of ours: then MAM is asked by title, and ``mam_asked_at`` says when it was."""

    gap_id: int
    author_id: int | None
    author_name: str
    work: Work
    siblings: tuple[Work, ...]
    blocked: frozenset[str]
    searches: int
    mam_asked_at: datetime | None = None
    prowlarr_asked_at: datetime | None = None

    @property
    def search_words(self) -> str:
        return search_words(self.work)

    def touches(self, title: str) -> bool:
        """Whether a release's title has anything to do with this gap's."""
        return any(shares_a_word(ours, title) for ours in (self.work.title, *self.work.other_titles))


def save(connection: Connection, releases: Iterable[Release], now: datetime) -> list[StoredRelease]:
    """Keep releases as last seen, by (source, guid). An info-hash that was learnt is not forgotten."""
    by_identity = {(release.source, release.guid): release for release in releases}
    if not by_identity:
        return []
    rows = [
        {name: getattr(release, name) for name in _COLUMNS if name != "medium"}
        | {
            "medium": release.medium.value,
            "authors": list(release.authors),
            "author_keys": sorted({normalise_person(name) for name in release.authors} - {""}),
            "narrators": list(release.narrators),
            "series": [asdict(series) for series in release.series],
            "categories": list(release.categories),
            "first_seen": now,
            "last_seen": now,
        }
        for release in by_identity.values()
    ]
    # In one order everywhere, so that two runs never wait for each other's rows.
    rows.sort(key=lambda row: (row["source"], row["guid"]))
    stored = []
    for start in range(0, len(rows), _AT_ONCE):
        statement = insert(t.Release).values(rows[start : start + _AT_ONCE])
        new = statement.excluded
        kept: dict[str, Any] = {
            name: new[name] for name in rows[0] if name not in ("source", "guid", "first_seen", "info_hash")
        }
        kept["info_hash"] = func.coalesce(new["info_hash"], t.Release.info_hash)
        ids = connection.execute(
            statement.on_conflict_do_update(index_elements=[t.Release.source, t.Release.guid], set_=kept).returning(
                t.Release.source, t.Release.guid, t.Release.id
            )
        )
        stored += [StoredRelease(row.id, by_identity[(row.source, row.guid)]) for row in ids]
    return stored


def _read(row: Any) -> StoredRelease:
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    values["medium"] = Medium(values["medium"])
    return StoredRelease(
        row.id,
        Release(
            **values,
            authors=tuple(row.authors),
            narrators=tuple(row.narrators),
            series=tuple(SeriesRef(**series) for series in row.series),
            categories=tuple(row.categories),
        ),
    )


def of_author(connection: Connection, name: str) -> list[StoredRelease]:
    """Every release known of an author, by normalised name."""
    key = normalise_person(name)
    if not key:
        return []
    by_author = t.Release.author_keys.op("@>")(cast([key], ARRAY(Text)))
    statement = select(*t.Release.__table__.c).where(by_author).order_by(t.Release.id)
    return [_read(row) for row in connection.execute(statement)]


def by_id(connection: Connection, release_id: int) -> StoredRelease | None:
    """One release, or None."""
    row = connection.execute(select(*t.Release.__table__.c).where(t.Release.id == release_id)).first()
    return _read(row) if row else None


def by_ids(connection: Connection, release_ids: Iterable[int]) -> dict[int, StoredRelease]:
    """These releases by their ids; one that isn't there is left out."""
    statement = select(*t.Release.__table__.c).where(t.Release.id.in_(list(release_ids)))
    return {row.id: _read(row) for row in connection.execute(statement)}


def known_on_mam(connection: Connection, torrent_ids: Iterable[str]) -> set[str]:
    """Which of these MAM torrents we have from MAM itself, with narrator and series that Prowlarr drops."""
    statement = select(t.Release.guid).where(t.Release.source == "MAM", t.Release.guid.in_(list(torrent_ids)))
    return set(connection.execute(statement).scalars())


def author_searched(connection: Connection, author_id: int, source: str, found: int, now: datetime) -> None:
    """Note that an author was searched at a source."""
    statement = insert(t.AuthorSearch).values(author_id=author_id, source=source, searched_at=now, found=found)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[t.AuthorSearch.author_id, t.AuthorSearch.source],
            set_={"searched_at": now, "found": found},
        )
    )


def author_search_is_fresh(connection: Connection, author_id: int, source: str, since: datetime) -> bool:
    statement = select(t.AuthorSearch.searched_at).where(
        t.AuthorSearch.author_id == author_id, t.AuthorSearch.source == source
    )
    at = connection.execute(statement).scalar()
    return at is not None and at >= since


def gaps_due(connection: Connection, now: datetime, *, limit: int, gap_ids: Sequence[int] = ()) -> list[GapDue]:
    """Open gaps that are due to be searched, in the order of their author (one search serves all of an author's gaps);
    authors with the most urgent gap first, then the one that waited longest. `gap_ids` takes these, due or not."""
    rows = connection.execute(
        text(
            """
            WITH due AS (
                SELECT m.*, coalesce(g.searches, 0) AS searches, g.next_search, g.mam_asked_at, g.prowlarr_asked_at,
                       coalesce(m.author_id, a.id) AS searched_author
                FROM missing_books m
                LEFT JOIN gap_searches g ON g.missing_book_id = m.id
                LEFT JOIN LATERAL (SELECT id FROM authors WHERE name = m.author_name LIMIT 1) a ON true
                WHERE m.closed_date IS NULL
                  AND NOT EXISTS (SELECT FROM downloads d WHERE d.missing_book_id = m.id
                                  AND d.status IN ('queued', 'downloading', 'completed'))
                  AND CASE WHEN cardinality(CAST(:ids AS bigint[])) > 0 THEN m.id = ANY(CAST(:ids AS bigint[]))
                      ELSE (g.next_search IS NULL OR g.next_search <= :now)
                           AND (m.download_status IN ('identified', 'held')
                                OR (m.download_status = 'failed'
                                    AND EXISTS (SELECT FROM downloads d WHERE d.missing_book_id = m.id
                                                AND d.status = 'failed' AND d.next_retry <= :now)))
                      END
                ORDER BY m.priority, g.next_search NULLS FIRST, m.id
                LIMIT :limit
            )
            SELECT due.*,
                   min(due.priority) OVER author AS author_priority,
                   min(due.next_search) OVER author AS author_waits_since,
                   min(due.id) OVER author AS author_first
            FROM due
            WINDOW author AS (PARTITION BY due.searched_author, due.author_name)
            ORDER BY author_priority, author_waits_since NULLS FIRST, author_first, due.searched_author,
                     due.author_name, due.series_id NULLS LAST, due.priority, due.id
            """
        ),
        {"ids": list(gap_ids), "now": now, "limit": limit},
    ).all()
    siblings = _siblings(connection, {row.series_id for row in rows if row.series_id})
    blocked = _blocked(connection, [row.id for row in rows])
    return [
        GapDue(
            gap_id=row.id,
            author_id=row.searched_author,
            author_name=row.author_name or "",
            work=work_of_gap(row),
            siblings=tuple(
                work
                for work in siblings.get(row.series_id, ())
                if work.series and work.series.position != row.series_number
            ),
            blocked=frozenset(blocked.get(row.id, ())),
            searches=row.searches,
            mam_asked_at=row.mam_asked_at,
            prowlarr_asked_at=row.prowlarr_asked_at,
        )
        for row in rows
    ]


def _siblings(connection: Connection, series_ids: Iterable[int]) -> dict[int, list[Work]]:
    """The other works of these series: a release that is one of them is not the one that is wanted."""
    rows = connection.execute(
        select(
            t.CatalogEntry.series_id,
            t.CatalogEntry.title,
            t.CatalogEntry.authors,
            t.CatalogEntry.series_name,
            t.CatalogEntry.position,
        ).where(
            t.CatalogEntry.series_id.in_(list(series_ids)),
            t.CatalogEntry.kind.in_(("primary", "novella")),
            t.CatalogEntry.position.is_not(None),
        )
    )
    works: dict[int, list[Work]] = {}
    for row in rows:
        series = SeriesRef(row.series_name or "", row.position)
        works.setdefault(row.series_id, []).append(Work(row.title, tuple(row.authors), series))
    return works


def _blocked(connection: Connection, gap_ids: Sequence[int]) -> dict[int, set[str]]:
    rows = connection.execute(
        select(t.BlockedRelease.missing_book_id, t.BlockedRelease.guid_key, t.BlockedRelease.info_hash).where(
            t.BlockedRelease.missing_book_id.in_(gap_ids)
        )
    )
    blocked: dict[int, set[str]] = {}
    for row in rows:
        keys = blocked.setdefault(row.missing_book_id, set())
        keys.add(row.guid_key)
        if row.info_hash:
            keys.add(f"hash:{row.info_hash}")
    return blocked


def save_decisions(
    connection: Connection,
    gap_id: int,
    judged: Sequence[tuple[StoredRelease, Judgement]],
    rules_version: str,
    now: datetime,
) -> None:
    """Keep the verdict on every candidate of a gap. What a person approved stays approved."""
    if not judged:
        return
    rows = [
        {
            "missing_book_id": gap_id,
            "release_id": stored.release_id,
            "verdict": judgement.verdict.value,
            "reasons": [asdict(reason) for reason in judgement.reasons],
            "rank": [float(part) for part in judgement.rank],
            "rules_version": rules_version,
            "decided_at": now,
        }
        for stored, judgement in {stored.release_id: (stored, judgement) for stored, judgement in judged}.values()
    ]
    statement = insert(t.ReleaseDecision).values(rows)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[t.ReleaseDecision.missing_book_id, t.ReleaseDecision.release_id],
            set_={name: new[name] for name in ("verdict", "reasons", "rank", "rules_version", "decided_at")},
            where=t.ReleaseDecision.approved_by.is_(None),
        )
    )


def asked(connection: Connection, gap_id: int, source: Literal["MAM", "Prowlarr"], now: datetime) -> None:
    """Note that a source was asked for this one gap, so that it isn't asked again at once if another one fails."""
    column = {"MAM": "mam_asked_at", "Prowlarr": "prowlarr_asked_at"}[source]
    statement = insert(t.GapSearch).values(missing_book_id=gap_id, **{column: now})
    connection.execute(
        statement.on_conflict_do_update(index_elements=[t.GapSearch.missing_book_id], set_={column: now})
    )


def searched(
    connection: Connection, gap_id: int, *, found: int, now: datetime, next_search: datetime | None, held: bool
) -> None:
    """Note a search of a gap, when it is due again, and whether a person has something to decide. Without a
    `next_search` it was not completed: the gap keeps its place and its count, and is among the first next time."""
    whole = next_search is not None
    values: dict[str, Any] = {"last_search": now, "found": found}
    if whole:
        values["next_search"] = next_search
    statement = insert(t.GapSearch).values(missing_book_id=gap_id, searches=int(whole), **values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[t.GapSearch.missing_book_id],
            set_={**values, "searches": t.GapSearch.searches + int(whole)},
        )
    )
    connection.execute(
        text(
            """
            UPDATE missing_books
            SET download_status = CASE WHEN :held THEN 'held' ELSE 'identified' END,
                hold_reason = CASE WHEN :held THEN 'only doubtful releases are offered; see the decisions' END
            WHERE id = :gap AND download_status IN ('identified', 'held')
            """
        ),
        {"gap": gap_id, "held": held},
    )


def decision_sample(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """The newest verdicts with their first reason, for the sample table."""
    rows = connection.execute(
        text(
            """
            SELECT m.title AS wanted, r.title AS offered, r.source, d.verdict, d.reasons -> 0 ->> 'evidence' AS reason
            FROM release_decisions d
            JOIN missing_books m ON m.id = d.missing_book_id
            JOIN releases r ON r.id = d.release_id
            ORDER BY d.decided_at DESC, d.id DESC
            LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def count_decisions(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(t.ReleaseDecision)).scalar_one()
